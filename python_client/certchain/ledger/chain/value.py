"""The contracts' structs as models."""

from typing import Any

from eth_utils.address import to_checksum_address

from certchain.models.alert import AlertRule, RecordedAlert
from certchain.models.custody import CommittedShare, KeyDivision
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, ProductId, RegistrationId, ServiceId, UserDeviceId
from certchain.models.production import BatchNumber, ProductionBatch
from certchain.models.registration import Registration, RegistrationStatus, RiskLevel, StatusChange
from certchain.models.update import Package, PackageStatus, Product


def registration(record: Any) -> Registration:
    """A ``Record`` of IRegistration."""
    number, user_device, device, method, version, risk, status, registered_at, thumbprint, commitment, previous = record
    return Registration(
        id=RegistrationId(number),
        user_device=UserDeviceId(user_device),
        device=DeviceId(device),
        method=MethodNumber(method),
        version=version,
        risk=RiskLevel(risk),
        status=RegistrationStatus(status),
        registered_at=registered_at,
        key_thumbprint=Digest(thumbprint),
        commitment=Digest(commitment),
        previous=RegistrationId(previous) or None,
    )


def status_change(change: Any) -> StatusChange:
    """A ``StatusChange`` of IRegistration."""
    status, changed_at, changed_by = change
    return StatusChange(RegistrationStatus(status), changed_at, to_checksum_address(changed_by))


def batch(number: BatchNumber, record: Any) -> ProductionBatch:
    """A ``Batch`` of IRegistration."""
    root, size, manufacturer, anchored_at = record
    return ProductionBatch(number, Digest(root), size, to_checksum_address(manufacturer), anchored_at)


def division(commitment: Digest, number: int, record: Any) -> KeyDivision:
    """A ``Division`` of IKeyCustody."""
    threshold, divided_at, shares = record
    kept = tuple(CommittedShare(ServiceId(custodian), Digest(committed)) for custodian, committed in shares)
    return KeyDivision(commitment, number, threshold, kept, divided_at)


def alert(number: int, record: Any) -> RecordedAlert:
    """An ``Alert`` of IAlerts."""
    rule, device, raised_at, digest = record
    return RecordedAlert(number, AlertRule(rule), DeviceId(device), Digest(digest), raised_at)


def product(record: Any) -> Product:
    """A ``Product`` of IUpdateRegistry."""
    number, manufacturer, line, hardware_model = record
    return Product(ProductId(number), to_checksum_address(manufacturer), line, hardware_model)


def package(record: Any) -> Package:
    """A ``Package`` of IUpdateRegistry; what is zero there is ``None`` here."""
    of, version, status, requested_at, approvals, commitment, pkg_id, digest, length = record
    return Package(
        product=ProductId(of),
        version=version,
        status=PackageStatus(status),
        requested_at=requested_at,
        approvals=approvals,
        ver_id_commitment=_digest(commitment),
        pkg_id=_digest(pkg_id),
        digest=_digest(digest),
        length=length or None,
    )


def _digest(value: bytes) -> Digest | None:
    return Digest(value) if any(value) else None
