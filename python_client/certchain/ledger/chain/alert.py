"""The Alerts contract over web3."""

from dataclasses import dataclass

from certchain.ledger import argument
from certchain.ledger.chain import value
from certchain.ledger.chain.bound import BoundContract, pages
from certchain.models.alert import AlertRule, RecordedAlert
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId


@dataclass(frozen=True, slots=True)
class ChainAlerts:
    """``AlertLedger`` on the contract."""

    contract: BoundContract

    def raise_alert(self, rule: AlertRule, device: DeviceId, digest: Digest) -> int:
        by, of = int(argument.rule(rule)), argument.identifier("device", device)
        receipt = self.contract.change("raiseAlert", by, of, digest.value)
        return int(self.contract.event("AlertRaised", receipt)["number"])

    def alert_count(self) -> int:
        return int(self.contract.read("alertCount"))

    def alert(self, number: int) -> RecordedAlert:
        return value.alert(number, self.contract.read("alertById", argument.identifier("number", number)))

    def alerts(self, first: int, limit: int) -> tuple[RecordedAlert, ...]:
        start, most = argument.identifier("first", first), argument.count("limit", limit)
        found = pages(lambda offset, wanted: self.contract.read("alerts", offset, wanted), start, most)
        return tuple(value.alert(number, record) for number, record in enumerate(found, start))
