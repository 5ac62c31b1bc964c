"""What the rules ask of the chain: how registrations' status has moved, and which devices run a withdrawn package.

Which package a device runs is the device's own signed word, its latest install receipt. A device that never gave one is not known to run
any. What the chain says of receipts and packages is asked again after a minute.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from certchain.errors import CertchainError, Unavailable, UnknownPackage
from certchain.models.certification import Signed
from certchain.models.delivery import InstallReceipt
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, Party, device_party
from certchain.models.log import LoggedEntry
from certchain.models.update import PackageStatus
from certchain.roles.recogniser.equipment import Equipment
from certchain.verification.recognition import Facts, asked_devices, asked_registrations
from certchain.verification.statement import verify_statement

_LIFETIME = 60.0
_log = logging.getLogger("certchain.roles.recogniser")


@dataclass(slots=True)
class FactFinder:
    """Finds what the rules need for some entries. Not thread-safe."""

    equipment: Equipment
    _asked_at: float = float("-inf")
    _receipts: dict[Party, list[Signed]] = field(default_factory=dict)
    _withdrawn: dict[DeviceId, int | None] = field(default_factory=dict)
    _packages: dict[Digest, bool] = field(default_factory=dict)

    def facts(self, entries: Sequence[LoggedEntry]) -> Facts:
        """The facts for these entries. Raises what the ledger raises when it does not answer."""
        self._refresh()
        ledger = self.equipment.ledger.registrations
        changes = {
            registration: ledger.status_changes(registration, 0, ledger.status_change_count(registration))
            for registration in asked_registrations(entries)
        }
        since = {device: self._withdrawn_since(device) for device in asked_devices(entries)}
        return Facts(changes, {device: at for device, at in since.items() if at is not None})

    def _refresh(self) -> None:
        now = self.equipment.clock.monotonic()
        if now - self._asked_at < _LIFETIME:
            return
        self._receipts, self._withdrawn, self._packages = {}, {}, {}
        for signed in self.equipment.receipts():
            self._receipts.setdefault(signed.signer, []).append(signed)
        self._asked_at = now

    def _withdrawn_since(self, device: DeviceId) -> int | None:
        """Since when the device runs what is a withdrawn package now; ``None`` when it does not, as far as anyone knows."""
        if device not in self._withdrawn:
            said = [self._said(signed) for signed in self._receipts.get(device_party(device), ())]
            latest = max((receipt for receipt in said if receipt), key=lambda receipt: receipt.at, default=None)
            gone = latest is not None and self._is_withdrawn(latest.installed.pkg_id)
            self._withdrawn[device] = latest.at if latest is not None and gone else None
        return self._withdrawn[device]

    def _said(self, signed: Signed) -> InstallReceipt | None:
        """A receipt, if the device that it is about signed it with keys in force."""
        ledger = self.equipment.ledger
        try:
            receipt = verify_statement(
                signed, InstallReceipt, signed.signer, ledger.registrations.keys(signed.signer), ledger.network
            )
        except Unavailable:
            raise
        except CertchainError as problem:
            _log.warning("a receipt of %s counts for nothing: %s", signed.signer, problem)
            return None
        return receipt if device_party(receipt.device) == signed.signer else None

    def _is_withdrawn(self, pkg_id: Digest) -> bool:
        if pkg_id not in self._packages:
            try:
                status = self.equipment.ledger.updates.package(pkg_id).status
            except UnknownPackage:
                status = PackageStatus.NONE
            self._packages[pkg_id] = status is PackageStatus.WITHDRAWN
        return self._packages[pkg_id]
