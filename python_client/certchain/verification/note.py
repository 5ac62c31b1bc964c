"""Who signed a note: its signatures by known keys, every one of which has to be good."""

from collections.abc import Collection, Sequence

from certchain.encoding.note import cosigned_message, key_id, parse_cosignature_value
from certchain.errors import CheckpointInvalid, SignatureInvalid
from certchain.keys import verify_signature
from certchain.models.note import KeyType, NoteKey, NoteSignature


def verify_signatures(
    text: str, signatures: Sequence[NoteSignature], keys: Collection[NoteKey]
) -> dict[NoteKey, NoteSignature]:
    """The good signatures over a text by keys that are known, the first of each; others are ignored (C2SP signed-note).

    Raises ``CheckpointInvalid`` when a line bears the name and id of a known key, and does not verify.
    """
    known = {(key.name, key_id(key)): key for key in keys}
    found: dict[NoteKey, NoteSignature] = {}
    for signature in signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            _verify(text, signature, key)
            found.setdefault(key, signature)
    return found


def _verify(text: str, signature: NoteSignature, key: NoteKey) -> None:
    message, value = text.encode(), signature.signature
    if key.type is KeyType.COSIGNATURE:
        at, value = parse_cosignature_value(value)
        message = cosigned_message(text, at)
    try:
        verify_signature(key.value, message, value, key.name)
    except SignatureInvalid as problem:
        raise CheckpointInvalid(f"the signature of {key.name} does not verify") from problem
