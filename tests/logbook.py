"""A certification server's log for tests: store, keys, files, chain and engine, and an auditor's identity that may read it."""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from certchain.channel import MemoryChannel
from certchain.encoding.leaf import leaf_bytes
from certchain.keys import KeyPair
from certchain.log import Cosigning, KeeperPolicy, LogEngine, LogLimits, LogPublisher
from certchain.merkle import leaf_hash
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import DeviceId, RegistrationId, ServiceId, UserDeviceId, UserId, service_party
from certchain.models.log import LoggedEntry, LogLeaf, LogMode, SealedEntry
from certchain.storage import MemoryFileStore, MemoryLogStore, MemorySubjectKeys
from certchain.verification.statement import Identity
from tests.faults import Fuse, Fused
from tests.industry import MemoryAccounts, TestClock


def enrol(accounts: Any, keys: KeyPair) -> Identity:
    """A service, enrolled by the authority."""
    service = accounts("authority").registrations.enrol_service(keys.public)
    return Identity(accounts("authority").network, service_party(service), keys)


def login(user: int = 1, step: str = "C13") -> LoginEntry:
    """A login like no other."""
    return LoginEntry(
        outcome=LoginOutcome.CERTIFIED,
        step=step,
        reason="",
        session=secrets.token_bytes(16),
        user=UserId(user),
        user_device=UserDeviceId(2),
        device=DeviceId(3),
        registration=RegistrationId(4),
    )


@dataclass(slots=True)
class Logbook:
    """Whatever its ``fuse`` does to store, keys, files and chain, a ``restart`` begins from what is durable."""

    accounts: Any = None
    mode: LogMode = LogMode.RECORDED
    clock: Any = field(default_factory=TestClock)
    fuse: Fuse = field(default_factory=Fuse)
    store: Any = field(default_factory=MemoryLogStore)
    keys: Any = field(default_factory=MemorySubjectKeys)
    files: Any = field(default_factory=MemoryFileStore)
    chain: Any = None
    cosigning: Cosigning = field(default_factory=Cosigning)
    limits: LogLimits = field(default_factory=LogLimits)
    policy: KeeperPolicy = field(default_factory=KeeperPolicy)
    batch_limit: int = 1000
    server: Identity = field(init=False)
    auditor_identity: Identity = field(init=False)
    engine: LogEngine = field(init=False)
    publisher: LogPublisher = field(init=False)

    def __post_init__(self) -> None:
        self.accounts = self.accounts or MemoryAccounts(mode=self.mode)
        self.chain = self.chain or self.accounts("certification server").login_log
        self.server = enrol(self.accounts, KeyPair.generate())
        self.auditor_identity = enrol(self.accounts, KeyPair.generate())
        self.restart()

    @property
    def ledger(self) -> Any:
        """As anyone sees the chain."""
        return self.accounts("auditor")

    def restart(self) -> None:
        """The process that writes the log starts again."""
        self.engine = LogEngine.over(
            store=Fused(self.store, self.fuse, ("append",)),
            keys=Fused(self.keys, self.fuse, ("issue", "retire")),
            files=Fused(self.files, self.fuse, ("write",)),
            ledger=Fused(self.chain, self.fuse, ("append", "anchor")),
            identity=self.server,
            clock=self.clock,
            cosigning=self.cosigning,
            limits=self.limits,
            policy=self.policy,
            batch_limit=self.batch_limit,
        )
        auditors = [ServiceId(self.auditor_identity.party.number)]
        self.publisher = LogPublisher(self.engine, self.ledger.registrations, self.server, auditors)

    def record(self, count: int = 1, user: int = 1) -> int:
        """Some logins; returns the index of the last."""
        index = -1
        for _ in range(count):
            index = self.engine.writer.record(login(user))
        return index

    def flush(self) -> int:
        """Publishes, and brings the chain up to that; returns how many entries it was brought."""
        return self.engine.keeper.turn(force=True)

    def everything(self) -> tuple[LoggedEntry, ...]:
        """All entries that are durable, opened."""
        return self.engine.reader.entries(0, self.store.size())

    def channel(self) -> MemoryChannel:
        return MemoryChannel(self.publisher.answer, asker=self.auditor_identity.party, answerer=self.server.party)


def entry_leaf_hash(leaf: LogLeaf) -> Digest:
    """What the chain has of an entry."""
    return leaf_hash(leaf_bytes(leaf))


def leaf_hashes(store: Any) -> list[Digest]:
    """What the chain should have of all entries in a store."""
    return [entry_leaf_hash(sealed.leaf) for sealed in store.entries(0, store.size())]


def on_chain(chain: Any) -> list[Digest]:
    """Every leaf hash that a recorded log has on the chain."""
    return [leaf for batch in chain.batches(0, 10_000) for leaf in batch.leaf_hashes]


def falsified(sealed: SealedEntry) -> SealedEntry:
    """The same place and time, another commitment."""
    return replace(sealed, leaf=replace(sealed.leaf, commitment=Digest(secrets.token_bytes(32))))


def another_store(entries: Any) -> MemoryLogStore:
    """A store with these entries, as if they had always been there."""
    store = MemoryLogStore()
    store.append(tuple(entries), [entry_leaf_hash(sealed.leaf).value for sealed in entries])
    return store
