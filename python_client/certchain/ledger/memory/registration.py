"""Registrations, in memory: the rules of ``contracts/Registration.sol``."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from certchain.errors import (
    AlreadyRegistered,
    CertchainError,
    CommitmentReused,
    EmptyCommitment,
    ForbiddenTransition,
    FreshKeyRequired,
    NothingToRegister,
    NothingToSuspend,
    UnknownRegistration,
)
from certchain.ledger import argument
from certchain.ledger.memory.contract import page, whole
from certchain.ledger.memory.production import MemoryProduction
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, PartyKind, RegistrationId, UserDeviceId
from certchain.models.registration import Registration, RegistrationRequest, RegistrationStatus, RiskLevel, StatusChange

_LIVE = (RegistrationStatus.ACTIVE, RegistrationStatus.SUSPENDED)


@dataclass(slots=True)
class RegistrationState:
    """What was registered; a registration's identifier is its place in the lists, counted from 1.

    ``lost_keys`` has the thumbprint of the keys that were in force when a registration was suspended, unless it was
    reinstated since.
    """

    records: list[Registration] = field(default_factory=list)
    changes: list[list[StatusChange]] = field(default_factory=list)
    latest: dict[tuple[int, int], RegistrationId] = field(default_factory=dict)
    lost_keys: dict[int, Digest] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryRegistration(MemoryProduction):
    """The Registration contract as one account sees and calls it."""

    registered: RegistrationState

    def moment(self) -> AbstractContextManager[None]:
        return nullcontext()

    @whole
    def register(self, request: RegistrationRequest) -> RegistrationId:
        argument.request(request)
        self._require_role("register")
        return self._register(request)

    @whole
    def register_batch(self, requests: Sequence[RegistrationRequest]) -> tuple[RegistrationId, ...]:
        for request in requests:
            argument.request(request)
        self._require_role("registerBatch")
        if not requests:
            raise NothingToRegister
        first = len(self.registered.records)
        try:
            return tuple(self._register(request) for request in requests)
        except CertchainError:
            self._forget_from(first)
            raise

    @whole
    def supersede(
        self, current: RegistrationId, method: MethodNumber, risk: RiskLevel, commitment: Digest
    ) -> RegistrationId:
        argument.identifier("current", current)
        argument.method(method)
        argument.risk(risk)
        self._require_role("supersede")
        record = self.registration(current)
        self._require_transition(record, RegistrationStatus.SUPERSEDED)
        request = RegistrationRequest(record.user_device, record.device, method, risk, commitment)
        self._check_content(request)
        self._require_fresh(record, request)
        self._change_status(current, RegistrationStatus.SUPERSEDED)
        return self._write(request, self.registration(current))

    @whole
    def suspend(self, registration: RegistrationId) -> None:
        argument.identifier("registration", registration)
        self._require_role("suspend")
        self._suspend(registration)

    @whole
    def suspend_batch(self, registrations: Sequence[RegistrationId]) -> None:
        for registration in registrations:
            argument.identifier("registration", registration)
        self._require_role("suspendBatch")
        if not registrations:
            raise NothingToSuspend
        self._require_each_can_be_suspended(registrations)
        for registration in registrations:
            self._suspend(registration)

    @whole
    def reinstate(self, registration: RegistrationId) -> None:
        argument.identifier("registration", registration)
        self._require_role("reinstate")
        self._change_status(registration, RegistrationStatus.ACTIVE)
        del self.registered.lost_keys[registration]

    @whole
    def revoke(self, registration: RegistrationId) -> None:
        argument.identifier("registration", registration)
        self._require_role("revoke")
        self._change_status(registration, RegistrationStatus.REVOKED)

    @whole
    def registration_count(self) -> int:
        return len(self.registered.records)

    @whole
    def registration(self, registration: RegistrationId) -> Registration:
        if not 1 <= argument.identifier("registration", registration) <= len(self.registered.records):
            raise UnknownRegistration(registration)
        return self.registered.records[registration - 1]

    @whole
    def latest_registration(self, user_device: UserDeviceId, device: DeviceId) -> RegistrationId | None:
        pair = argument.identifier("user_device", user_device), argument.identifier("device", device)
        return self.registered.latest.get(pair)

    @whole
    def registrations(self, first: RegistrationId, limit: int) -> tuple[Registration, ...]:
        argument.count("limit", limit)
        if argument.identifier("first", first) == 0:
            raise UnknownRegistration(first)
        return page(self.registered.records, first - 1, limit)

    @whole
    def registrations_of(self, user_device: UserDeviceId) -> tuple[RegistrationId, ...]:
        self._ring(PartyKind.USER_DEVICE, argument.identifier("user_device", user_device))
        return tuple(record.id for record in self.registered.records if record.user_device == user_device)

    @whole
    def status_change_count(self, registration: RegistrationId) -> int:
        self.registration(registration)
        return len(self.registered.changes[registration - 1])

    @whole
    def status_changes(self, registration: RegistrationId, offset: int, limit: int) -> tuple[StatusChange, ...]:
        argument.count("offset", offset)
        argument.count("limit", limit)
        self.registration(registration)
        return page(self.registered.changes[registration - 1], offset, limit)

    def _register(self, request: RegistrationRequest) -> RegistrationId:
        self._ring(PartyKind.USER_DEVICE, request.user_device)
        self._ring(PartyKind.DEVICE, request.device)
        self._check_content(request)
        latest = self.registered.latest.get((request.user_device, request.device))
        if latest is None:
            return self._write(request, None)
        previous = self.registration(latest)
        if previous.status in _LIVE:
            raise AlreadyRegistered(request.user_device, request.device, latest)
        self._require_fresh(previous, request)
        return self._write(request, previous)

    def _check_content(self, request: RegistrationRequest) -> None:
        self._require_method(request.method)
        if not any(request.commitment.value):
            raise EmptyCommitment

    def _require_fresh(self, previous: Registration, request: RegistrationRequest) -> None:
        in_force = self._thumbprint_in_force(previous.user_device)
        if self.registered.lost_keys.get(previous.id) == in_force:
            raise FreshKeyRequired(previous.id, in_force.value)
        if previous.commitment == request.commitment:
            raise CommitmentReused(previous.id, request.commitment.value)

    def _require_each_can_be_suspended(self, registrations: Sequence[RegistrationId]) -> None:
        """All or none. A registration that is named twice is suspended by then."""
        seen: set[int] = set()
        for registration in registrations:
            record = self.registration(registration)
            if registration in seen:
                record = replace(record, status=RegistrationStatus.SUSPENDED)
            self._require_transition(record, RegistrationStatus.SUSPENDED)
            seen.add(registration)

    def _suspend(self, registration: RegistrationId) -> None:
        self._change_status(registration, RegistrationStatus.SUSPENDED)
        user_device = self.registration(registration).user_device
        self.registered.lost_keys[registration] = self._thumbprint_in_force(user_device)

    def _require_transition(self, record: Registration, after: RegistrationStatus) -> None:
        if record.status not in _LIVE or record.status is after:
            raise ForbiddenTransition(record.id, int(record.status), int(after))

    def _change_status(self, registration: RegistrationId, after: RegistrationStatus) -> None:
        record = self.registration(registration)
        self._require_transition(record, after)
        self.registered.records[registration - 1] = replace(record, status=after)
        self.registered.changes[registration - 1].append(StatusChange(after, self._now(), self.account))

    def _write(self, request: RegistrationRequest, previous: Registration | None) -> RegistrationId:
        registration = RegistrationId(len(self.registered.records) + 1)
        record = Registration(
            id=registration,
            user_device=request.user_device,
            device=request.device,
            method=request.method,
            version=previous.version + 1 if previous else 1,
            risk=RiskLevel(request.risk),
            status=RegistrationStatus.ACTIVE,
            registered_at=self._now(),
            key_thumbprint=self._thumbprint_in_force(request.user_device),
            commitment=request.commitment,
            previous=previous.id if previous else None,
        )
        self.registered.records.append(record)
        self.registered.changes.append([])
        self.registered.latest[request.user_device, request.device] = registration
        return registration

    def _forget_from(self, first: int) -> None:
        """Undoes what a batch wrote before it was refused: all or none."""
        for record in reversed(self.registered.records[first:]):
            pair = record.user_device, record.device
            if record.previous is None:
                del self.registered.latest[pair]
            else:
                self.registered.latest[pair] = record.previous
        del self.registered.records[first:], self.registered.changes[first:]

    def _thumbprint_in_force(self, user_device: UserDeviceId) -> Digest:
        return self._ring(PartyKind.USER_DEVICE, user_device)[-1].thumbprint
