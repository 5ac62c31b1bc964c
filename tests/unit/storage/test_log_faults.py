"""Whatever a disk does, at whatever moment: what was acknowledged is there, and a group is there whole or not at all."""

import errno
import os
import random
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certchain.errors import AppendUncertain, StorageUnavailable
from certchain.merkle import CompactRange, tree_root
from certchain.models.digest import Digest
from certchain.models.log import SealedEntry
from certchain.storage import SegmentLogStore
from certchain.storage.log.disk import Disk, File
from tests.faults import Fuse, PowerCut
from tests.faulty_disk import FaultyDisk
from tests.log_entries import group, leaf_hashes

GROUPS = (3, 1, 9, 2, 7, 1)
"""Over several segments and marks."""
A_TILE = 250
"""What comes before, so that the groups go over the edge of a tile."""


def failing(number: int) -> Callable[[], OSError]:
    return lambda: OSError(number, os.strerror(number))


FULL, BROKEN = failing(errno.ENOSPC), failing(errno.EIO)


@dataclass
class Centre:
    """A certification centre's machine: the disk of a log, and who remembers what was acknowledged."""

    folder: Path
    fuse: Fuse
    disk: FaultyDisk = field(init=False)
    acknowledged: list[SealedEntry] = field(default_factory=list)
    asked: list[SealedEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.disk = FaultyDisk(self.fuse)

    def open(self) -> SegmentLogStore:
        return SegmentLogStore(self.folder, write=True, disk=self.disk, segment_bytes=2000, mark_every=4)

    def append(self, store: SegmentLogStore, count: int) -> None:
        self.asked = group(store.size(), count, 150)
        store.append(self.asked, leaf_hashes(self.asked))
        self.acknowledged += self.asked

    def live(self) -> None:
        """A day of the log: opened, written, closed, opened and written again."""
        for day in (GROUPS[:4], GROUPS[4:]):
            with closing(self.open()) as store:
                for count in day:
                    self.append(store, count)

    def prepare(self) -> None:
        """Begins the log without a fault."""
        with closing(self.open()) as store:
            self.append(store, A_TILE)
        self.fuse.touches = 0

    def restart(self) -> None:
        """The machine works again; what the log may hold beside the acknowledged is the group that was under way."""
        self.disk = FaultyDisk()
        with closing(self.open()) as store:
            require_entries(store, (self.acknowledged, self.acknowledged + self.asked))
            self.acknowledged = list(store.entries(0, store.size()))
            self.append(store, 2)
        with closing(self.open()) as store:
            require_entries(store, (self.acknowledged,))
            require_tree(store)


def require_entries(store: SegmentLogStore, possible: tuple[list[SealedEntry], ...]) -> None:
    assert list(store.entries(0, store.size() + 10)) in possible


def require_tree(store: SegmentLogStore) -> None:
    found = list(store.entries(0, store.size()))
    assert tree_root(store, len(found)) == CompactRange(map(Digest, leaf_hashes(found))).root()


def moments(folder: Path, fault: Callable[[], BaseException]) -> Iterator[Centre]:
    """A centre for every moment at which a fault can come in a day; every other log has a tile already."""
    counted = Centre(folder / "whole", Fuse())
    counted.live()
    for moment in range(1, counted.fuse.touches + 1):
        centre = Centre(folder / f"at-{moment}", Fuse(fault))
        if moment % 2:
            centre.prepare()
        centre.fuse.arm(moment)
        yield centre


def test_a_process_killed_at_any_moment_loses_nothing_acknowledged(tmp_path: Path) -> None:
    for centre in moments(tmp_path, PowerCut):
        with pytest.raises(PowerCut):
            centre.live()
        centre.restart()


@pytest.mark.parametrize("seed", range(2))
def test_a_power_cut_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    """Of what was not synced, the disk has any part."""
    for moment, centre in enumerate(moments(tmp_path, PowerCut)):
        with pytest.raises(PowerCut):
            centre.live()
        centre.disk.lose_power(random.Random(1000 * moment + seed))
        centre.restart()


@pytest.mark.parametrize("fault", [FULL, BROKEN], ids=["full", "broken"])
def test_a_disk_that_fails_once_at_any_moment_is_told_of_and_leaves_no_half_group(
    tmp_path: Path, fault: Callable[[], OSError]
) -> None:
    """The store goes on, or refuses until it is opened again; what was refused is not there after either."""
    for centre in moments(tmp_path, fault):
        for _ in range(3):
            with suppress(StorageUnavailable), closing(centre.open()) as store:
                for count in GROUPS:
                    with suppress(StorageUnavailable):
                        centre.append(store, count)
                require_entries(store, (centre.acknowledged,))
        assert centre.fuse.disarm()
        centre.asked = []
        centre.restart()


def test_a_full_disk_refuses_and_loses_nothing_and_is_used_again_when_there_is_room(tmp_path: Path) -> None:
    centre = Centre(tmp_path / "log", Fuse())
    with closing(centre.open()) as store:
        centre.append(store, 3)
        for _ in range(5):
            centre.disk.full = True
            with pytest.raises(StorageUnavailable, match="No space left on device"):
                centre.append(store, 5)
            require_entries(store, (centre.acknowledged,))
            centre.disk.full = False
            centre.append(store, 5)
    centre.asked = []
    centre.restart()


def test_after_a_sync_that_failed_the_log_has_to_be_opened_again(tmp_path: Path) -> None:
    """The page cache may show what the disk has not got: only opening, which writes the tail once more, clears that up."""
    centre = Centre(tmp_path / "log", Fuse(BROKEN))
    with closing(centre.open()) as store:
        centre.append(store, 3)
        centre.disk.do, working = _fail_syncs(centre.disk), centre.disk.do  # type: ignore[method-assign]
        with pytest.raises(AppendUncertain, match="Input/output error"):
            centre.append(store, 1)
        centre.disk.do = working  # type: ignore[method-assign]
        with pytest.raises(StorageUnavailable, match="opened again"):
            centre.append(store, 1)
        require_entries(store, (centre.acknowledged,))
    centre.asked = []
    centre.restart()


@pytest.mark.parametrize("power_cut", [False, True])
@pytest.mark.parametrize("moment", range(1, 25))
def test_after_an_error_that_lasts_what_is_said_not_to_be_in_the_log_is_not(
    tmp_path: Path, moment: int, power_cut: bool
) -> None:
    """When the group cannot be taken out again either, that is said: it is there after opening, or not."""
    centre = Centre(tmp_path / "log", Fuse())
    centre.prepare()
    store = centre.open()
    lasting = _Lasting(centre.disk, moment)
    centre.disk.do = lasting  # type: ignore[method-assign]
    uncertain = False
    for count in GROUPS:
        try:
            centre.append(store, count)
        except AppendUncertain:
            uncertain = True
            break
        except StorageUnavailable:
            break
    with pytest.raises(StorageUnavailable):
        store.append(*_next(store))
    require_entries(store, (centre.acknowledged,))
    store.close()
    if power_cut:
        centre.disk.lose_power(random.Random(moment))
    centre.asked = centre.asked if uncertain else []
    centre.restart()


def test_a_group_that_could_not_be_taken_out_again_is_there_when_the_log_is_opened_again(tmp_path: Path) -> None:
    """So nobody may be told that it is not."""
    centre = Centre(tmp_path / "log", Fuse())
    with closing(centre.open()) as store:
        centre.append(store, 3)
        centre.disk.do = _Lasting(centre.disk, 5)  # type: ignore[method-assign]
        with pytest.raises(AppendUncertain, match="Input/output error"):
            centre.append(store, 1)
    centre.disk = FaultyDisk()
    with closing(centre.open()) as store:
        require_entries(store, (centre.acknowledged + centre.asked,))


class _NotingDisk(Disk):
    """Notes which of a journal's files was written and which was synced, in order."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def writable(self, path: Path) -> File:
        return _NotingFile(path, self.noted)


class _NotingFile(File):
    def __init__(self, path: Path, noted: list[str]) -> None:
        super().__init__(path, os.O_RDWR | os.O_CREAT)
        self.noted, self.kind = noted, path.name.partition("-")[0]

    def write(self, at: int, data: bytes) -> None:
        self.noted.append(f"{self.kind} written")
        super().write(at, data)

    def sync(self) -> None:
        self.noted.append(f"{self.kind} synced")
        super().sync()


@pytest.mark.parametrize(("spoiled", "right"), [("journal", "twin"), ("twin", "journal")])
def test_the_file_that_lacks_something_is_mended_and_synced_before_the_other_is_touched(
    tmp_path: Path, spoiled: str, right: str
) -> None:
    """A power cut while a file is written over may take what it had: there is always one that has it all."""
    centre = Centre(tmp_path / "log", Fuse())
    with closing(centre.open()) as store:
        for count in (1, 2, 1):
            centre.append(store, count)
    (centre.folder / "synced").unlink()
    path = centre.folder / f"{spoiled}-{0:020d}"
    path.write_bytes(path.read_bytes()[:-5])
    disk = _NotingDisk()
    SegmentLogStore(centre.folder, write=True, disk=disk).close()

    steps = [step for step in disk.noted if step.startswith((spoiled, right))]
    synced = steps.index(f"{spoiled} synced")
    assert set(steps[:synced]) == {f"{spoiled} written"}
    assert f"{right} written" in steps[synced:]
    assert steps[-1] == f"{right} synced"


def _next(store: SegmentLogStore) -> tuple[list[SealedEntry], list[bytes]]:
    entries = group(store.size(), 1)
    return entries, leaf_hashes(entries)


class _Lasting:
    """From so many writes, syncs and cuts on, nothing works any more."""

    def __init__(self, disk: FaultyDisk, left: int) -> None:
        self.working, self.left = disk.do, left

    def __call__(self, action: Callable[[], object], *, growing: bool = False) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.working(action, growing=growing)


def _fail_syncs(disk: FaultyDisk) -> Callable[..., None]:
    working = disk.do

    def do(action: Callable[[], object], *, growing: bool = False) -> None:
        if getattr(action, "__name__", "") == "_settle":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        working(action, growing=growing)

    return do


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_one_power_cut_after_another_loses_nothing_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Also while the log is being mended after the one before."""
    chance = random.Random(seed)
    centre = Centre(tmp_path_factory.mktemp("log") / "log", Fuse())
    for _ in range(chance.randint(1, 6)):
        centre.disk = FaultyDisk(centre.fuse)
        centre.fuse.arm(chance.randint(1, 120))
        with suppress(PowerCut):
            work(centre, chance)
        if chance.random() < 0.7:
            centre.disk.lose_power(chance)
        centre.fuse.disarm()
    centre.restart()


def work(centre: Centre, chance: random.Random) -> None:
    """Opens the log, and appends until something happens."""
    with closing(centre.open()) as store:
        require_entries(store, (centre.acknowledged, centre.acknowledged + centre.asked))
        centre.acknowledged, centre.asked = list(store.entries(0, store.size())), []
        for _ in range(chance.randint(0, 8)):
            centre.append(store, chance.choice(GROUPS))
