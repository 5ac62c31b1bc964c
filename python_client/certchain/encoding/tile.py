"""Where tiles and entry bundles are served, and what is in a bundle (C2SP tlog-tiles)."""

import re
import struct
from collections.abc import Iterable
from typing import Literal

from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.log import TILE_WIDTH

ENTRIES: Literal["entries"] = "entries"
TileLevel = int | Literal["entries"]
"""A level of the tree, 0 to 63, or the bundles of the leaves themselves."""

_LENGTH = struct.Struct(">H")
_LONGEST_LEAF = 0xFFFF
_LAST_LEVEL = 63
_GROUPS = 6  # of three digits: more tiles than a log of 2^64 entries has
_PATH = re.compile(
    rf"tile/(entries|[0-9]{{1,2}})/((?:x[0-9]{{3}}/){{0,{_GROUPS - 1}}}[0-9]{{3}})(?:\.p/([0-9]{{1,3}}))?"
)


def tile_path(level: TileLevel, index: int, width: int = TILE_WIDTH) -> str:
    """The tile's path below the log's address: ``tile/0/x001/x234/067``, with ``.p/<width>`` for a partial one.

    Raises ``MalformedValue`` for a tile that no log can have.
    """
    known = level == ENTRIES or 0 <= int(level) <= _LAST_LEVEL
    if not (known and 0 <= index < 1000**_GROUPS and 0 < width <= TILE_WIDTH):
        raise MalformedValue("tile", "level, index or width is out of range")
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def parse_tile_path(path: str) -> tuple[TileLevel, int, int]:
    """Level, index and width from a path, exactly as ``tile_path`` writes it. Raises ``MalformedValue``."""
    found = _PATH.fullmatch(path)
    if found is not None:
        level = ENTRIES if found[1] == ENTRIES else int(found[1])
        index = int(found[2].replace("/", "").replace("x", ""))
        width = TILE_WIDTH if found[3] is None else int(found[3])
        if tile_path(level, index, width) == path:
            return level, index, width
    raise MalformedValue("tile path", "it is not tile/<level>/<index>[.p/<width>]")


def bundle(leaves: Iterable[bytes]) -> bytes:
    """An entry bundle: each leaf behind its length in two bytes, big-endian. Raises ``MalformedValue`` for one above 65,535."""
    parts = []
    for leaf in leaves:
        if len(leaf) > _LONGEST_LEAF:
            raise MalformedValue("leaf", f"it has {len(leaf)} bytes, and {_LONGEST_LEAF} is the most")
        parts += [_LENGTH.pack(len(leaf)), leaf]
    return b"".join(parts)


def parse_bundle(data: bytes) -> tuple[bytes, ...]:
    """The leaves of an entry bundle. Raises ``MalformedMessage`` when it ends within one, or has more than a tile is wide."""
    leaves: list[bytes] = []
    at, end = 0, len(data)
    while at < end and len(leaves) < TILE_WIDTH:
        begin = at + _LENGTH.size
        at = begin + int.from_bytes(data[at:begin])
        leaves.append(data[begin:at])
    if at != end:
        raise MalformedMessage("the entry bundle ends within an entry, or has too many")
    return tuple(leaves)
