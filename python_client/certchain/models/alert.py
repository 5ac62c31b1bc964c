"""Alerts: what was recognised in a login log, and the entries that it was recognised by."""

from dataclasses import dataclass
from enum import IntEnum

from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId


class AlertRule(IntEnum):
    """The rules by which an attack is recognised; the contract knows them by the same numbers."""

    FAILURE_BURST = 0
    CHALLENGE_REPLAYED = 1
    BAD_INTEGRITY = 2
    KEY_ON_TWO_DEVICES = 3
    SUSPENDED_REGISTRATION = 4
    RECALLED_PACKAGE = 5


@dataclass(frozen=True, slots=True)
class RecordedAlert:
    """An alert as the chain has it: ``digest`` is its document's, which names the entries; ``raised_at`` in epoch seconds."""

    number: int
    rule: AlertRule
    device: DeviceId
    digest: Digest
    raised_at: int
