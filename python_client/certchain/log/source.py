"""Where a log can be read: its public part from anyone who has it, its entries from those who may see them."""

from typing import Protocol

from certchain.merkle import TileReader
from certchain.models.log import TILE_WIDTH, LoggedEntry


class LogSource(TileReader, Protocol):
    """A log's public part (C2SP tlog-tiles), as far as its checkpoint goes.

    Nothing that it gives is believed: leaves are checked against tiles, tiles against roots, the checkpoint by its signature.
    """

    def checkpoint(self) -> str:
        """The newest checkpoint, a C2SP signed note. Raises ``UnknownRecord`` before the first."""
        ...

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        """The first ``width`` leaves of an entry bundle. Raises ``UnknownTile``."""
        ...


class EntrySource(Protocol):
    """A log's entries with what they say, for those who may read it."""

    def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
        """Entries from index ``first`` on, at most ``limit``, a body ``None`` where it was erased; none past the end."""
        ...
