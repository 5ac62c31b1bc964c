"""``kill -9`` at random moments under load, a full disk, a chain that comes and goes: the log has what it acknowledged, once, in order."""

import logging
import os
import random
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from certchain.config import SystemClock
from certchain.encoding.leaf import leaf_bytes
from certchain.errors import Unavailable
from certchain.keys import KeyPair, SealingKey
from certchain.ledger import LogLedger
from certchain.ledger.chain import ChainLedger, Connection, FileOutbox, SendingPolicy, deploy, fund
from certchain.ledger.deployment import Deployment
from certchain.ledger.node import LocalNode, Program, free_port, start_node
from certchain.log import KeeperPolicy, LogEngine, LogReader, LogWriter
from certchain.merkle import CompactRange, inclusion_proofs, leaf_hash, tree_root, verify_inclusion
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import LoggedEntry, LogMode, SealedEntry
from certchain.storage import MemoryFileStore, MemorySubjectKeys, SegmentLogStore, SqlSubjectKeys, open_log_store
from certchain.verification.statement import Identity
from tests.logbook import leaf_hashes, login, on_chain
from tests.world import require_program

ORIGIN = "certification.example/log"
CYCLES = 200
WRITERS = 8
LONGEST_LIFE = 0.2
"""Seconds; the shorter lives end while the log is being opened."""
# Newer Pythons warn of a fork beside threads, which a test run of several workers always has: the child touches nothing of theirs.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
_log = logging.getLogger(__name__)
_ACKNOWLEDGEMENT = struct.Struct(">Q16s")


