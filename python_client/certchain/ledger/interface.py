"""The ledger seam: one method for each contract function, models in and models out.

A ``Ledger`` speaks for one account. Every method that changes something returns when the change is final on that
ledger, and raises the Python counterpart of the contract's error when the contract refuses.
``MalformedValue`` says that an argument is outside its type on the chain, before anything is asked. Besides, each
method may raise ``LedgerUnavailable`` or ``LedgerMisbehaved``, and each change ``LedgerTimeout``, ``GasCapExceeded``,
``TransactionReverted`` and ``PermissionDenied``, which names the contract's function.

After ``LedgerTimeout`` or a killed process the same call is safe to repeat: what may have been accepted is looked up,
not sent twice. Implementations are thread-safe.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from certchain.models.alert import AlertRule, RecordedAlert
from certchain.models.custody import CommittedShare, KeyDivision
from certchain.models.digest import Digest
from certchain.models.identifier import (
    DeviceId,
    MethodNumber,
    Party,
    ProductId,
    RegistrationId,
    ServiceId,
    UserDeviceId,
    UserId,
)
from certchain.models.log import ConsistencyProof, InclusionProof, LogBatch, LogMode
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
from certchain.models.update import Package, Product


class RegistrationLedger(Protocol):
    """The Registration contract; its rules and errors stand in ``contracts/interfaces/IRegistration.sol``."""

    def moment(self) -> AbstractContextManager[None]:
        """Within, the calling thread reads this contract as it is at one moment after it came in; nobody changes anything within.

        On a chain that is one question for all its reads, and no answer is older than the moment.
        """

    def enrol_device(self, keys: PublicKeys) -> DeviceId: ...
    def enrol_user_device(self, keys: PublicKeys) -> UserDeviceId: ...
    def enrol_service(self, keys: PublicKeys) -> ServiceId: ...
    def enrol_user(self, name_commitment: Digest) -> UserId: ...
    def rotate_device_keys(self, device: DeviceId, keys: PublicKeys) -> None: ...
    def rotate_user_device_keys(self, user_device: UserDeviceId, keys: PublicKeys) -> None: ...
    def rotate_service_keys(self, service: ServiceId, keys: PublicKeys) -> None: ...
    def define_method(self, factors: Sequence[Factor]) -> MethodNumber: ...
    def register(self, request: RegistrationRequest) -> RegistrationId: ...
    def register_batch(self, requests: Sequence[RegistrationRequest]) -> tuple[RegistrationId, ...]: ...
    def supersede(
        self, current: RegistrationId, method: MethodNumber, risk: RiskLevel, commitment: Digest
    ) -> RegistrationId: ...
    def suspend(self, registration: RegistrationId) -> None: ...
    def suspend_batch(self, registrations: Sequence[RegistrationId]) -> None:
        """Suspends several registrations, all or none. Raises ``NothingToSuspend``, and for each what ``suspend`` raises."""
        ...

    def reinstate(self, registration: RegistrationId) -> None: ...
    def revoke(self, registration: RegistrationId) -> None: ...

    def anchor_batch(self, root: Digest, size: int) -> BatchNumber:
        """Anchors the root over the ``size`` devices of a production batch, 1 to ``MOST_DEVICES``, for good.

        A leaf is ``encoding.digest.batch_device``. Raises ``BatchSizeOutOfRange``, ``EmptyBatchRoot``, or ``BatchAlreadyAnchored`` when
        this account has anchored this root before.
        """
        ...

    def enrol_from_batch(self, membership: BatchMembership, description: Digest, keys: PublicKeys) -> DeviceId:
        """Enrols a device by its place in a production batch, once for each place.

        Raises ``UnknownBatch``, ``PlaceOutOfRange``, ``AlreadyEnrolledFromBatch``, ``NotInBatch`` or ``KeyAlreadyEnrolled``.
        """
        ...

    def device_count(self) -> int: ...
    def user_device_count(self) -> int: ...
    def user_count(self) -> int: ...
    def service_count(self) -> int: ...
    def method_count(self) -> int: ...
    def registration_count(self) -> int: ...

    def keys(self, party: Party) -> tuple[KeyRecord, ...]:
        """All keys the party has had, oldest first; the last is in force. Raises ``UnknownDevice`` and its like."""
        ...

    def public_keys(self, party: Party) -> PublicKeys:
        """The keys in force, from the event that put them there, checked against their thumbprint in the contract's state.

        Raises ``UnknownDevice`` and its like, and ``LedgerMisbehaved`` when the event is missing or has other keys. A node must not have
        pruned its logs.
        """
        ...

    def batch_count(self) -> int: ...
    def batch(self, number: BatchNumber) -> ProductionBatch: ...

    def enrolled_from_batch(self, batch: BatchNumber, index: int) -> DeviceId | None:
        """The device that was enrolled from this place, from 0. Raises ``UnknownBatch`` or ``PlaceOutOfRange``."""
        ...

    def user_name_commitment(self, user: UserId) -> Digest: ...
    def method_factors(self, method: MethodNumber) -> tuple[Factor, ...]: ...
    def registration(self, registration: RegistrationId) -> Registration: ...
    def latest_registration(self, user_device: UserDeviceId, device: DeviceId) -> RegistrationId | None: ...
    def registrations(self, first: RegistrationId, limit: int) -> tuple[Registration, ...]: ...

    def registrations_of(self, user_device: UserDeviceId) -> tuple[RegistrationId, ...]:
        """All registrations that a user device ever had, whatever their status, oldest first; found by their events.

        Raises ``UnknownUserDevice``, and ``LedgerMisbehaved`` when some of a pair's are missing. A node must not have pruned its logs.
        """
        ...

    def status_change_count(self, registration: RegistrationId) -> int: ...
    def status_changes(self, registration: RegistrationId, offset: int, limit: int) -> tuple[StatusChange, ...]: ...


class LogLedger(Protocol):
    """A log's contract; its rules and errors stand in ``contracts/interfaces/ILog.sol``.

    Its mode, fixed when the log was opened, decides which change it takes; the other raises ``WrongLogMode`` before anything is asked.
    """

    @property
    def mode(self) -> LogMode: ...

    def append(self, expected_size: int, frontier: Sequence[Digest], leaf_hashes: Sequence[Digest]) -> None:
        """Recorded mode: the contract computes the new root itself, over the leaf hashes of the new entries.

        ``expected_size`` is the size before, and ``frontier`` that tree's. Raises ``EmptyBatch``, ``SizeMismatch``, ``FrontierLength`` or
        ``FrontierMismatch``.
        """
        ...

    def anchor(self, proof: ConsistencyProof, new_root: Digest) -> None:
        """Anchored mode: the contract takes size and root with the proof that nothing before was changed (RFC 9162, 2.1.4).

        From an empty log on, any root will do. Raises ``SizeMismatch``, ``NotLarger``, ``ProofLength`` or ``NotConsistent``.
        """
        ...

    def size(self) -> int: ...
    def root(self) -> Digest: ...

    def root_at(self, size: int) -> Digest:
        """The root at a size that a step ended at, and of the empty log. Raises ``UnknownSize``.

        An anchored log's contract knows the newest; the others are looked up as in ``batches``.
        """
        ...

    def check_inclusion(self, leaf_hash: Digest, proof: InclusionProof) -> None:
        """Has the contract check it, at a size that the contract knows: any step's of a recorded log, an anchored log's newest.

        Raises ``UnknownSize``, ``IndexOutOfRange``, ``ProofLength`` or ``NotIncluded``.
        """
        ...

    def check_consistency(self, proof: ConsistencyProof, old_root: Digest) -> None:
        """Has the contract check that a tree with ``old_root``, of any size, is the beginning of the log at a size that it knows.

        Raises ``UnknownSize``, ``ProofLength`` or ``NotConsistent``.
        """
        ...

    def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
        """The log's steps from the one that holds entry ``start`` on, oldest first: at most ``limit``; none past the end.

        The chain keeps them as events and not in its state, so a node must not have pruned its logs.
        """
        ...

    def sender(self, batch: LogBatch) -> str:
        """The account that brought a batch, as a checksummed address. Raises ``LedgerMisbehaved`` if the ledger has no such batch."""
        ...


class UpdateLedger(Protocol):
    """The UpdateRegistry contract; see ``contracts/interfaces/IUpdateRegistry.sol``."""

    def register_product(self, line: str, hardware_model: str) -> ProductId: ...
    def request_version(self, product: ProductId, version: int) -> None: ...
    def issue_version(self, product: ProductId, version: int, ver_id_commitment: Digest) -> None: ...
    def record_package(self, product: ProductId, version: int, pkg_id: Digest, digest: Digest, length: int) -> None: ...
    def approve(self, pkg_id: Digest) -> None: ...
    def withdraw(self, pkg_id: Digest) -> None: ...

    def approvals_required(self) -> int: ...
    def validate(self, pkg_id: Digest, digest: Digest) -> Package: ...
    def latest(self, product: ProductId) -> Package: ...
    def product_count(self) -> int: ...
    def product(self, product: ProductId) -> Product: ...
    def package(self, pkg_id: Digest) -> Package: ...
    def package_at(self, product: ProductId, version: int) -> Package: ...
    def has_approved(self, pkg_id: Digest, approver: str) -> bool: ...
    def version_count(self, product: ProductId) -> int: ...
    def packages(self, product: ProductId, offset: int, limit: int) -> tuple[Package, ...]: ...


class CustodyLedger(Protocol):
    """The KeyCustody contract; its rules and errors stand in ``contracts/interfaces/IKeyCustody.sol``."""

    def divide(self, commitment: Digest, number: int, threshold: int, shares: Sequence[CommittedShare]) -> None:
        """Commits to the next division of the key behind a registration commitment, for good.

        ``number`` is the division's, one more than there are: every share's commitment is made with it, so a division that another one
        overtook is refused (``DivisionNumberMismatch``). Raises also ``EmptyKeyCommitment``, ``MalformedDivision`` unless 1 ≤ threshold ≤
        shares ≤ 255, ``UnknownService``, ``RepeatedCustodian`` or ``EmptyShareCommitment``.
        """
        ...

    def division_count(self, commitment: Digest) -> int:
        """How many divisions there are; none for a commitment that the contract never met. The last one is in use."""
        ...

    def division(self, commitment: Digest, number: int) -> KeyDivision:
        """One division, numbered from 1. Raises ``UnknownDivision``."""
        ...


class AlertLedger(Protocol):
    """The Alerts contract; its rules and errors stand in ``contracts/interfaces/IAlerts.sol``."""

    def raise_alert(self, rule: AlertRule, device: DeviceId, digest: Digest) -> int:
        """Raises an alert and returns its number, from 1. ``digest`` is its document's.

        Raises ``UnknownDevice``, ``EmptyAlertDigest``, or ``AlertAlreadyRaised``, which names the alert that has this digest.
        """
        ...

    def alert_count(self) -> int: ...

    def alert(self, number: int) -> RecordedAlert:
        """Raises ``UnknownAlert``."""
        ...

    def alerts(self, first: int, limit: int) -> tuple[RecordedAlert, ...]:
        """Alerts ``first``, ``first + 1``, …: at most ``limit``, fewer or none past the end. Raises ``UnknownAlert`` for 0."""
        ...


class PermissionLedger(Protocol):
    """The Permissions contract (an AccessManager), by the role names of ``permissions.toml`` and ``admin``."""

    def grant(self, role: str, account: str) -> None: ...
    def withdraw_role(self, role: str, account: str) -> None: ...
    def has_role(self, role: str, account: str) -> bool: ...


class Ledger(Protocol):
    """A network's record, as one account sees and changes it."""

    @property
    def account(self) -> str:
        """The account that speaks, as a checksummed address."""
        ...

    @property
    def network(self) -> bytes:
        """What tells this ledger from every other: 32 bytes over its chain id and its contracts' addresses."""
        ...

    @property
    def registrations(self) -> RegistrationLedger: ...
    @property
    def login_log(self) -> LogLedger: ...
    @property
    def updates(self) -> UpdateLedger: ...
    @property
    def custody(self) -> CustodyLedger: ...
    @property
    def alerts(self) -> AlertLedger: ...
    @property
    def permissions(self) -> PermissionLedger: ...
