"""What the log's measurements have in common: the entries, and a log on the disk with everything on."""

import itertools
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from certchain.config.clock import SystemClock
from certchain.encoding.entry import entry_bytes
from certchain.keys import KeyPair, SealingKey
from certchain.ledger import Ledger
from certchain.ledger.memory import MemoryNetwork
from certchain.log import KeeperPolicy, LogEngine
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId, service_party
from certchain.models.log import LogMode, SealedEntry
from certchain.storage import DirectoryFileStore, SqlSubjectKeys
from certchain.storage.log import SegmentLogStore
from certchain.verification.statement import Identity

LENGTH = 200
"""Bytes of an entry's body."""
SUBJECTS = 1000
GROUP = 100
"""Entries in a submission, and in a POST."""


class CountedStore(SegmentLogStore):
    """The store itself; it also counts the groups."""

    groups = 0

    def append(self, entries: Sequence[SealedEntry], leaf_hashes: Sequence[bytes]) -> None:
        """Appends, and counts."""
        super().append(entries, leaf_hashes)
        self.groups += 1


@dataclass(frozen=True, slots=True)
class Opened:
    """A log that is kept: its engine, and what it is kept in."""

    engine: LogEngine
    store: CountedStore
    keys: SqlSubjectKeys


def login(number: int) -> LoginEntry:
    """A refused login of one of the subjects, with a body of ``LENGTH`` bytes; each has a session of its own."""
    reason = "ManifestDigestDiffers"
    entry = _login(number, reason)
    return _login(number, reason.ljust(len(reason) + LENGTH - len(entry_bytes(entry)), "."))


def logins(count: int, width: int = GROUP) -> list[list[LoginEntry]]:
    """So many logins, in submissions of ``width``."""
    made = map(login, range(count))
    return [list(itertools.islice(made, width)) for _ in range(0, count, width)]


@contextmanager
def opened(folder: Path, ledger: Ledger, server: Identity, policy: KeeperPolicy) -> Iterator[Opened]:
    """A log in a folder, encrypted, committed to, in its tree; its keeper runs when it is started."""
    keys = SqlSubjectKeys(folder / "keys.sqlite", SealingKey.generate())
    store = CountedStore(folder / "log", write=True)
    files = DirectoryFileStore(folder / "notes")
    log = ledger.login_log
    engine = LogEngine.over(store=store, keys=keys, files=files, ledger=log, identity=server, policy=policy)
    try:
        yield Opened(engine, store, keys)
    finally:
        engine.close()
        keys.close()


def memory_network(mode: LogMode) -> tuple[Ledger, Identity]:
    """A chain in memory: the certification server's ledger, and its identity."""
    network = MemoryNetwork(SystemClock(), 1, login_log_mode=mode)
    admin = network.ledger(network.admin)
    authority, server = (network.ledger("0x" + secrets.token_hex(20)) for _ in range(2))
    admin.permissions.grant("authority", authority.account)
    admin.permissions.grant("certification_server", server.account)
    return server, enrolled(authority)


def enrolled(authority: Ledger) -> Identity:
    """A certification server with new keys."""
    keys = KeyPair.generate()
    service = authority.registrations.enrol_service(keys.public)
    return Identity(authority.network, service_party(service), keys)


def _login(number: int, reason: str) -> LoginEntry:
    subject = number % SUBJECTS
    return LoginEntry(
        outcome=LoginOutcome.REFUSED,
        step="C5",
        reason=reason,
        session=secrets.token_bytes(16),
        user=UserId(subject + 1),
        user_device=UserDeviceId(70_000 + subject),
        device=DeviceId(80_000 + subject),
        registration=RegistrationId(90_000 + subject),
    )
