"""What a log and a witness say to each other (C2SP tlog-witness): the request to add a checkpoint, and a size that is another.

The answer to the request is signature lines: ``encoding.note.parse_signatures`` reads them.
"""

import re

from certchain.encoding.base_64 import hash_from_base64, to_base64
from certchain.encoding.checkpoint import MOST_ENTRIES
from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.note import AddCheckpoint

MOST_HASHES = 63
_SIZE = r"0|[1-9][0-9]{0,18}"
_REQUEST = re.compile(rf"old ({_SIZE})\n((?:[A-Za-z0-9+/=]+\n)*)\n(.+)", re.DOTALL)
_SIZE_LINE = re.compile(rf"({_SIZE})\n")


def add_checkpoint_text(request: AddCheckpoint) -> str:
    """The request: the old size, the consistency path, an empty line, the note. Raises ``MalformedValue`` for a longer path."""
    if len(request.path) > MOST_HASHES:
        raise MalformedValue("path", f"it has {len(request.path)} hashes, and {MOST_HASHES} is the most")
    path = "".join(f"{to_base64(node.value)}\n" for node in request.path)
    return f"old {request.old_size}\n{path}\n{request.checkpoint}"


def parse_add_checkpoint(text: str) -> AddCheckpoint:
    """Reads what ``add_checkpoint_text`` wrote; the note in it is for ``verify_log_checkpoint``. Raises ``MalformedMessage``."""
    found = _REQUEST.fullmatch(text)
    if found is None:
        raise MalformedMessage("it is not an old size, a consistency path and a checkpoint")
    lines = found[2].split("\n")[:-1]
    if len(lines) > MOST_HASHES:
        raise MalformedMessage(f"its path has more than {MOST_HASHES} hashes")
    return AddCheckpoint(_size(found[1]), tuple(hash_from_base64(line) for line in lines), found[3])


def size_line(size: int) -> str:
    """A witness's answer to a request that begins elsewhere: the size that it has seen."""
    return f"{size}\n"


def parse_size_line(text: str) -> int:
    """Reads what ``size_line`` wrote. Raises ``MalformedMessage``."""
    found = _SIZE_LINE.fullmatch(text)
    if found is None:
        raise MalformedMessage("it is not a size")
    return _size(found[1])


def _size(text: str) -> int:
    size = int(text)
    if size > MOST_ENTRIES:
        raise MalformedMessage("the size is above 2^63 - 1")
    return size
