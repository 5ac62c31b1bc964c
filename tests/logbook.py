"""A certification server's log for tests: database, chain, writer and publisher, and an auditor who may read it."""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from certchain.channel import MemoryChannel
from certchain.keys import KeyPair
from certchain.log import LogPublisher, LogWriter
from certchain.models.identifier import DeviceId, RegistrationId, ServiceId, UserDeviceId, UserId, service_party
from certchain.models.log import LoginOutcome, SaltedEntry
from certchain.roles.auditor import Auditor, ServerEntries
from certchain.storage import MemoryFileStore, MemoryManagementDatabase
from certchain.verification.statement import Identity
from tests.faults import Fuse, Fused
from tests.industry import NOON, MemoryAccounts


def enrol(accounts: Any, keys: KeyPair) -> Identity:
    """A service, enrolled by the authority."""
    service = accounts("authority").registrations.enrol_service(keys.public)
    return Identity(accounts("authority").network, service_party(service), keys)


@dataclass(slots=True)
class Logbook:
    """Whatever its ``fuse`` does to database and chain, a ``restart`` begins from what is durable."""

    accounts: Any = field(default_factory=MemoryAccounts)
    fuse: Fuse = field(default_factory=Fuse)
    records: Any = field(default_factory=MemoryManagementDatabase)
    server: Identity = field(init=False)
    auditor_identity: Identity = field(init=False)
    writer: LogWriter = field(init=False)
    publisher: LogPublisher = field(init=False)
    auditor: Auditor = field(init=False)
    store: MemoryFileStore = field(default_factory=MemoryFileStore)

    def __post_init__(self) -> None:
        self.server = enrol(self.accounts, KeyPair.generate())
        self.auditor_identity = enrol(self.accounts, KeyPair.generate())
        self.restart()

    @property
    def chain(self) -> Any:
        return self.accounts("certification server").login_log

    @property
    def ledger(self) -> Any:
        return self.accounts("auditor")

    def restart(self) -> None:
        database = Fused(self.records, self.fuse, ("append_entries",))
        self.writer = LogWriter(database, Fused(self.chain, self.fuse, ("append",)))
        auditors = [ServiceId(self.auditor_identity.party.number)]
        self.publisher = LogPublisher(self.writer, self.ledger.registrations, self.server, auditors)
        self.auditor = Auditor(self.ledger, self.store, ServiceId(self.server.party.number))

    def record(self, count: int = 1, step: str = "C13") -> int:
        """Some logins; returns the index of the last."""
        index = -1
        for _ in range(count):
            index = self.writer.record(
                at=NOON,
                outcome=LoginOutcome.CERTIFIED,
                step=step,
                reason="",
                session=secrets.token_bytes(16),
                user=UserId(1),
                user_device=UserDeviceId(2),
                device=DeviceId(3),
                registration=RegistrationId(4),
            )
        return index

    def channel(self) -> MemoryChannel:
        return MemoryChannel(self.publisher.answer)

    def entries(self) -> ServerEntries:
        """The entries as the auditor gets them from the server."""
        return ServerEntries(self.channel(), self.auditor_identity)


@dataclass(frozen=True, slots=True)
class TamperedEntries:
    """A log in the hands of someone who changed it; an ``EntrySource``."""

    salted: tuple[SaltedEntry, ...]

    def entries(self, first: int, limit: int) -> tuple[SaltedEntry, ...]:
        return self.salted[first : first + limit]


def everything(book: Logbook) -> list[SaltedEntry]:
    return list(book.records.entries(0, book.records.log_size()))


def falsified(salted: SaltedEntry) -> SaltedEntry:
    """The same login, by someone else."""
    return replace(salted, entry=replace(salted.entry, user=UserId(66)))