@dataclass
class Machine:
    """A certification centre's machine: what is on its disk, and what its processes acknowledged, by index, before each was killed."""

    folder: Path
    sealing_key: SealingKey = field(default_factory=SealingKey.generate)
    acknowledged: dict[int, bytes] = field(default_factory=dict)
    size: int = 0

    def store(self) -> SegmentLogStore:
        """Small segments and frequent marks, so that every kind of moment comes often."""
        return SegmentLogStore(self.folder / "log", write=True, segment_bytes=200_000, mark_every=700)

    def keys(self) -> SqlSubjectKeys:
        return SqlSubjectKeys(self.folder / "keys.db", self.sealing_key)

    def live(self, chance: random.Random) -> None:
        """A process writes the log from several threads, and is killed."""
        reading, writing = os.pipe()
        process = self.start(writing)
        os.close(writing)
        told = told_until(reading, time.monotonic() + chance.uniform(0, LONGEST_LIFE))
        os.kill(process, signal.SIGKILL)
        told += told_until(reading, None)
        os.close(reading)
        assert os.WIFSIGNALED(os.waitpid(process, 0)[1]), "the process ended by itself"
        whole = len(told) // _ACKNOWLEDGEMENT.size * _ACKNOWLEDGEMENT.size  # of the last one, the kill may leave a part
        for index, session in _ACKNOWLEDGEMENT.iter_unpack(told[:whole]):
            assert self.acknowledged.setdefault(index, session) == session, f"entry {index} was acknowledged twice"

    def start(self, told: int) -> int:
        """A process of its own for ``write``; from a warm parent, it is there in milliseconds."""
        process = os.fork()
        if not process:
            with suppress(BaseException):
                self.write(told)
            os._exit(1)  # what a failure in there comes to: the parent takes it for one
        return process

    def write(self, told: int) -> None:
        """In the process: logins without end, each told of when it is acknowledged."""
        writer = LogWriter(self.store(), self.keys(), ORIGIN, SystemClock())

        def record() -> None:
            with suppress(BaseException):
                while True:
                    entry = login(random.randrange(20))
                    index = writer.record(entry)
                    os.write(told, _ACKNOWLEDGEMENT.pack(index, entry.session or b""))
            os._exit(1)

        threads = [threading.Thread(target=record) for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def examine(self, first: int) -> None:
        """Opens the log as a new process would, and checks it from an entry on."""
        with closing(self.store()) as store, closing(self.keys()) as keys:
            size = store.size()
            assert size >= self.size, "the log has become shorter"
            require_order(store.entries(first, size), first)
            logged = LogReader(store, keys, ORIGIN).entries(first, size)
            wanted = [index for index in self.acknowledged if index >= first]
            assert max(wanted, default=-1) < size, "an entry that was acknowledged is missing"
            for index in wanted:
                assert session_of(logged[index - first]) == self.acknowledged[index]
            require_inclusion(store, {index: logged[index - first] for index in wanted}, size)
            self.size = size


def told_until(pipe: int, deadline: float | None) -> bytes:
    """What comes out of a pipe until then, or until nobody can write into it."""
    parts = []
    while deadline is None or time.monotonic() < deadline:
        patience = None if deadline is None else max(0.0, deadline - time.monotonic())
        if select.select([pipe], [], [], patience)[0]:
            parts.append(os.read(pipe, 65_536))
            if not parts[-1]:
                break
    return b"".join(parts)


def session_of(logged: LoggedEntry) -> bytes:
    assert logged.body is not None
    assert isinstance(logged.body.entry, LoginEntry)
    return logged.body.entry.session or b""


def require_order(entries: tuple[SealedEntry, ...], first: int) -> None:
    leaves = [entry.leaf for entry in entries]
    assert [leaf.index for leaf in leaves] == list(range(first, first + len(entries)))
    assert [leaf.at for leaf in leaves] == sorted(leaf.at for leaf in leaves)


def require_inclusion(store: SegmentLogStore, logged: dict[int, LoggedEntry], size: int) -> None:
    """Each is proven from the tiles to the root."""
    root = tree_root(store, size)
    for entry, proof in zip(logged.values(), inclusion_proofs(store, tuple(logged), size), strict=True):
        verify_inclusion(leaf_hash(leaf_bytes(entry.leaf)), proof, root)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_process_killed_two_hundred_times_under_load_loses_nothing_acknowledged(machine: Machine) -> None:
    """After each kill every entry that was acknowledged is there, at its index, and proven; in the end once more, all of them."""
    chance = random.Random(4)
    productive = 0
    for _ in range(CYCLES):
        before, told = machine.size, len(machine.acknowledged)
        machine.live(chance)
        machine.examine(before)
        productive += len(machine.acknowledged) > told

    machine.examine(0)
    assert productive > CYCLES // 3, "the load was too small to say anything"
    with closing(machine.store()) as store, closing(machine.keys()) as keys:
        logged = LogReader(store, keys, ORIGIN).entries(0, machine.size)
        sessions = [session_of(entry) for entry in logged]
        assert len(set(sessions)) == len(sessions), "an entry is there twice"
        hashes = [leaf_hash(leaf_bytes(entry.leaf)) for entry in logged]
        assert tree_root(store, machine.size) == CompactRange(hashes).root()
    acknowledged = len(machine.acknowledged)
    _log.info("%d of %d processes acknowledged %d entries of %d", productive, CYCLES, acknowledged, machine.size)


def test_a_reader_in_another_process_sees_whole_groups_of_one_log_whoever_is_killed(machine: Machine) -> None:
    """It stays while ten writers come and go: its size never falls, and what it saw stays as it was."""
    machine.store().close()
    nobody = os.open(os.devnull, os.O_WRONLY)
    with closing(open_log_store(machine.folder / "log", write=False)) as reader:
        seen = {0: tree_root(reader, 0)}
        for _ in range(10):
            process = machine.start(nobody)
            deadline = time.monotonic() + 0.3
            while time.monotonic() < deadline:
                follow(reader, seen)
            os.kill(process, signal.SIGKILL)
            assert os.WIFSIGNALED(os.waitpid(process, 0)[1]), "the process ended by itself"
        assert len(seen) > 10
        assert {size: tree_root(reader, size) for size in seen} == seen
    os.close(nobody)


def follow(reader: SegmentLogStore, seen: dict[int, Digest]) -> None:
    size, known = reader.size(), max(seen)
    assert size >= known
    require_order(reader.entries(known, size - known), known)
    assert len(reader.entries(known, size - known)) == size - known
    seen[size] = tree_root(reader, size)


# ------------------------------------------------------------------------------------------------------------ a full disk

ROOT = Path(__file__).parents[2]
MOUNTED = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -m tests.full_disk "$1" tmpfs'


def test_a_file_that_may_not_grow_further_refuses_entries_and_keeps_those_acknowledged(tmp_path: Path) -> None:
    ended = run([sys.executable, "-m", "tests.full_disk", str(tmp_path), "rlimit"])

    assert ended.returncode == 0, ended.stderr
    assert "The storage cannot be used: File too large." in ended.stdout


def test_a_full_disk_refuses_entries_and_keeps_those_acknowledged(tmp_path: Path) -> None:
    """A real one, of 1 MiB, in a namespace of its own; when something else on it is removed, the log goes on."""
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNTED, "sh", str(tmp_path), sys.executable]
    if run([*command[:3], "mount", "-t", "tmpfs", "none", str(tmp_path)]).returncode:
        missing = "no file system can be mounted here: neither as root nor in a namespace of one's own"
        assert "CI" not in os.environ, missing
        pytest.skip(missing)
    ended = run(command)

    assert ended.returncode == 0, ended.stderr
    assert "The storage cannot be used: No space left on device." in ended.stdout


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


# ------------------------------------------------------------------------------------------- a chain that comes and goes

