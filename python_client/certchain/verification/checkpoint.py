"""Checkpoints: a log's signed word on itself, the witnesses' word on that, and who may believe it."""

from collections.abc import Collection, Mapping

from certchain.encoding.checkpoint import checkpoint_text, parse_checkpoint, parse_checkpoint_body
from certchain.encoding.digest import key_thumbprint
from certchain.encoding.note import (
    cosignature_value,
    cosigned_message,
    key_id,
    parse_cosignature_value,
    parse_note,
    parse_signatures,
    signature_lines,
    signed_note,
)
from certchain.errors import CheckpointInvalid, CosignaturesMissing
from certchain.keys import PrivateKeys
from certchain.models.log import Checkpoint, Cosignature
from certchain.models.note import CheckpointBody, KeyType, NoteKey, NoteSignature
from certchain.models.registration import PublicKeys
from certchain.verification.note import verify_signatures


def sign_checkpoint(checkpoint: Checkpoint, keys: PrivateKeys) -> str:
    """The checkpoint as a signed note; the key's name is the log's origin."""
    text = checkpoint_text(checkpoint)
    key = NoteKey(checkpoint.origin, KeyType.ED25519, keys.public.signing)
    return signed_note(text, [NoteSignature(key.name, key_id(key), keys.sign(text.encode()))])


def verify_checkpoint(note: str, keys: PublicKeys) -> Checkpoint:
    """What the note says, if these keys signed it, whoever else did.

    That the keys are the signer's on the chain is for the caller to compare: by ``thumbprint``. Raises ``CheckpointInvalid``.
    """
    text, _ = parse_note(note)
    checkpoint = parse_checkpoint(text)
    verify_log_checkpoint(note, (NoteKey(checkpoint.origin, KeyType.ED25519, keys.signing),))
    if checkpoint.thumbprint != key_thumbprint(keys):
        raise CheckpointInvalid("it names the thumbprint of other keys")
    return checkpoint


def verify_log_checkpoint(note: str, keys: Collection[NoteKey]) -> CheckpointBody:
    """What the note of any log says, if one of these keys of the log signed it. Raises ``CheckpointInvalid``.

    That the keys are those of the log with this ``origin`` is the caller's to know.
    """
    text, signatures = parse_note(note)
    body = parse_checkpoint_body(text)
    if not verify_signatures(text, signatures, keys):
        raise CheckpointInvalid("it is not signed by the log's key")
    return body


def sign_cosignature(note: str, witness: str, keys: PrivateKeys, at: int) -> str:
    """A witness's signature line for the checkpoint in a note, given at ``at`` (seconds since the epoch); C2SP tlog-cosignature.

    What the witness says by it is for the witness to have checked.
    """
    text, _ = parse_note(note)
    key = NoteKey(witness, KeyType.COSIGNATURE, keys.public.signing)
    value = cosignature_value(at, keys.sign(cosigned_message(text, at)))
    return signature_lines([NoteSignature(witness, key_id(key), value)])


def add_cosignatures(note: str, lines: str, witnesses: Mapping[str, bytes]) -> str:
    """The note with those of a witness's signature lines that are good and from known witnesses; the rest is left out.

    ``witnesses`` are the Ed25519 public keys by name. What the note has already is not added again. Raises
    ``CheckpointInvalid`` when the lines cannot be read, or one of a known witness does not verify.
    """
    text, signatures = parse_note(note)
    keys = _witness_keys(witnesses)
    offered = verify_signatures(text, parse_signatures(lines), keys)
    there = {(signature.name, signature.key_id) for signature in signatures}
    added = [signature for signature in offered.values() if (signature.name, signature.key_id) not in there]
    return signed_note(text, (*signatures, *added))


def verify_cosignatures(note: str, witnesses: Mapping[str, bytes], quorum: int) -> tuple[Cosignature, ...]:
    """The good cosignatures of known witnesses, ``quorum`` of them or more; a witness counts once.

    ``witnesses`` are the Ed25519 public keys by name. Raises ``CosignaturesMissing``, or ``CheckpointInvalid`` when a line of a
    known witness does not verify. The log's own signature is another question: ``verify_checkpoint``.
    """
    text, signatures = parse_note(note)
    found = verify_signatures(text, signatures, _witness_keys(witnesses))
    # One key under two names is one witness: the message does not name who signed it.
    if len({key.value for key in found}) < quorum:
        raise CosignaturesMissing(len({key.value for key in found}), quorum)
    times = ((key.name, parse_cosignature_value(signature.signature)[0]) for key, signature in found.items())
    return tuple(Cosignature(name, at) for name, at in times)


def _witness_keys(witnesses: Mapping[str, bytes]) -> tuple[NoteKey, ...]:
    return tuple(NoteKey(name, KeyType.COSIGNATURE, value) for name, value in witnesses.items())
