"""What the certification server has against its custodians: counted for whoever watches it, and logged with the custodian's number."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from certchain.models.identifier import ServiceId

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class CustodianTroubles:
    """How often a custodian gave something ``wrong``, which is a lie or damage, and how often its answer was ``missing``."""

    wrong: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Troubles:
    """Counts since the start, by custodian. Thread-safe."""

    _counted: dict[ServiceId, CustodianTroubles] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wrong(self, custodian: ServiceId, reason: str) -> None:
        """The custodian lies, or its store is damaged: an operator has to look."""
        with self._lock:
            counted = self._counted.get(custodian, CustodianTroubles())
            self._counted[custodian] = replace(counted, wrong=counted.wrong + 1)
        _log.error("Custodian %d gave something wrong: %s", custodian, reason)

    def missing(self, custodian: ServiceId, reason: str) -> None:
        """The custodian is away, or refuses."""
        with self._lock:
            counted = self._counted.get(custodian, CustodianTroubles())
            self._counted[custodian] = replace(counted, missing=counted.missing + 1)
        _log.error("Custodian %d did not give what it was asked for: %s", custodian, reason)

    def counted(self) -> Mapping[ServiceId, CustodianTroubles]:
        """The custodians that there was any trouble with."""
        with self._lock:
            return dict(self._counted)
