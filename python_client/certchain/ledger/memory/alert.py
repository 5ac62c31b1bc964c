"""Alerts, in memory: the rules of ``contracts/Alerts.sol``."""

from dataclasses import dataclass, field

from certchain.errors import AlertAlreadyRaised, EmptyAlertDigest, UnknownAlert, UnknownDevice
from certchain.ledger import argument
from certchain.ledger.memory.contract import MemoryContract, page, whole
from certchain.ledger.memory.enrolment import EnrolmentState
from certchain.models.alert import AlertRule, RecordedAlert
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, PartyKind


@dataclass(slots=True)
class AlertState:
    """Alerts by their place in the list, counted from 1."""

    alerts: list[RecordedAlert] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MemoryAlerts(MemoryContract):
    """The Alerts contract as one account sees and calls it; it asks the Registration contract who is enrolled."""

    enrolled: EnrolmentState
    raised: AlertState

    contract = "Alerts"

    @whole
    def raise_alert(self, rule: AlertRule, device: DeviceId, digest: Digest) -> int:
        argument.rule(rule)
        argument.identifier("device", device)
        self._require_role("raiseAlert")
        if not 1 <= device <= len(self.enrolled.keys[PartyKind.DEVICE]):
            raise UnknownDevice(device)
        if not any(digest.value):
            raise EmptyAlertDigest
        for known in self.raised.alerts:
            if known.digest == digest:
                raise AlertAlreadyRaised(known.number)
        number = len(self.raised.alerts) + 1
        self.raised.alerts.append(RecordedAlert(number, AlertRule(rule), device, digest, self._now()))
        return number

    @whole
    def alert_count(self) -> int:
        return len(self.raised.alerts)

    @whole
    def alert(self, number: int) -> RecordedAlert:
        if not 1 <= argument.identifier("number", number) <= len(self.raised.alerts):
            raise UnknownAlert(number)
        return self.raised.alerts[number - 1]

    @whole
    def alerts(self, first: int, limit: int) -> tuple[RecordedAlert, ...]:
        argument.count("limit", limit)
        if argument.identifier("first", first) == 0:
            raise UnknownAlert(first)
        return page(self.raised.alerts, first - 1, limit)
