"""A witness cosigns one future of a log, whatever happens to it in between: races, crashes, its own disk, its own clock."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from certchain.errors import CertchainError, CheckpointInvalid, NotConsistent, StorageUnavailable, WitnessConflict
from certchain.keys import KeyPair
from certchain.merkle import leaf_hash
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import Checkpoint
from certchain.models.note import AddCheckpoint
from certchain.roles.witness import Witness, origin_hash
from certchain.storage import DirectoryFileStore, FileStore, MemoryFileStore
from certchain.verification.checkpoint import sign_checkpoint, verify_cosignatures
from tests.faults import Fuse, PowerCut, fused_store
from tests.published import PublishedLog

NAME = "witness.example/one"


@dataclass
class MovedClock:
    """A clock that someone sets."""

    time: int = 1_800_000_000

    def now(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return float(self.time)


@dataclass
class Setting:
    """A log, and a witness that can be started again with what it has kept."""

    log: PublishedLog = field(default_factory=lambda: PublishedLog().append(1000))
    keys: KeyPair = field(default_factory=KeyPair.generate)
    clock: MovedClock = field(default_factory=MovedClock)

    def witness(self, store: FileStore) -> Witness:
        return Witness(NAME, self.keys, {self.log.origin: [self.log.key]}, store, self.clock)

    def time_of(self, request: AddCheckpoint, line: str) -> int:
        (cosignature,) = verify_cosignatures(request.checkpoint + line, {NAME: self.keys.public.signing}, 1)
        return cosignature.at


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_a_witness_that_starts_again_goes_on_where_it_was(setting: Setting, tmp_path: Path) -> None:
    setting.witness(DirectoryFileStore(tmp_path)).add_checkpoint(setting.log.request(0, 600))
    again = setting.witness(DirectoryFileStore(tmp_path))
    with pytest.raises(WitnessConflict) as conflict:
        again.add_checkpoint(setting.log.request(0, 700))
    assert conflict.value.actual_size == 600
    with pytest.raises(NotConsistent):
        again.add_checkpoint(setting.log.twin(500).append(300).request(600, 800))
    again.add_checkpoint(setting.log.request(600, 1000))


@pytest.mark.parametrize("touch", [1, 2])
def test_a_crash_at_the_write_never_lets_two_futures_be_cosigned(setting: Setting, touch: int) -> None:
    """Before it is kept, nothing was given away; after, the witness is bound by what nobody has got yet."""
    store, fuse = MemoryFileStore(), Fuse()
    fuse.arm(touch)
    with pytest.raises(PowerCut):
        setting.witness(fused_store(store, fuse)).add_checkpoint(setting.log.request(0, 600))
    again, fork = setting.witness(store), setting.log.twin(300).append(400)
    if touch == 1:
        again.add_checkpoint(setting.log.request(0, 600))
    with pytest.raises(WitnessConflict):
        again.add_checkpoint(fork.request(0, 700))
    with pytest.raises(NotConsistent):
        again.add_checkpoint(fork.request(600, 700))
    again.add_checkpoint(setting.log.request(600, 600))  # so the log gets what the crash kept from it


@dataclass
class FullDisk(MemoryFileStore):
    """A disk on which nothing more goes."""

    full: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        if self.full:
            raise StorageUnavailable("No space left on device")
        super().write(name, chunks)


def test_what_cannot_be_kept_is_not_cosigned(setting: Setting) -> None:
    store = FullDisk()
    witness = setting.witness(store)
    store.full = True
    with pytest.raises(StorageUnavailable):
        witness.add_checkpoint(setting.log.request(0, 600))
    store.full = False
    witness.add_checkpoint(setting.log.twin(300).append(400).request(0, 700))


def test_of_two_futures_that_race_one_is_cosigned(setting: Setting) -> None:
    """Both fit what the witness has seen; only the first may be said to."""
    witness = setting.witness(MemoryFileStore())
    witness.add_checkpoint(setting.log.request(0, 500))
    futures = [setting.log.twin(500).append(10 + number) for number in range(8)]
    start, answers = threading.Barrier(len(futures)), []

    def ask(future: PublishedLog) -> None:
        request = future.request(500, future.store.size())
        start.wait()
        try:
            answers.append(witness.add_checkpoint(request))
        except CertchainError as error:
            answers.append(type(error))

    threads = [threading.Thread(target=ask, args=(future,)) for future in futures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(futures)
    assert answers.count(WitnessConflict) == len(futures) - 1


def test_two_sizes_of_one_log_that_race_never_roll_the_witness_back(setting: Setting) -> None:
    """C2SP tlog-witness, add-checkpoint: the race that it warns of."""
    witness, sizes = setting.witness(MemoryFileStore()), range(1, 41)
    requests = [setting.log.request(0, size) for size in sizes]
    cosigned: list[int] = []

    def ask(request: AddCheckpoint, size: int) -> None:
        try:
            witness.add_checkpoint(request)
            cosigned.append(size)
        except WitnessConflict:
            pass

    threads = [threading.Thread(target=ask, args=pair) for pair in zip(requests, sizes, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cosigned) == 1
    assert f"\n{cosigned[0]}\n" in witness.checkpoint(origin_hash(setting.log.origin))


def test_a_clock_that_is_set_back_does_not_make_a_later_checkpoint_older(setting: Setting) -> None:
    """A cosignature says that at its time nothing larger had been seen."""
    witness = setting.witness(MemoryFileStore())
    first, second, third = (setting.log.request(old, new) for old, new in ((0, 300), (300, 600), (600, 900)))
    assert setting.time_of(first, witness.add_checkpoint(first)) == 1_800_000_000
    setting.clock.time -= 1000
    assert setting.time_of(second, witness.add_checkpoint(second)) == 1_800_000_000
    setting.clock.time += 5000
    assert setting.time_of(third, witness.add_checkpoint(third)) == 1_800_004_000


def damaged(content: bytes) -> list[bytes]:
    text, gap, lines = content.decode().rpartition("\n\n")
    log_line, _ = lines.splitlines(keepends=True)
    return [
        b"",
        content[:-20],
        b"\xff" * 100,
        content.replace(b"\n600\n", b"\n300\n"),
        f"{text}{gap}{log_line}".encode(),
    ]


@pytest.mark.parametrize("change", range(5))
def test_a_witness_whose_record_was_changed_cosigns_nothing(setting: Setting, change: int) -> None:
    """It would not know what it has promised."""
    store, name = MemoryFileStore(), origin_hash(setting.log.origin)
    witness = setting.witness(store)
    witness.add_checkpoint(setting.log.request(0, 600))
    store.write(name, [damaged(b"".join(store.read(name)))[change]])
    for old in (0, 300, 600):
        with pytest.raises(StorageUnavailable, match="record of the log"):
            witness.add_checkpoint(setting.log.request(old, 900))


def test_when_a_logs_key_changes_its_witness_goes_on_from_what_it_saw_under_the_old_one(setting: Setting) -> None:
    """Told of the new key and no longer of the old one, it still holds the log to what was cosigned before."""
    store = MemoryFileStore()
    setting.witness(store).add_checkpoint(setting.log.request(0, 600))
    old, setting.log = setting.log, PublishedLog(store=setting.log.store)
    again = setting.witness(store)
    with pytest.raises(CheckpointInvalid):
        again.add_checkpoint(old.request(600, 700))
    with pytest.raises(NotConsistent):
        again.add_checkpoint(setting.log.twin(300).append(500).request(600, 800))
    again.add_checkpoint(setting.log.request(600, 800))
    again.add_checkpoint(setting.log.request(800, 1000))


def test_a_log_of_no_entries_is_cosigned_with_the_one_root_that_it_can_have(setting: Setting) -> None:
    witness = setting.witness(MemoryFileStore())
    other = Checkpoint(setting.log.origin, 0, leaf_hash(b""), service_party(ServiceId(1)), Digest(bytes(32)))
    with pytest.raises(NotConsistent):
        witness.add_checkpoint(AddCheckpoint(0, (), sign_checkpoint(other, setting.log.keys)))
    witness.add_checkpoint(setting.log.request(0, 0))


def test_each_log_is_on_its_own(setting: Setting) -> None:
    other = PublishedLog("someone/else").append(50)
    logs = {setting.log.origin: [setting.log.key], other.origin: [other.key]}
    witness = Witness(NAME, setting.keys, logs, MemoryFileStore(), setting.clock)
    witness.add_checkpoint(setting.log.request(0, 600))
    witness.add_checkpoint(other.request(0, 50))
    witness.add_checkpoint(setting.log.request(600, 700))
