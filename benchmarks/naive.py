"""The naive design: each login is a transaction of its own, and is answered when that is mined. All else is the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, cast

from centre import Centre

from certchain.encoding.entry import entry_bytes
from certchain.ledger import Ledger
from certchain.log import LogEngine, LogWriter
from certchain.models.alert import AlertRule
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry
from certchain.roles.certification_server import CertificationServer


@dataclass(frozen=True, slots=True)
class NaiveCentre:
    """The centre, whose logins go to the chain one by one, each as an event with its digest."""

    centre: Centre

    @contextmanager
    def opened(self) -> Iterator[tuple[CertificationServer, LogEngine]]:
        """As ``Centre.opened``."""
        with self.centre.opened(_one_by_one) as both:
            yield both


class TransactionWriter:
    """Records a login by one transaction; everything else is the log's own writer."""

    def __init__(self, writer: LogWriter, ledger: Ledger) -> None:
        self._writer, self._ledger = writer, ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def record(self, entry: LoginEntry) -> int:
        """Returns when the transaction is mined. The contract is the leanest that we have: it keeps 32 bytes, and says them in an event."""
        digest = Digest(sha256(entry_bytes(entry)).digest())
        return self._ledger.alerts.raise_alert(next(iter(AlertRule)), entry.device, digest) - 1


def _one_by_one(engine: LogEngine, ledger: Ledger) -> LogEngine:
    return replace(engine, writer=cast("LogWriter", TransactionWriter(engine.writer, ledger)))
