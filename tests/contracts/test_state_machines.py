"""What holds after any sequence of calls: models in Python, walked at random beside the contracts by Hypothesis.

Each rule asks the model first: it either names the refusal, with its values, or takes the change over. After every step
everything readable is compared with the model.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.contracts.conftest import APPROVALS_REQUIRED, Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import (
    ACTIVE,
    APPROVED,
    ISSUED,
    NOTHING,
    RECORDED,
    REQUESTED,
    REVOKED,
    SUPERSEDED,
    SUSPENDED,
    keys,
    package,
    request,
    word,
)
from tests.contracts.sample import WITHDRAWN as PACKAGE_WITHDRAWN
from tests.contracts.walk import Refusal, Walk, settle, walk

# A model walks for long, and reaches no branch that the other tests do not.
pytestmark = pytest.mark.skip_coverage


# ---------------------------------------------------------------------------------------------------------- registration


LIVE = (ACTIVE, SUSPENDED)


@dataclass
class Entry:
    """One registration, as the model keeps it, in the order of the contract's record."""

    id: int
    userDevice: int  # noqa: N815 - as the contract names it
    device: int
    method: int
    version: int
    risk: int
    status: int
    keyThumbprint: bytes  # noqa: N815
    commitment: bytes
    previous: int
    moves: list[int] = field(default_factory=list)
    key_at_suspension: bytes = b""

    def move(self, status: int) -> None:
        """Takes a move of its status over."""
        self.status = status
        self.moves.append(status)

    def record(self) -> dict[str, Any]:
        """What the contract says of it."""
        return {name: value for name, value in asdict(self).items() if name not in {"moves", "key_at_suspension"}}


