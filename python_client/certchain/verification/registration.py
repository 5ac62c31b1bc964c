"""Whether the certification server may register what a user device applies for, and whether what it granted is what was asked."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certchain.encoding.digest import (
    commitment,
    first_factor,
    key_thumbprint,
    registration_hash,
    third_factor,
    user_name_commitment,
)
from certchain.errors import DatabaseChanged, InformationChanged, OutcomeForged, RegistrationRefused
from certchain.models.application import (
    LoginGrant,
    RegistrationApplication,
    RegistrationGrant,
    RegistrationHash,
)
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber
from certchain.models.registration import (
    Factor,
    KeyRecord,
    PublicKeys,
    Registration,
    RegistrationStatus,
    StatusChange,
)
from certchain.verification.policy import CertificationPolicy, verify_strength

STEP = "registration"
_VERIFIER_LENGTH = 32


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the management database says of a pair."""

    device: DeviceInformation
    device_keys: PublicKeys
    user_device: UserDeviceInformation
    user_device_keys: PublicKeys

    def factors(self, second: Digest | None) -> dict[Factor, Digest | None]:
        """The factor hashes by these records; only the user knows what the second is made from."""
        first = first_factor(self.user_device, self.user_device_keys)
        return {Factor.FIRST: first, Factor.SECOND: second, Factor.THIRD: self.third_factor()}

    def third_factor(self) -> Digest:
        """The IoT device's factor hash."""
        return third_factor(self.device, self.device_keys)


def verify_application(
    application: RegistrationApplication, keys: PublicKeys, record: OnRecord, device_records: Sequence[KeyRecord]
) -> RegistrationApplication:
    """Returns the application of a user device that is as it was enrolled, for a device whose keys are in force.

    ``keys`` are those that the application was signed with. Raises ``InformationChanged``, ``DatabaseChanged`` or
    ``RegistrationRefused``.
    """
    if application.information != record.user_device:
        raise InformationChanged(STEP, "the user device describes itself otherwise")
    if keys != record.user_device_keys:
        raise DatabaseChanged(STEP, "it has other keys for the user device than the chain")
    if key_thumbprint(record.device_keys) != device_records[-1].thumbprint:
        raise DatabaseChanged(STEP, "it has other keys for the device than the chain")
    if len(application.login_verifier) != _VERIFIER_LENGTH:
        raise RegistrationRefused("the login verifier is no Ed25519 key")
    return application


def verify_user(name: str, salt: bytes, on_chain: Digest) -> str:
    """Returns the name of a user whom the management database and the chain know alike. Raises ``DatabaseChanged``."""
    if user_name_commitment(salt, name) != on_chain:
        raise DatabaseChanged(STEP, "it has another name for the user than the chain")
    return name


def find_granted(application: RegistrationApplication, latest: Registration | None) -> Registration | None:
    """Returns the pair's latest registration, if it could be the one that this application was granted: its answer may have been lost."""
    if latest is None or latest.status is not RegistrationStatus.ACTIVE:
        return None
    same = (latest.previous, latest.method) == (application.previous, application.method)
    return latest if same else None


def verify_current(application: RegistrationApplication, latest: Registration | None) -> Registration | None:
    """Returns the pair's live registration, which this application supersedes, or ``None``.

    Raises ``RegistrationRefused`` for an application that was written for another moment: a replayed one, above all.
    """
    if application.previous != (latest.id if latest else None):
        raise RegistrationRefused("the application was written before the pair's latest registration")
    live = latest is not None and latest.status in {RegistrationStatus.ACTIVE, RegistrationStatus.SUSPENDED}
    return latest if live else None


def verify_method(
    factors: Sequence[Factor], policy: CertificationPolicy, device: DeviceInformation, changes: Sequence[StatusChange]
) -> Sequence[Factor]:
    """Returns the factors of a method that is strong enough: for the device's risk, and after a loss. Raises ``MethodTooWeak``.

    ``changes`` are those of the pair's latest registration: one that was revoked while it was suspended was lost, too.
    """
    verify_strength(STEP, factors, policy.least_factors[policy.risk(device)])
    before = [change.status for change in changes if change.status is not RegistrationStatus.REVOKED]
    if before and before[-1] is RegistrationStatus.SUSPENDED:
        verify_strength(STEP, factors, policy.factors_after_loss)
    return factors


def combine(
    method: MethodNumber, order: Sequence[Factor], salt: bytes, factors: Mapping[Factor, Digest | None]
) -> RegistrationHash:
    """R, by a combination method's factors in their order. Raises ``RegistrationRefused`` when one of them is missing."""
    present = [factor for factor in (factors[one] for one in order) if factor is not None]
    if len(present) != len(order):
        raise RegistrationRefused("the method takes a second factor, and there is none")
    return registration_hash(method, salt, present)


def verify_grants(
    application: RegistrationApplication, grant: RegistrationGrant, login: LoginGrant
) -> RegistrationGrant:
    """Returns the grant that answers this application. Raises ``OutcomeForged``."""
    asked = (application.user, application.user_device, application.device, application.server)
    granted = (grant.user, grant.user_device, grant.device, grant.server)
    for_login = (login.user, login.user_device, login.device, login.server)
    if not asked == granted == for_login or grant.method != application.method:
        raise OutcomeForged(STEP, "the grant is for another application")
    if login.registration != grant.registration or login.login_verifier != application.login_verifier:
        raise OutcomeForged(STEP, "the login grant is for another application")
    return grant


def verify_granted(
    rebuilt: RegistrationHash, registration: Registration, grant: RegistrationGrant
) -> RegistrationGrant:
    """Returns the grant whose registration the chain has, with a commitment to this R. Raises ``OutcomeForged``."""
    pair = (registration.user_device, registration.device, registration.method)
    if pair != (grant.user_device, grant.device, grant.method):
        raise OutcomeForged(STEP, "the chain has this registration for others")
    if not is_committed_to(registration, rebuilt):
        raise OutcomeForged(STEP, "the chain has a commitment to another R")
    return grant


def verify_login_grant(grant: LoginGrant, device: DeviceId, latest: Registration | None) -> LoginGrant:
    """Returns the grant that is this device's, and of the pair's latest registration, active. Raises ``RegistrationRefused``."""
    if grant.device != device:
        raise RegistrationRefused("the login grant is for another device")
    if latest is None or latest.id != grant.registration or latest.status is not RegistrationStatus.ACTIVE:
        raise RegistrationRefused("the login grant is not of the pair's active registration")
    return grant


def is_committed_to(registration: Registration, rebuilt: RegistrationHash) -> bool:
    """Whether the chain's commitment is to this R."""
    return hmac.compare_digest(commitment(rebuilt).value, registration.commitment.value)
