"""Checkpoints as text (C2SP tlog-checkpoint, v1): origin, size, root in base64, extension lines.

Ours have one extension line, ``signer <party> <thumbprint>``, so that the signature covers who signed and both of the signer's
public keys. Other logs' have none, or others; a witness reads them all.
"""

import re

from certchain.encoding.base_64 import hash_from_base64, to_base64
from certchain.errors import CheckpointInvalid, MalformedMessage, MalformedValue
from certchain.models.digest import Digest
from certchain.models.identifier import Party, PartyKind
from certchain.models.log import Checkpoint
from certchain.models.note import CheckpointBody

MOST_ENTRIES = 2**63 - 1
_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/=]+)\n((?:[^\n]+\n)*)")
_SIGNER = re.compile(r"signer (?P<kind>[a-z-]+) (?P<number>[1-9][0-9]{0,18}) (?P<thumbprint>\S+)")
_NAME = re.compile(r"[!-*,-~]+")


def log_origin(network: bytes) -> str:
    """What a network's login log is called: ``certchain/<network in hex>/login-log``."""
    return f"certchain/{network.hex()}/login-log"


def checkpoint_body_text(body: CheckpointBody) -> str:
    """The lines that are signed, each with its line end."""
    lines = (body.origin, str(body.size), to_base64(body.root.value), *body.extensions)
    return "".join(f"{line}\n" for line in lines)


def parse_checkpoint_body(text: str) -> CheckpointBody:
    """Reads any log's checkpoint. Raises ``CheckpointInvalid``."""
    found = _BODY.fullmatch(text)
    try:
        if found is None or int(found[2]) > MOST_ENTRIES:
            raise CheckpointInvalid("its text is not origin, size and root")
        extensions = tuple(found[4].split("\n")[:-1])
        return CheckpointBody(found[1], int(found[2]), hash_from_base64(found[3]), extensions)
    except MalformedMessage:
        raise CheckpointInvalid("its root cannot be read") from None


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The four lines of one of our checkpoints."""
    signer = f"signer {checkpoint.signer} {checkpoint.thumbprint}"
    return checkpoint_body_text(CheckpointBody(checkpoint.origin, checkpoint.size, checkpoint.root, (signer,)))


def parse_checkpoint(text: str) -> Checkpoint:
    """Reads what ``checkpoint_text`` wrote. Raises ``CheckpointInvalid`` for anything else."""
    body = parse_checkpoint_body(text)
    signer = _SIGNER.fullmatch(body.extensions[0]) if len(body.extensions) == 1 else None
    if signer is None or not _NAME.fullmatch(body.origin):
        raise CheckpointInvalid("its text is not origin, size, root and signer")
    try:
        party = Party(PartyKind(signer["kind"]), int(signer["number"]))
        return Checkpoint(body.origin, body.size, body.root, party, Digest.parse(signer["thumbprint"]))
    except (MalformedValue, ValueError):
        raise CheckpointInvalid("its signer cannot be read") from None