class RegistrationMachine(Walk):
    """A registration's status moves only as allowed, and nothing else of it, or of any other, ever changes."""

    # Few of each, so that pairs and commitments meet again; one more than there are, so that unknown ones are tried.
    numbers = st.sampled_from([1, 1, 2, 2, 3])
    methods = st.sampled_from([1, 1, 1, 2])
    risks = st.integers(min_value=0, max_value=3)
    commitments = st.sampled_from(["a", "b", "c", "d"])
    which = st.integers(min_value=0, max_value=4)

    def __init__(self, chain: Any, contract: Any, actors: Actors, thumbprint: Callable[..., bytes]) -> None:
        super().__init__(chain, contract, actors)
        self.thumbprint, self.sender = thumbprint, {"from": actors.server}
        self.entries: list[Entry] = []
        self.rings: dict[int, list[bytes]] = {}
        for number in (1, 2):
            self.contract.enrolUserDevice(*keys(f"phone {number}, key 0"), self.sender)
            self.contract.enrolDevice(*keys(f"lock {number}"), self.sender)
            self.rings[number] = [self.thumbprint(keys(f"phone {number}, key 0"))]
        self.contract.defineMethod([0, 1, 2], {"from": self.actors.authority})

    @rule(user_device=numbers, device=numbers, commitment=commitments, method=methods)
    def register(self, user_device: int, device: int, commitment: str, method: int) -> None:
        asked = request(user_device, device, commitment, method)
        if settle(self.register_refusal(asked), lambda: self.contract.register(asked, self.sender)):
            self.take_over(asked)

    @rule(current=which, method=methods, risk=risks, commitment=commitments)
    def supersede(self, current: int, method: int, risk: int, commitment: str) -> None:
        refusal = self.supersede_refusal(current, method, word(commitment))
        arguments = (current, method, risk, word(commitment), self.sender)
        if settle(refusal, lambda: self.contract.supersede(*arguments)):
            entry = self.entries[current - 1]
            entry.move(SUPERSEDED)
            self.take_over(request(entry.userDevice, entry.device, commitment, method, risk))

    @rule(current=which, move=st.sampled_from([("suspend", SUSPENDED), ("reinstate", ACTIVE), ("revoke", REVOKED)]))
    def move(self, current: int, move: tuple[str, int]) -> None:
        function, target = move
        refusal = self.transition_refusal(current, target)
        if settle(refusal, lambda: getattr(self.contract, function)(current, self.sender)):
            entry = self.entries[current - 1]
            entry.move(target)
            if target != REVOKED:
                entry.key_at_suspension = self.rings[entry.userDevice][-1] if target == SUSPENDED else b""

    @rule(lost=st.lists(which, max_size=3))
    def suspend_batch(self, lost: list[int]) -> None:
        refusal = self.batch_refusal(lost)
        if settle(refusal, lambda: self.contract.suspendBatch(lost, self.sender)):
            for number in lost:
                entry = self.entries[number - 1]
                entry.move(SUSPENDED)
                entry.key_at_suspension = self.rings[entry.userDevice][-1]

    @rule(user_device=numbers)
    def rotate(self, user_device: int) -> None:
        ring = self.rings.get(user_device)
        fresh = keys(f"phone {user_device}, key {len(ring or [])}")
        refusal = None if ring else ("Registration_UnknownUserDevice", user_device)
        if settle(refusal, lambda: self.contract.rotateUserDeviceKeys(user_device, *fresh, self.sender)):
            self.rings[user_device].append(self.thumbprint(fresh))

    def latest(self, user_device: int, device: int) -> Entry | None:
        """The pair's last registration."""
        return next((e for e in reversed(self.entries) if (e.userDevice, e.device) == (user_device, device)), None)

    def register_refusal(self, asked: tuple[int, int, int, int, bytes]) -> Refusal:
        user_device, device, method, _, commitment = asked
        if user_device not in self.rings:
            return ("Registration_UnknownUserDevice", user_device)
        if device > 2:
            return ("Registration_UnknownDevice", device)
        if method != 1:
            return ("Registration_UnknownMethod", method)
        latest = self.latest(user_device, device)
        if latest and latest.status in LIVE:
            return ("Registration_AlreadyRegistered", user_device, device, latest.id)
        return self.successor_refusal(latest, commitment) if latest else None

    def successor_refusal(self, previous: Entry, commitment: bytes) -> Refusal:
        """Under a lost key, or by a used commitment, no registration follows another."""
        in_force = self.rings[previous.userDevice][-1]
        if previous.key_at_suspension == in_force:
            return ("Registration_FreshKeyRequired", previous.id, in_force)
        if previous.commitment == commitment:
            return ("Registration_CommitmentReused", previous.id, commitment)
        return None

    def supersede_refusal(self, number: int, method: int, commitment: bytes) -> Refusal:
        if refusal := self.transition_refusal(number, SUPERSEDED):
            return refusal
        if method != 1:
            return ("Registration_UnknownMethod", method)
        return self.successor_refusal(self.entries[number - 1], commitment)

    def batch_refusal(self, lost: list[int]) -> Refusal:
        """That of the first that cannot be suspended; the second time, none can."""
        for place, number in enumerate(lost):
            if number in lost[:place]:
                return ("Registration_ForbiddenTransition", number, SUSPENDED, SUSPENDED)
            if refusal := self.transition_refusal(number, SUSPENDED):
                return refusal
        return None if lost else ("Registration_NothingToSuspend",)

    def transition_refusal(self, number: int, target: int) -> Refusal:
        if not 1 <= number <= len(self.entries):
            return ("Registration_UnknownRegistration", number)
        status = self.entries[number - 1].status
        if status not in LIVE or status == target:
            return ("Registration_ForbiddenTransition", number, status, target)
        return None

    def take_over(self, asked: tuple[int, int, int, int, bytes]) -> None:
        user_device, device, method, risk, commitment = asked
        latest = self.latest(user_device, device)
        self.entries.append(
            Entry(
                id=len(self.entries) + 1,
                userDevice=user_device,
                device=device,
                method=method,
                version=latest.version + 1 if latest else 1,
                risk=risk,
                status=ACTIVE,
                keyThumbprint=self.rings[user_device][-1],
                commitment=commitment,
                previous=latest.id if latest else 0,
            )
        )

    @invariant()
    def every_record_reads_as_the_model(self) -> None:
        read = [record.dict() for record in self.contract.registrations(1, 2**256 - 1)]
        for record in read:
            del record["registeredAt"]
            record.update({name: bytes(record[name]) for name in ("keyThumbprint", "commitment")})
        assert read == [entry.record() for entry in self.entries]
        assert self.contract.registrationCount() == len(self.entries)

    @invariant()
    def every_move_is_kept(self) -> None:
        for entry in self.entries:
            moves = [change[0] for change in self.contract.statusChanges(entry.id, 0, 2**256 - 1)]
            assert moves == entry.moves

    @invariant()
    def a_pair_has_at_most_one_live_registration(self) -> None:
        live = [(entry.userDevice, entry.device) for entry in self.entries if entry.status in LIVE]
        assert len(live) == len(set(live))
        for pair in ((1, 1), (1, 2), (2, 1), (2, 2)):
            latest = self.latest(*pair)
            assert self.contract.latestRegistration(*pair) == (latest.id if latest else 0)


def test_a_registrations_status_moves_only_as_allowed(
    chain: Any, registration: Any, actors: Actors, thumbprint: Callable[..., bytes]
) -> None:
    """After any sequence of registrations, moves and rotations every record and every history equals the model's."""
    walk(RegistrationMachine, chain, registration, actors, thumbprint)


