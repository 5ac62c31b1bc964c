"""Checkpoints: the certification server's signed word on the log, and who may believe it."""

from certchain.encoding.digest import key_thumbprint
from certchain.encoding.note import NoteSignature, checkpoint_text, key_id, parse_checkpoint, parse_note, signed_note
from certchain.errors import CheckpointInvalid, SignatureInvalid
from certchain.keys import KeyPair, verify_signature
from certchain.models.log import Checkpoint
from certchain.models.registration import PublicKeys


def sign_checkpoint(checkpoint: Checkpoint, keys: KeyPair) -> str:
    """The checkpoint as a signed note; the key's name is the log's origin."""
    text, name = checkpoint_text(checkpoint), checkpoint.origin
    signature = NoteSignature(name, key_id(name, keys.public.signing), keys.sign(text.encode()))
    return signed_note(text, signature)


def verify_checkpoint(note: str, keys: PublicKeys) -> Checkpoint:
    """What the note says, if these keys signed it and no one else is said to have.

    That the keys are the signer's on the chain is for the caller to compare: by ``thumbprint``. Raises ``CheckpointInvalid``.
    """
    text, signatures = parse_note(note)
    checkpoint = parse_checkpoint(text)
    expected = (checkpoint.origin, key_id(checkpoint.origin, keys.signing))
    if [(signature.name, signature.key_id) for signature in signatures] != [expected]:
        raise CheckpointInvalid("it is signed by another key, or by more than one")
    if checkpoint.thumbprint != key_thumbprint(keys):
        raise CheckpointInvalid("it names the thumbprint of other keys")
    try:
        verify_signature(keys.signing, text.encode(), signatures[0].signature, str(checkpoint.signer))
    except SignatureInvalid as problem:
        raise CheckpointInvalid("its signature does not verify") from problem
    return checkpoint
