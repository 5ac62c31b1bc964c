"""Whatever comes out of a verified log is of the tree that was asked for, whoever it came from."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certchain.errors import CertchainError, MalformedMessage, TileInvalid, UnknownTile
from certchain.log.verified import VerifiedLog
from certchain.merkle import tile_width, tree_root
from certchain.models.digest import Digest
from certchain.models.log import TILE_WIDTH
from tests.published import PublishedLog

SIZE = 256 * 256 + 256 + 44
LOG = PublishedLog().append(SIZE + 500)
ROOT = tree_root(LOG, SIZE)


@dataclass
class Tampered:
    """A source that changes a byte of one row, or gives less, or none."""

    level: int | str
    index: int
    change: str = "byte"
    asked: list[tuple[int | str, int, int]] = field(default_factory=list)

    def checkpoint(self) -> str:
        return LOG.checkpoint()

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._changed(level, index, width, LOG.tile(level, index, width))

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._changed("entries", index, width, LOG.bundle(index, width))

    def _changed(self, level: int | str, index: int, width: int, row: bytes) -> bytes:
        self.asked.append((level, index, width))
        if (level, index) != (self.level, self.index):
            return row
        if self.change == "none":
            raise UnknownTile(str(level), index, width)
        middle = len(row) // 2
        return row[:-7] if self.change == "shorter" else row[:middle] + bytes([row[middle] ^ 1]) + row[middle + 1 :]


def verified(*sources: object, size: int = SIZE, root: Digest = ROOT) -> VerifiedLog:
    return VerifiedLog(sources, size, root)  # type: ignore[arg-type]


SOME = (0, 1, 2, 3, 4, 5, 6, 255, 256, 257)


def everything(log: VerifiedLog, size: int = SIZE, indices: Iterable[int] = SOME) -> None:
    """Reads tiles and bundles of the tree, and compares them with the log's."""
    for level in (2, 1, 0):
        for index in indices:
            if width := tile_width(level, index, size):
                assert log.tile(level, index, width) == LOG.tile(level, index, width)
                if level == 0:
                    assert log.bundle(index, width) == LOG.bundle(index, width)


def test_an_honest_source_is_read_to_the_last_leaf() -> None:
    everything(verified(LOG), indices=range(300))


PLACES = [
    (0, 0),
    (0, 255),
    (0, 256),
    (0, 257),
    (1, 0),
    (1, 1),
    (2, 0),
    ("entries", 0),
    ("entries", 256),
    ("entries", 257),
]


@pytest.mark.parametrize("change", ["byte", "shorter", "none"])
@pytest.mark.parametrize("place", PLACES)
def test_a_row_that_was_changed_is_found_wherever_it_is(place: tuple[int | str, int], change: str) -> None:
    """At the right edge, below a full tile, or among the leaves."""
    with pytest.raises((TileInvalid, MalformedMessage, UnknownTile)):
        everything(verified(Tampered(*place, change)))


@pytest.mark.parametrize("change", ["byte", "shorter", "none"])
@pytest.mark.parametrize("place", PLACES)
def test_another_source_steps_in_for_a_row_that_was_changed(place: tuple[int | str, int], change: str) -> None:
    everything(verified(Tampered(*place, change), LOG))


def test_the_first_source_is_asked_first_and_the_next_only_for_what_it_lacks() -> None:
    first, second = Tampered(0, 5), Tampered(9, 9)
    everything(verified(first, second))
    assert second.asked == [(0, 5, 256)]


def test_a_source_of_another_log_is_refused_at_once() -> None:
    other = PublishedLog().append(SIZE)
    with pytest.raises(TileInvalid, match="row of partial tiles"):
        verified(other)
    with pytest.raises(TileInvalid):
        verified(LOG, size=SIZE - 1)


def test_a_root_of_another_size_is_refused() -> None:
    with pytest.raises(TileInvalid):
        verified(LOG, size=SIZE, root=tree_root(LOG, SIZE + 1))


@pytest.mark.parametrize("place", [(0, 258, 1), (0, 257, 45), (0, 257, 0), (0, -1, 1), (3, 0, 1), (0, 0, 257)])
def test_what_is_beyond_the_tree_is_not_there(place: tuple[int, int, int]) -> None:
    with pytest.raises(UnknownTile):
        verified(LOG).tile(*place)
    if place[0] == 0:
        with pytest.raises(UnknownTile):
            verified(LOG).bundle(*place[1:])


def test_the_empty_log_has_nothing_to_read() -> None:
    empty = verified(LOG, size=0, root=tree_root(LOG, 0))
    assert tree_root(empty, 0) == tree_root(LOG, 0)
    with pytest.raises(TileInvalid):
        verified(LOG, size=0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1500), st.data())
def test_roots_of_every_smaller_size_come_out_of_a_verified_log(size: int, data: st.DataObject) -> None:
    """So its consistency with what was seen before needs no proof from anyone."""
    old = data.draw(st.integers(0, size))
    assert tree_root(verified(LOG, size=size, root=tree_root(LOG, size)), old) == tree_root(LOG, old)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 1500), st.sampled_from([0, 1, "entries"]), st.integers(0, 6), st.sampled_from(["byte", "shorter"])
)
def test_no_tampered_row_gets_through_at_any_size(size: int, level: int | str, index: int, change: str) -> None:
    """Either it is refused, or it was not of this tree at all, or its change was beyond what is read of it."""
    source = Tampered(level, index, change)
    try:
        everything(verified(source, size=size, root=tree_root(LOG, size)), size)
    except CertchainError:
        assert (level, index) in {asked[:2] for asked in source.asked}