# ----------------------------------------------------------------------------------------------------------- key custody


class CustodyMachine(Walk):
    """A division is written once, in its order, and no other ever changes it."""

    # One more custodian than there are, so that unknown ones are tried.
    custodians = st.lists(st.integers(min_value=0, max_value=4), max_size=4)
    numbers = st.sampled_from([1, 1, 2, 2, 3])
    names = st.sampled_from(["a", "a", "b"])
    thresholds = st.integers(min_value=0, max_value=4)

    def __init__(self, chain: Any, contract: Any, actors: Actors, registration: Any) -> None:
        super().__init__(chain, contract, actors)
        self.sender = {"from": actors.server}
        self.divisions: dict[str, list[tuple[int, list[tuple[int, bytes]]]]] = {"a": [], "b": []}
        for number in range(1, 4):
            registration.enrolService(*keys(f"custodian {number}"), {"from": actors.authority})

    @rule(name=names, number=numbers, threshold=thresholds, custodians=custodians, salt=st.integers(0, 2))
    def divide(self, name: str, number: int, threshold: int, custodians: list[int], salt: int) -> None:
        shares = [(custodian, word(f"share {salt}, {place}")) for place, custodian in enumerate(custodians)]
        refusal = self.refusal(name, number, threshold, custodians)
        if settle(refusal, lambda: self.contract.divide(word(name), number, threshold, shares, self.sender)):
            self.divisions[name].append((threshold, shares))

    def refusal(self, name: str, number: int, threshold: int, custodians: list[int]) -> Refusal:
        following = len(self.divisions[name]) + 1
        if number != following:
            return ("KeyCustody_NumberMismatch", word(name), number, following)
        if not 1 <= threshold <= len(custodians):
            return ("KeyCustody_MalformedDivision", threshold, len(custodians))
        for place, custodian in enumerate(custodians):
            if not 1 <= custodian <= 3:
                return ("Registration_UnknownService", custodian)
            if custodian in custodians[:place]:
                return ("KeyCustody_RepeatedCustodian", custodian)
        return None

    @invariant()
    def every_division_reads_as_the_model(self) -> None:
        for name, divisions in self.divisions.items():
            assert self.contract.divisionCount(word(name)) == len(divisions)
            for number, (threshold, shares) in enumerate(divisions, start=1):
                found, _, kept = self.contract.divisionByNumber(word(name), number)
                assert (found, [(custodian, bytes(share)) for custodian, share in kept]) == (threshold, shares)


def test_a_division_is_written_once_in_its_order(
    chain: Any, key_custody: Any, actors: Actors, registration: Any
) -> None:
    """After any sequence of divisions, every one of each commitment equals the model's."""
    walk(CustodyMachine, chain, key_custody, actors, registration)


# ------------------------------------------------------------------------------------------------------- update registry


OWNERS = {1: "manufacturer", 2: "rival"}


@dataclass
class Version:
    """One version of a product, as the model keeps it."""

    product: int
    version: int
    status: int = REQUESTED
    pkg_id: bytes = NOTHING
    approvers: list[Any] = field(default_factory=list)


