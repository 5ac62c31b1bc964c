"""What a user device is given, and what it keeps of a registration."""

from dataclasses import dataclass, field
from pathlib import Path

from certchain.config.clock import Clock
from certchain.encoding.digest import first_factor, key_thumbprint, manifest_digest, second_factor
from certchain.errors import KeyNotInForce
from certchain.keys import Argon2Cost, SecretKeys
from certchain.ledger import Ledger
from certchain.models.application import RegistrationGrant, RegistrationHash
from certchain.models.certification import IntegrityEvidence, Signed, UserDeviceInformation
from certchain.models.identifier import DeviceId, ServiceId, UserDeviceId, service_party
from certchain.models.registration import Factor, KeyRecord, PublicKeys
from certchain.storage import FileStore
from certchain.storage.app_folder import measure_app
from certchain.verification.registration import combine
from certchain.verification.statement import Identity


@dataclass(frozen=True, slots=True)
class InstalledApp:
    """The app that runs on the user device: its name, its version and the folder with its files."""

    app: str
    version: str
    folder: Path

    def evidence(self, challenge: bytes) -> IntegrityEvidence:
        """C3: the app's files as they are now, bound to the device's challenge. Raises what ``measure_app`` raises."""
        measured = manifest_digest(self.app, self.version, measure_app(self.folder))
        return IntegrityEvidence(self.app, self.version, measured, challenge)


@dataclass(frozen=True, slots=True)
class Derivation:
    """How the keys of one registration come from the user's secret: under which salt, and at which cost."""

    salt: bytes = field(repr=False)
    cost: Argon2Cost

    def derive(self, secret: str) -> SecretKeys:
        """The keys. Raises ``MalformedValue`` for an empty secret."""
        return SecretKeys.derive(secret, self.salt, self.cost)


@dataclass(frozen=True, slots=True)
class KeptApplication:
    """What a user device keeps of an application whose fate it does not know yet."""

    signed: Signed
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class KeptRegistration:
    """What a user device keeps of a registration: never the secret, and nothing that comes from it but a verifier."""

    grant: RegistrationGrant
    login_grant: Signed
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class Equipment:
    """A user device's identity and keys, its information and app, its seams and clock, and the certification server that it trusts."""

    identity: Identity
    information: UserDeviceInformation
    ledger: Ledger
    store: FileStore
    server: ServiceId
    server_keys: PublicKeys
    app: InstalledApp
    cost: Argon2Cost
    clock: Clock

    @property
    def id(self) -> UserDeviceId:
        """The user device's own identifier."""
        return UserDeviceId(self.identity.party.number)

    def server_records(self) -> tuple[KeyRecord, ...]:
        """The certification server's keys, by the ledger."""
        return self.ledger.registrations.keys(service_party(self.server))

    def exchange_key(self) -> bytes:
        """The certification server's exchange key, once the ledger has it in force. Raises ``KeyNotInForce``."""
        if key_thumbprint(self.server_keys) != self.server_records()[-1].thumbprint:
            raise KeyNotInForce(str(service_party(self.server)))
        return self.server_keys.exchange

    def rebuild(self, grant: RegistrationGrant, keys: SecretKeys) -> RegistrationHash:
        """R, from the user device's own information and keys, the user's secret and the grant."""
        order = self.ledger.registrations.method_factors(grant.method)
        first = first_factor(self.information, self.identity.keys.public)
        second = second_factor(grant.user, keys.factor_key)
        factors = {Factor.FIRST: first, Factor.SECOND: second, Factor.THIRD: grant.third_factor}
        return combine(grant.method, order, grant.salt, factors)


def registration_file(device: DeviceId) -> str:
    """The file that a registration for the device is kept in."""
    return f"registration-{device}"


def application_file(device: DeviceId) -> str:
    """The file that an application for the device is kept in."""
    return f"application-{device}"
