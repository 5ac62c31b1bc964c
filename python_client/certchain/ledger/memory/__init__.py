"""The ledger's twin in memory: the contracts' rules and order of checks, for tests and for a network of one process."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from certchain.config.clock import Clock
from certchain.encoding.digest import network
from certchain.errors import NoApprovalsRequired
from certchain.ledger import argument
from certchain.ledger.deployment import CONTRACTS
from certchain.ledger.memory.alert import AlertState, MemoryAlerts
from certchain.ledger.memory.contract import Shared, random_account
from certchain.ledger.memory.custody import CustodyState, MemoryKeyCustody
from certchain.ledger.memory.enrolment import EnrolmentState
from certchain.ledger.memory.log import LogState, MemoryLog
from certchain.ledger.memory.permission import MemoryPermissions
from certchain.ledger.memory.production import ProductionState
from certchain.ledger.memory.registration import MemoryRegistration, RegistrationState
from certchain.ledger.memory.update import MemoryUpdateRegistry, UpdateState
from certchain.ledger.permission import ADMIN_NUMBER
from certchain.models.log import LogMode

__all__ = ["MemoryLedger", "MemoryNetwork"]


@dataclass(frozen=True, slots=True)
class MemoryLedger:
    """One account's view of a ``MemoryNetwork``."""

    account: ChecksumAddress
    network: bytes
    registrations: MemoryRegistration
    login_log: MemoryLog
    updates: MemoryUpdateRegistry
    custody: MemoryKeyCustody
    alerts: MemoryAlerts
    permissions: MemoryPermissions


class MemoryNetwork:
    """The state that all ledgers of one network share.

    ``clock`` is that of the blocks. ``admin`` is the account that may grant roles; without one, an address is drawn for it. Raises
    ``NoApprovalsRequired``, as the contract does at deployment.
    """

    def __init__(
        self,
        clock: Clock,
        approvals_required: int,
        admin: str | None = None,
        login_log_mode: LogMode = LogMode.RECORDED,
    ) -> None:
        if argument.number("approvals_required", approvals_required, argument.APPROVAL_BITS) == 0:
            raise NoApprovalsRequired
        self.admin = argument.account("admin", admin) if admin else random_account()
        self.identity = network(0, [random_account() for _ in CONTRACTS]).value
        self._shared = Shared(clock, {ADMIN_NUMBER: {self.admin}})
        self._enrolled, self._produced, self._registered = EnrolmentState(), ProductionState(), RegistrationState()
        self._log, self._updates = LogState(login_log_mode), UpdateState(approvals_required)
        self._custody, self._alerts = CustodyState(), AlertState()

    def ledger(self, account: str) -> MemoryLedger:
        """The ledger as ``account`` sees and changes it."""
        speaker = argument.account("account", account)
        return MemoryLedger(
            account=speaker,
            network=self.identity,
            registrations=MemoryRegistration(self._shared, speaker, self._enrolled, self._produced, self._registered),
            login_log=MemoryLog(self._shared, speaker, self._log),
            updates=MemoryUpdateRegistry(self._shared, speaker, self._updates),
            custody=MemoryKeyCustody(self._shared, speaker, self._enrolled, self._custody),
            alerts=MemoryAlerts(self._shared, speaker, self._enrolled, self._alerts),
            permissions=MemoryPermissions(self._shared, speaker),
        )