class UpdateMachine(Walk):
    """Versions only rise, each goes through the steps in order, and only approved ones are ever vouched for."""

    products = st.sampled_from([1, 1, 2])
    # Few of each, so that a walk gets to the end of the steps.
    numbers = st.sampled_from([1, 1, 2, 3])
    names = st.sampled_from(["a", "a", "b"])
    approvers = st.sampled_from(["approver", "second_approver", "third_approver"])
    manufacturers = st.sampled_from(["manufacturer", "manufacturer", "rival"])

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.versions: list[Version] = []
        for owner in OWNERS.values():
            self.contract.registerProduct("lock", "model A", {"from": getattr(self.actors, owner)})

    @rule(product=products, version=numbers, manufacturer=manufacturers)
    def request(self, product: int, version: int, manufacturer: str) -> None:
        highest = max((v.version for v in self.versions if v.product == product), default=0)
        refusal = self.owner_refusal(product, manufacturer)
        if not refusal and version <= highest:
            refusal = ("UpdateRegistry_VersionNotHigher", product, version, highest)
        sender = {"from": getattr(self.actors, manufacturer)}
        if settle(refusal, lambda: self.contract.requestVersion(product, version, sender)):
            self.versions.append(Version(product, version))

    @rule(product=products, version=numbers)
    def issue(self, product: int, version: int) -> None:
        refusal = self.step_refusal(product, version, REQUESTED)
        arguments = (product, version, word("VerID"), {"from": self.actors.authority})
        if settle(refusal, lambda: self.contract.issueVersion(*arguments)):
            self.at(product, version).status = ISSUED

    @rule(product=products, version=numbers, name=names, manufacturer=manufacturers)
    def record(self, product: int, version: int, name: str, manufacturer: str) -> None:
        offered = package(name)
        refusal = self.owner_refusal(product, manufacturer) or self.step_refusal(product, version, ISSUED)
        if not refusal and self.holding(offered.pkg_id):
            refusal = ("UpdateRegistry_PackageIdReused", offered.pkg_id)
        sender = {"from": getattr(self.actors, manufacturer)}
        if settle(refusal, lambda: self.contract.recordPackage(product, version, *offered, sender)):
            recorded = self.at(product, version)
            recorded.status, recorded.pkg_id = RECORDED, offered.pkg_id

    @rule(name=names, by=approvers)
    def approve(self, name: str, by: str) -> None:
        pkg_id, approver = package(name).pkg_id, getattr(self.actors, by)
        held, refusal = self.standing(pkg_id)
        if held and not refusal and approver in held.approvers:
            refusal = ("UpdateRegistry_AlreadyApprovedBy", pkg_id, approver)
        if settle(refusal, lambda: self.contract.approve(pkg_id, {"from": approver})):
            held.approvers.append(approver)
            held.status = APPROVED if len(held.approvers) >= APPROVALS_REQUIRED else RECORDED

    @rule(name=names, manufacturer=manufacturers)
    def withdraw(self, name: str, manufacturer: str) -> None:
        pkg_id = package(name).pkg_id
        held, refusal = self.standing(pkg_id)
        if held:
            refusal = self.owner_refusal(held.product, manufacturer) or refusal
        sender = {"from": getattr(self.actors, manufacturer)}
        if settle(refusal, lambda: self.contract.withdraw(pkg_id, sender)):
            held.status = PACKAGE_WITHDRAWN

    def at(self, product: int, version: int) -> Any:
        """The model's version, or None."""
        return next((v for v in self.versions if (v.product, v.version) == (product, version)), None)

    def holding(self, pkg_id: bytes) -> Any:
        """The version that holds a PkgID, or None."""
        return next((v for v in self.versions if v.pkg_id == pkg_id), None)

    def standing(self, pkg_id: bytes) -> tuple[Any, Refusal]:
        """The version that holds a PkgID, and the refusal if there is none or it was withdrawn."""
        held = self.holding(pkg_id)
        if not held:
            return held, ("UpdateRegistry_UnknownPackage", pkg_id)
        return held, ("UpdateRegistry_Withdrawn", pkg_id) if held.status == PACKAGE_WITHDRAWN else None

    def owner_refusal(self, product: int, manufacturer: str) -> Refusal:
        if OWNERS[product] == manufacturer:
            return None
        return ("UpdateRegistry_NotManufacturer", product, getattr(self.actors, manufacturer))

    def step_refusal(self, product: int, version: int, status: int) -> Refusal:
        at = self.at(product, version)
        if not at:
            return ("UpdateRegistry_UnknownVersion", product, version)
        return None if at.status == status else ("UpdateRegistry_WrongStep", product, version, at.status)

    @invariant()
    def every_version_reads_as_the_model(self) -> None:
        for product in OWNERS:
            read = [
                (entry["version"], entry["status"], bytes(entry["pkgId"]), entry["approvals"])
                for entry in self.contract.packages(product, 0, 2**256 - 1)
            ]
            expected = [v for v in self.versions if v.product == product]
            assert read == [(v.version, v.status, v.pkg_id, len(v.approvers)) for v in expected]
            assert [entry[0] for entry in read] == sorted({entry[0] for entry in read})

    @invariant()
    def the_latest_is_the_highest_approved(self) -> None:
        for product in OWNERS:
            approved = [v.version for v in self.versions if v.product == product and v.status == APPROVED]
            if approved:
                assert self.contract.latest(product)["version"] == max(approved)
            else:
                with reverts("UpdateRegistry_NothingApproved", product):
                    self.contract.latest(product)

    @invariant()
    def only_what_is_approved_is_vouched_for(self) -> None:
        for name in ("a", "b"):
            offered = package(name)
            held, refusal = self.standing(offered.pkg_id)
            if not refusal and held.status != APPROVED:
                refusal = ("UpdateRegistry_NotApproved", offered.pkg_id, held.status)
            settle(refusal, partial(self.contract.validate, *offered[:2]))


def test_versions_only_rise_and_only_the_approved_are_vouched_for(
    chain: Any, update_registry: Any, actors: Actors
) -> None:
    """After any sequence of steps by any actors every version, the latest and every verdict equal the model's."""
    walk(UpdateMachine, chain, update_registry, actors)