PATIENT = SendingPolicy(receipt_timeout=2.0, poll_interval=0.02, rebroadcast_interval=0.2)
EAGER = KeeperPolicy(interval=0.05, batch=20, age=0.1, back_off=0.05, longest_back_off=0.3)
RECORDERS = 3
CATCHING_UP = 60.0


@dataclass
class Chain:
    """A node that is killed and started again, with a log's contract on it."""

    folder: Path
    mode: LogMode
    account: LocalAccount = field(default_factory=Account.create)
    node: LocalNode = field(init=False)
    deployment: Deployment = field(init=False)
    connection: Connection = field(init=False)

    def __post_init__(self) -> None:
        require_program(Program.ANVIL)
        self.node = start_node(Program.ANVIL, self.folder, free_port())
        self.connection = Connection.http(self.node.url, 5.0, attempts=1)
        admin = Account.create()
        fund(self.connection, [admin.address, self.account.address])
        self.deployment = deploy(self.connection, admin, 1, login_log_mode=self.mode)
        permissions = ChainLedger.connect(self.connection, self.deployment, admin).permissions
        permissions.grant("certification_server", self.account.address)
        time.sleep(2.0)  # anvil writes its state down each second, and is not to forget this

    def ledger(self) -> ChainLedger:
        outbox = FileOutbox(self.folder / "outbox")
        return ChainLedger.connect(self.connection, self.deployment, self.account, outbox=outbox, policy=PATIENT)

    def go_and_come(self, away: float) -> None:
        self.node.kill()
        time.sleep(away)
        self.node = start_node(Program.ANVIL, self.folder, self.node.port)

    def close(self) -> None:
        self.connection.close()
        self.node.stop()


@dataclass
class Recorders:
    """Threads that record logins until they are told to end, and what was acknowledged to them, by index."""

    writer: LogWriter
    acknowledged: dict[int, bytes] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)

    def record(self) -> None:
        try:
            while not self.ended.wait(0.01):
                entry = login()
                self.acknowledged[self.writer.record(entry)] = entry.session or b""
        except BaseException as failure:
            self.failures.append(failure)

    @contextmanager
    def working(self) -> Iterator[None]:
        threads = [threading.Thread(target=self.record) for _ in range(RECORDERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()


@pytest.mark.parametrize(("mode", "kills"), [(LogMode.RECORDED, 10), (LogMode.ANCHORED, 5)])
def test_a_chain_that_is_killed_again_and_again_gets_every_entry_once(
    tmp_path: Path, mode: LogMode, kills: int
) -> None:
    """The log goes on while it is away; a node that has forgotten its last blocks is brought up to date as well."""
    chance = random.Random(7)
    with (
        closing(Chain(tmp_path / "chain", mode)) as chain,
        closing(engine_of(chain, open_log_store(tmp_path / "log", write=True))) as engine,
    ):
        recorders = Recorders(engine.writer)
        engine.keeper.start()
        with recorders.working():
            for _ in range(kills):
                time.sleep(chance.uniform(0.2, 1.2))
                before = len(recorders.acknowledged)
                chain.go_and_come(chance.uniform(0.1, 0.4))
                assert len(recorders.acknowledged) > before
        engine.keeper.stop()

        assert not recorders.failures
        bring_up(engine)
        store = open_log_store(tmp_path / "log", write=False)
        logged = engine.reader.entries(0, store.size())
        assert {entry.leaf.index: session_of(entry) for entry in logged} == recorders.acknowledged
        require_chain(chain.ledger().login_log, store)
        store.close()


def engine_of(chain: Chain, store: SegmentLogStore) -> LogEngine:
    ledger = chain.ledger()
    return LogEngine.over(
        store=store,
        keys=MemorySubjectKeys(),
        files=MemoryFileStore(),
        ledger=ledger.login_log,
        identity=Identity(ledger.network, service_party(ServiceId(1)), KeyPair.generate()),
        policy=EAGER,
        batch_limit=100,
    )


def bring_up(engine: LogEngine) -> None:
    """The chain is there, and in the end has everything."""
    deadline = time.monotonic() + CATCHING_UP
    while True:
        with suppress(Unavailable):
            engine.keeper.turn(force=True)
            if not engine.anchor.behind():
                return
        assert time.monotonic() < deadline, "the chain does not catch up"
        time.sleep(0.1)


def require_chain(ledger: LogLedger, store: SegmentLogStore) -> None:
    """The chain has what the store has: the same root and, in a recorded log, every leaf hash once and in order."""
    assert (ledger.size(), ledger.root()) == (store.size(), tree_root(store, store.size()))
    if ledger.mode is LogMode.RECORDED:
        assert on_chain(ledger) == leaf_hashes(store)
