"""The Registration contract over web3."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from certchain.ledger import argument
from certchain.ledger.chain import enrolled
from certchain.ledger.chain.bound import pages
from certchain.ledger.chain.steady import SteadyContract
from certchain.ledger.chain.value import batch as parsed_batch
from certchain.ledger.chain.value import registration as parsed_registration
from certchain.ledger.chain.value import status_change
from certchain.models.digest import Digest
from certchain.models.identifier import (
    DeviceId,
    MethodNumber,
    Party,
    PartyKind,
    RegistrationId,
    ServiceId,
    UserDeviceId,
    UserId,
    user_device_party,
)
from certchain.models.production import BatchMembership, BatchNumber, ProductionBatch
from certchain.models.registration import (
    Factor,
    KeyRecord,
    PublicKeys,
    Registration,
    RegistrationRequest,
    RiskLevel,
    StatusChange,
)

_KEYS_OF = {
    PartyKind.DEVICE: "deviceKeys",
    PartyKind.USER_DEVICE: "userDeviceKeys",
    PartyKind.SERVICE: "serviceKeys",
}


@dataclass(frozen=True, slots=True)
class ChainRegistration:
    """``RegistrationLedger`` on the contract; ``deployed`` is a block before which it has no events.

    Public keys that were found once are remembered by their thumbprint, and methods by their number: they cannot change.
    """

    contract: SteadyContract
    deployed: int
    _public_keys: dict[Digest, PublicKeys] = field(default_factory=dict, repr=False)
    _methods: dict[MethodNumber, tuple[Factor, ...]] = field(default_factory=dict, repr=False)

    def moment(self) -> AbstractContextManager[None]:
        return self.contract.moment()

    def enrol_device(self, keys: PublicKeys) -> DeviceId:
        return DeviceId(self._issued("enrolDevice", "DeviceEnrolled", "device", keys.signing, keys.exchange))

    def enrol_user_device(self, keys: PublicKeys) -> UserDeviceId:
        issued = self._issued("enrolUserDevice", "UserDeviceEnrolled", "userDevice", keys.signing, keys.exchange)
        return UserDeviceId(issued)

    def enrol_service(self, keys: PublicKeys) -> ServiceId:
        return ServiceId(self._issued("enrolService", "ServiceEnrolled", "service", keys.signing, keys.exchange))

    def enrol_user(self, name_commitment: Digest) -> UserId:
        return UserId(self._issued("enrolUser", "UserEnrolled", "user", name_commitment.value))

    def rotate_device_keys(self, device: DeviceId, keys: PublicKeys) -> None:
        number = argument.identifier("device", device)
        self.contract.change("rotateDeviceKeys", number, keys.signing, keys.exchange)

    def rotate_user_device_keys(self, user_device: UserDeviceId, keys: PublicKeys) -> None:
        number = argument.identifier("user_device", user_device)
        self.contract.change("rotateUserDeviceKeys", number, keys.signing, keys.exchange)

    def rotate_service_keys(self, service: ServiceId, keys: PublicKeys) -> None:
        number = argument.identifier("service", service)
        self.contract.change("rotateServiceKeys", number, keys.signing, keys.exchange)

    def define_method(self, factors: Sequence[Factor]) -> MethodNumber:
        wanted = [int(factor) for factor in argument.factors(factors)]
        return MethodNumber(self._issued("defineMethod", "MethodDefined", "method", wanted))

    def register(self, request: RegistrationRequest) -> RegistrationId:
        return RegistrationId(self._issued("register", "Registered", "registration", _request(request)))

    def register_batch(self, requests: Sequence[RegistrationRequest]) -> tuple[RegistrationId, ...]:
        wanted = [_request(request) for request in requests]
        receipt = self.contract.change("registerBatch", wanted)
        registered = self.contract.events("Registered", receipt.logs)
        return tuple(RegistrationId(event["registration"]) for event in registered)

    def supersede(
        self, current: RegistrationId, method: MethodNumber, risk: RiskLevel, commitment: Digest
    ) -> RegistrationId:
        before, by = argument.identifier("current", current), argument.method(method)
        at_risk = int(argument.risk(risk))
        issued = self._issued("supersede", "Registered", "registration", before, by, at_risk, commitment.value)
        return RegistrationId(issued)

    def suspend(self, registration: RegistrationId) -> None:
        self.contract.change("suspend", argument.identifier("registration", registration))

    def suspend_batch(self, registrations: Sequence[RegistrationId]) -> None:
        self.contract.change("suspendBatch", [argument.identifier("registration", each) for each in registrations])

    def reinstate(self, registration: RegistrationId) -> None:
        self.contract.change("reinstate", argument.identifier("registration", registration))

    def revoke(self, registration: RegistrationId) -> None:
        self.contract.change("revoke", argument.identifier("registration", registration))

    def anchor_batch(self, root: Digest, size: int) -> BatchNumber:
        argument.place("size", size)
        return BatchNumber(self._issued("anchorBatch", "BatchAnchored", "batch", root.value, size))

    def enrol_from_batch(self, membership: BatchMembership, description: Digest, keys: PublicKeys) -> DeviceId:
        argument.membership(membership)
        place = membership.batch, membership.index, [node.value for node in membership.path]
        wanted = place, description.value, keys.signing, keys.exchange
        return DeviceId(self._issued("enrolFromBatch", "DeviceEnrolledFromBatch", "device", *wanted))

    def device_count(self) -> int:
        return int(self.contract.read("deviceCount"))

    def user_device_count(self) -> int:
        return int(self.contract.read("userDeviceCount"))

    def user_count(self) -> int:
        return int(self.contract.read("userCount"))

    def service_count(self) -> int:
        return int(self.contract.read("serviceCount"))

    def method_count(self) -> int:
        return int(self.contract.read("methodCount"))

    def registration_count(self) -> int:
        return int(self.contract.read("registrationCount"))

    def keys(self, party: Party) -> tuple[KeyRecord, ...]:
        """All keys the party has had, oldest first; the last is in force."""
        found = self.contract.read(_KEYS_OF[party.kind], argument.identifier("party", party.number))
        return tuple(KeyRecord(Digest(thumbprint), since) for thumbprint, since in found)

    def public_keys(self, party: Party) -> PublicKeys:
        """The keys in force."""
        records = self.keys(party)
        in_force = records[-1].thumbprint
        if in_force not in self._public_keys:
            found = enrolled.public_keys(self.contract, self.deployed, party, records)
            self._public_keys[in_force] = found
        return self._public_keys[in_force]

    def batch_count(self) -> int:
        return int(self.contract.read("batchCount"))

    def batch(self, number: BatchNumber) -> ProductionBatch:
        return parsed_batch(number, self.contract.read("batchById", argument.batch(number)))

    def enrolled_from_batch(self, batch: BatchNumber, index: int) -> DeviceId | None:
        place = argument.batch(batch), argument.place("index", index)
        return DeviceId(self.contract.read("enrolledFromBatch", *place)) or None

    def user_name_commitment(self, user: UserId) -> Digest:
        return Digest(self.contract.read("userNameCommitment", argument.identifier("user", user)))

    def method_factors(self, method: MethodNumber) -> tuple[Factor, ...]:
        if method not in self._methods:
            found = self.contract.read("methodFactors", argument.method(method))
            self._methods[method] = tuple(map(Factor, found))
        return self._methods[method]

    def registration(self, registration: RegistrationId) -> Registration:
        return parsed_registration(
            self.contract.read("registrationById", argument.identifier("registration", registration))
        )

    def latest_registration(self, user_device: UserDeviceId, device: DeviceId) -> RegistrationId | None:
        pair = argument.identifier("user_device", user_device), argument.identifier("device", device)
        return RegistrationId(self.contract.read("latestRegistration", *pair)) or None

    def registrations(self, first: RegistrationId, limit: int) -> tuple[Registration, ...]:
        start, most = argument.identifier("first", first), argument.count("limit", limit)
        found = pages(lambda offset, wanted: self._read("registrations", offset, wanted), start, most)
        return tuple(parsed_registration(record) for record in found)

    def registrations_of(self, user_device: UserDeviceId) -> tuple[RegistrationId, ...]:
        argument.identifier("user_device", user_device)
        enrolled_at = self.keys(user_device_party(user_device))[0].since
        return enrolled.registrations_of(self.contract, self.deployed, user_device, enrolled_at)

    def status_change_count(self, registration: RegistrationId) -> int:
        return int(self.contract.read("statusChangeCount", argument.identifier("registration", registration)))

    def status_changes(self, registration: RegistrationId, offset: int, limit: int) -> tuple[StatusChange, ...]:
        of = argument.identifier("registration", registration)
        start, most = argument.count("offset", offset), argument.count("limit", limit)
        found = pages(lambda first, wanted: self._read("statusChanges", of, first, wanted), start, most)
        return tuple(status_change(change) for change in found)

    def _issued(self, function: str, event: str, value: str, *arguments: object) -> int:
        """Calls a function that issues an identifier, and reads it from the event."""
        return int(self.contract.event(event, self.contract.change(function, *arguments))[value])

    def _read(self, function: str, *arguments: object) -> Sequence[Any]:
        found: Sequence[Any] = self.contract.read(function, *arguments)
        return found


def _request(request: RegistrationRequest) -> tuple[int, int, int, int, bytes]:
    argument.request(request)
    return request.user_device, request.device, request.method, int(request.risk), request.commitment.value
