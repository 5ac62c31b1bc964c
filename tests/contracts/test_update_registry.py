"""UpdateRegistry: products and the steps R1 to R6, withdrawal, and what a device may install."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.conftest import APPROVALS_REQUIRED, Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import (
    APPROVED,
    ISSUED,
    NONE,
    NOTHING,
    RECORDED,
    REQUESTED,
    WITHDRAWN,
    package,
    word,
)

LARGEST = 2**64 - 1

Act = Callable[[], Any]


@pytest.fixture
def product(update_registry: Any, actors: Actors) -> int:
    """The manufacturer's lock, on its first hardware model."""
    receipt = update_registry.registerProduct("lock", "model A", {"from": actors.manufacturer})
    return int(receipt.events["ProductRegistered"]["product"])


class Steps:
    """The steps of one product's versions, each sent by the actor whose step it is. A version names its package."""

    def __init__(self, update_registry: Any, actors: Actors, product: int) -> None:
        self.registry, self.actors, self.product = update_registry, actors, product

    def request(self, version: int) -> Any:
        return self.registry.requestVersion(self.product, version, {"from": self.actors.manufacturer})

    def issue(self, version: int) -> Any:
        commitment = word(f"VerID {version}")
        return self.registry.issueVersion(self.product, version, commitment, {"from": self.actors.authority})

    def record(self, version: int) -> Any:
        offered = package(f"version {version}")
        return self.registry.recordPackage(self.product, version, *offered, {"from": self.actors.manufacturer})

    def approve(self, version: int) -> Any:
        """By as many approvers as are required."""
        for approver in (self.actors.approver, self.actors.second_approver):
            receipt = self.registry.approve(package(f"version {version}").pkg_id, {"from": approver})
        return receipt

    def withdraw(self, version: int) -> Any:
        return self.registry.withdraw(package(f"version {version}").pkg_id, {"from": self.actors.manufacturer})

    def reach(self, status: int, version: int = 1) -> None:
        """Takes a version through all steps up to `status`."""
        for reached, step in (
            (REQUESTED, self.request),
            (ISSUED, self.issue),
            (RECORDED, self.record),
            (APPROVED, self.approve),
            (WITHDRAWN, self.withdraw),
        ):
            if reached <= status:
                step(version)

    def latest(self) -> int:
        return int(self.registry.latest(self.product)["version"])

    def status(self, version: int = 1) -> int:
        return int(self.registry.packageAt(self.product, version)["status"])


@pytest.fixture
def steps(update_registry: Any, actors: Actors, product: int) -> Steps:
    return Steps(update_registry, actors, product)


# ----------------------------------------------------------------------------------------------------------- deployment


def test_at_least_one_approval_is_required(UpdateRegistry: Any, permissions: Any, actors: Actors) -> None:  # noqa: N803
    """A registry that approves without approvers is not deployed; one that asks for one is."""
    with reverts("UpdateRegistry_NoApprovalsRequired"):
        actors.admin.deploy(UpdateRegistry, permissions, 0)
    assert actors.admin.deploy(UpdateRegistry, permissions, 1).approvalsRequired() == 1


def test_the_number_of_approvals_is_readable(update_registry: Any) -> None:
    """It is the one that the network was deployed with."""
    assert update_registry.approvalsRequired() == APPROVALS_REQUIRED


# -------------------------------------------------------------------------------------------------------------- product


def test_a_product_belongs_to_who_registers_it(update_registry: Any, actors: Actors) -> None:
    """The sender becomes its manufacturer; identifiers follow one another from 1."""
    assert update_registry.productCount() == 0
    assert update_registry.registerProduct.call("lock", "model A", {"from": actors.manufacturer}) == 1
    receipt = update_registry.registerProduct("lock", "model A", {"from": actors.manufacturer})
    assert dict(receipt.events["ProductRegistered"]) == {
        "product": 1,
        "manufacturer": actors.manufacturer.address,
        "line": "lock",
        "hardwareModel": "model A",
    }
    assert tuple(update_registry.productById(1)) == (1, actors.manufacturer.address, "lock", "model A")
    update_registry.registerProduct("camera", "model A", {"from": actors.rival})
    assert tuple(update_registry.productById(2)) == (2, actors.rival.address, "camera", "model A")
    assert update_registry.productCount() == 2


@pytest.mark.parametrize("name", ["", "x" * 65, "é" * 33])
def test_a_name_has_1_to_64_bytes(update_registry: Any, actors: Actors, name: str) -> None:
    """None or more than 64 bytes, counted in UTF-8, is refused with the name, whichever of the two it is."""
    with reverts("UpdateRegistry_MalformedName", name):
        update_registry.registerProduct(name, "model A", {"from": actors.manufacturer})
    with reverts("UpdateRegistry_MalformedName", name):
        update_registry.registerProduct("lock", name, {"from": actors.manufacturer})


@pytest.mark.parametrize("name", ["x", "x" * 64, "é" * 32])
def test_a_name_of_1_or_64_bytes_is_good(update_registry: Any, actors: Actors, name: str) -> None:
    """Both ends of the range."""
    update_registry.registerProduct(name, name, {"from": actors.manufacturer})
    assert tuple(update_registry.productById(1))[2:] == (name, name)


def test_a_product_is_registered_once(update_registry: Any, actors: Actors, product: int) -> None:
    """The same line on the same model again is refused and says which it is."""
    with reverts("UpdateRegistry_ProductAlreadyRegistered", product):
        update_registry.registerProduct("lock", "model A", {"from": actors.manufacturer})


def test_names_are_a_manufacturers_own(update_registry: Any, actors: Actors, product: int) -> None:
    """Nobody can keep another manufacturer from a name by taking it first."""
    update_registry.registerProduct("lock", "model A", {"from": actors.rival})
    assert update_registry.productById(product)["manufacturer"] == actors.manufacturer
    assert update_registry.productById(product + 1)["manufacturer"] == actors.rival


def test_line_and_model_do_not_run_together(update_registry: Any, actors: Actors, product: int) -> None:
    """The boundary between the two names counts, and each name does."""
    for line, model in (("lockm", "odel A"), ("lock", "model B"), ("camera", "model A")):
        update_registry.registerProduct(line, model, {"from": actors.manufacturer})
    assert update_registry.productCount() == 4


@pytest.mark.parametrize("unknown", [0, 2, 2**48 - 1])
def test_a_product_never_registered_is_unknown(
    update_registry: Any, actors: Actors, product: int, unknown: int
) -> None:
    """0 stands for none, and the next one is not there yet: for every function that names a product."""
    manufacturer = {"from": actors.manufacturer}
    refused: list[Act] = [
        lambda: update_registry.requestVersion(unknown, 1, manufacturer),
        lambda: update_registry.issueVersion(unknown, 1, word("VerID"), {"from": actors.authority}),
        lambda: update_registry.recordPackage(unknown, 1, *package("x"), manufacturer),
        lambda: update_registry.productById(unknown),
        lambda: update_registry.latest(unknown),
        lambda: update_registry.packageAt(unknown, 1),
        lambda: update_registry.versionCount(unknown),
        lambda: update_registry.packages(unknown, 0, 10),
    ]
    for act in refused:
        with reverts("UpdateRegistry_UnknownProduct", unknown):
            act()


# ---------------------------------------------------------------------------------------------------------------- steps


def test_a_package_goes_through_r1_to_r6(steps: Steps, chain: Any) -> None:
    """Each step brings its fields, and what a step has not yet brought is zero."""
    registry, offered = steps.registry, package("version 7")
    requested = steps.request(7)
    at = chain[requested.block_number].timestamp
    assert tuple(registry.packageAt(1, 7))[:5] == (1, 7, REQUESTED, at, 0)
    assert [bytes(field) for field in tuple(registry.packageAt(1, 7))[5:8]] == [NOTHING] * 3

    steps.issue(7)
    issued = registry.packageAt(1, 7)
    assert (issued["status"], bytes(issued["verIdCommitment"]), issued["length"]) == (ISSUED, word("VerID 7"), 0)

    steps.record(7)
    recorded = registry.packageAt(1, 7)
    assert (bytes(recorded["pkgId"]), bytes(recorded["digest"]), recorded["length"]) == tuple(offered)
    assert (recorded["status"], recorded["approvals"]) == (RECORDED, 0)

    steps.approve(7)
    approved = registry.packageAt(1, 7)
    assert approved.dict() == {**recorded.dict(), "status": APPROVED, "approvals": 2}
    assert registry.packageById(offered.pkg_id) == approved


def test_each_step_is_published(steps: Steps, actors: Actors) -> None:
    """An auditor can follow a package from event to event."""
    offered = package("version 7")
    assert dict(steps.request(7).events["VersionRequested"]) == {"product": 1, "version": 7}
    issued = steps.issue(7).events["VersionIssued"]
    assert (issued["product"], issued["version"], bytes(issued["verIdCommitment"])) == (1, 7, word("VerID 7"))
    recorded = steps.record(7).events["PackageRecorded"]
    assert (recorded["product"], recorded["version"]) == (1, 7)
    assert (bytes(recorded["pkgId"]), bytes(recorded["digest"]), recorded["length"]) == tuple(offered)
    approved = steps.approve(7).events["PackageApproved"]
    assert (bytes(approved["pkgId"]), approved["approver"]) == (offered.pkg_id, actors.second_approver.address)
    assert approved["approvals"] == 2
    assert bytes(steps.withdraw(7).events["PackageWithdrawn"]["pkgId"]) == offered.pkg_id


@pytest.mark.parametrize("start", [REQUESTED, ISSUED, RECORDED, APPROVED, WITHDRAWN])
def test_a_version_is_issued_once_and_only_when_requested(steps: Steps, start: int) -> None:
    """R2 and R3 follow R1 and nothing else."""
    steps.reach(start)
    if start == REQUESTED:
        steps.issue(1)
        assert steps.status() == ISSUED
    else:
        with reverts("UpdateRegistry_WrongStep", 1, 1, start):
            steps.issue(1)


@pytest.mark.parametrize("start", [REQUESTED, ISSUED, RECORDED, APPROVED, WITHDRAWN])
def test_a_package_is_recorded_once_and_only_when_issued(steps: Steps, start: int) -> None:
    """R5 follows R3 and nothing else, so a record is never overwritten."""
    steps.reach(start)
    offered = package("another")
    if start == ISSUED:
        steps.registry.recordPackage(1, 1, *offered, {"from": steps.actors.manufacturer})
        assert steps.status() == RECORDED
    else:
        with reverts("UpdateRegistry_WrongStep", 1, 1, start):
            steps.registry.recordPackage(1, 1, *offered, {"from": steps.actors.manufacturer})


@pytest.mark.parametrize("start", [RECORDED, APPROVED, WITHDRAWN])
def test_a_package_is_withdrawn_once(steps: Steps, start: int) -> None:
    """Recorded or approved, it can be taken back; withdrawn, it stays so."""
    steps.reach(start)
    if start == WITHDRAWN:
        with reverts("UpdateRegistry_Withdrawn", package("version 1").pkg_id):
            steps.withdraw(1)
    else:
        steps.withdraw(1)
        assert steps.status() == WITHDRAWN


@pytest.mark.parametrize("version", [0, 2, LARGEST])
def test_a_version_never_requested_is_unknown(steps: Steps, version: int) -> None:
    """It can be neither issued nor recorded nor read."""
    steps.request(1)
    refused: list[Act] = [
        lambda: steps.issue(version),
        lambda: steps.record(version),
        lambda: steps.registry.packageAt(1, version),
    ]
    for act in refused:
        with reverts("UpdateRegistry_UnknownVersion", 1, version):
            act()


def test_a_version_of_another_product_is_unknown(steps: Steps) -> None:
    """Each product counts its own versions."""
    steps.registry.registerProduct("camera", "model A", {"from": steps.actors.manufacturer})
    steps.request(1)
    with reverts("UpdateRegistry_UnknownVersion", 2, 1):
        steps.registry.issueVersion(2, 1, word("VerID"), {"from": steps.actors.authority})
    steps.registry.requestVersion(2, 1, {"from": steps.actors.manufacturer})
    assert steps.registry.packageAt(2, 1)["product"] == 2


@pytest.mark.parametrize("unknown", [NOTHING, word("nobody's PkgID")])
def test_a_package_never_recorded_is_unknown(steps: Steps, unknown: bytes) -> None:
    """It can be neither approved nor withdrawn, validated or read."""
    steps.reach(ISSUED)
    registry, actors = steps.registry, steps.actors
    refused: list[Act] = [
        lambda: registry.approve(unknown, {"from": actors.approver}),
        lambda: registry.withdraw(unknown, {"from": actors.manufacturer}),
        lambda: registry.validate(unknown, word("digest")),
        lambda: registry.packageById(unknown),
        lambda: registry.hasApproved(unknown, actors.approver),
    ]
    for act in refused:
        with reverts("UpdateRegistry_UnknownPackage", unknown):
            act()


def test_a_commitment_to_nothing_is_refused(steps: Steps) -> None:
    """Zero commits to no VerID."""
    steps.request(1)
    with reverts("UpdateRegistry_EmptyCommitment"):
        steps.registry.issueVersion(1, 1, NOTHING, {"from": steps.actors.authority})


@pytest.mark.parametrize(
    "offered",
    [(NOTHING, word("digest"), 10), (word("PkgID"), NOTHING, 10), (word("PkgID"), word("digest"), 0)],
    ids=["no PkgID", "no digest", "no data"],
)
def test_an_empty_package_is_refused(steps: Steps, offered: tuple[bytes, bytes, int]) -> None:
    """PkgID, digest and length are all there, or nothing is recorded."""
    steps.reach(ISSUED)
    with reverts("UpdateRegistry_EmptyPackage"):
        steps.registry.recordPackage(1, 1, *offered, {"from": steps.actors.manufacturer})


def test_a_pkgid_is_used_once_in_the_whole_network(steps: Steps) -> None:
    """Neither the same manufacturer nor another records it again, for any version of any product."""
    steps.reach(RECORDED)
    used = package("version 1")
    steps.request(2)
    steps.issue(2)
    with reverts("UpdateRegistry_PackageIdReused", used.pkg_id):
        steps.registry.recordPackage(1, 2, *used, {"from": steps.actors.manufacturer})
    rival = {"from": steps.actors.rival}
    steps.registry.registerProduct("lock", "model R", rival)
    steps.registry.requestVersion(2, 1, rival)
    steps.registry.issueVersion(2, 1, word("VerID"), {"from": steps.actors.authority})
    with reverts("UpdateRegistry_PackageIdReused", used.pkg_id):
        steps.registry.recordPackage(2, 1, *used, rival)


# ------------------------------------------------------------------------------------------------------------- versions


def test_versions_only_rise(steps: Steps) -> None:
    """Each version asked for is higher than any before; gaps are allowed."""
    steps.request(5)
    for version in (0, 1, 4, 5):
        with reverts("UpdateRegistry_VersionNotHigher", 1, version, 5):
            steps.request(version)
    steps.request(6)
    steps.request(LARGEST)
    for version in (7, LARGEST):
        with reverts("UpdateRegistry_VersionNotHigher", 1, version, LARGEST):
            steps.request(version)


def test_version_zero_is_none(steps: Steps) -> None:
    """A product's first version is at least 1."""
    with reverts("UpdateRegistry_VersionNotHigher", 1, 0, 0):
        steps.request(0)
    steps.request(1)


def test_a_withdrawn_version_is_not_requested_again(steps: Steps) -> None:
    """Withdrawal frees no number."""
    steps.reach(WITHDRAWN, 3)
    with reverts("UpdateRegistry_VersionNotHigher", 1, 3, 3):
        steps.request(3)


# ------------------------------------------------------------------------------------------------------------- approval


def test_a_package_is_approved_by_as_many_as_required(steps: Steps) -> None:
    """One of two is not enough; the second makes it approved; a third may still join."""
    steps.reach(RECORDED)
    registry, actors, pkg_id = steps.registry, steps.actors, package("version 1").pkg_id
    expected = [(actors.approver, RECORDED), (actors.second_approver, APPROVED), (actors.third_approver, APPROVED)]
    for approvals, (approver, status) in enumerate(expected, start=1):
        assert not registry.hasApproved(pkg_id, approver)
        registry.approve(pkg_id, {"from": approver})
        assert registry.hasApproved(pkg_id, approver)
        read = registry.packageById(pkg_id)
        assert (read["approvals"], read["status"]) == (approvals, status)


def test_an_approver_counts_once(steps: Steps) -> None:
    """The same approver again is refused, before and after the package is approved."""
    steps.reach(RECORDED)
    registry, approver, pkg_id = steps.registry, steps.actors.approver, package("version 1").pkg_id
    registry.approve(pkg_id, {"from": approver})
    with reverts("UpdateRegistry_AlreadyApprovedBy", pkg_id, approver):
        registry.approve(pkg_id, {"from": approver})
    registry.approve(pkg_id, {"from": steps.actors.second_approver})
    with reverts("UpdateRegistry_AlreadyApprovedBy", pkg_id, approver):
        registry.approve(pkg_id, {"from": approver})
    assert registry.packageById(pkg_id)["approvals"] == 2


@pytest.mark.parametrize("start", [RECORDED, APPROVED])
def test_a_withdrawn_package_is_not_approved(steps: Steps, start: int) -> None:
    """However far it had come, no approval brings it back."""
    steps.reach(start)
    steps.withdraw(1)
    pkg_id = package("version 1").pkg_id
    with reverts("UpdateRegistry_Withdrawn", pkg_id):
        steps.registry.approve(pkg_id, {"from": steps.actors.third_approver})


# -------------------------------------------------------------------------------------------------------- manufacturers


def test_only_its_manufacturer_takes_the_steps_of_a_product(steps: Steps) -> None:
    """Another manufacturer can neither request nor record nor withdraw, though it holds the same role."""
    registry, rival = steps.registry, steps.actors.rival
    refused: list[tuple[int, Act]] = [
        (NONE, lambda: registry.requestVersion(1, 1, {"from": rival})),
        (ISSUED, lambda: registry.recordPackage(1, 1, *package("forged"), {"from": rival})),
        (RECORDED, lambda: registry.withdraw(package("version 1").pkg_id, {"from": rival})),
    ]
    for status, act in refused:
        if status == ISSUED:
            steps.request(1)
            steps.issue(1)
        if status == RECORDED:
            steps.record(1)
        with reverts("UpdateRegistry_NotManufacturer", 1, rival):
            act()


# ----------------------------------------------------------------------------------------------------------- validation


def test_an_approved_package_is_validated(steps: Steps) -> None:
    """With its own digest the package comes back whole."""
    steps.reach(APPROVED)
    offered = package("version 1")
    assert steps.registry.validate(offered.pkg_id, offered.digest) == steps.registry.packageById(offered.pkg_id)


def test_another_digest_is_refused(steps: Steps) -> None:
    """One flipped bit, and the refusal says both digests."""
    steps.reach(APPROVED)
    offered = package("version 1")
    flipped = bytes([offered.digest[0] ^ 1]) + offered.digest[1:]
    for digest in (flipped, NOTHING, word("swapped")):
        with reverts("UpdateRegistry_DigestMismatch", offered.pkg_id, offered.digest, digest):
            steps.registry.validate(offered.pkg_id, digest)


def test_a_package_that_is_not_yet_approved_is_refused(steps: Steps) -> None:
    """Recorded is not enough, nor is one approval of two."""
    steps.reach(RECORDED)
    offered = package("version 1")
    with reverts("UpdateRegistry_NotApproved", offered.pkg_id, RECORDED):
        steps.registry.validate(offered.pkg_id, offered.digest)
    steps.registry.approve(offered.pkg_id, {"from": steps.actors.approver})
    with reverts("UpdateRegistry_NotApproved", offered.pkg_id, RECORDED):
        steps.registry.validate(offered.pkg_id, offered.digest)


def test_a_withdrawn_package_is_refused(steps: Steps) -> None:
    """Even with its own digest."""
    steps.reach(WITHDRAWN)
    offered = package("version 1")
    with reverts("UpdateRegistry_Withdrawn", offered.pkg_id):
        steps.registry.validate(offered.pkg_id, offered.digest)


# --------------------------------------------------------------------------------------------------------------- latest


def test_the_latest_is_the_highest_approved(steps: Steps) -> None:
    """A version on its way does not count, in whatever order versions are approved."""
    for version in (1, 2, 3):
        steps.reach(RECORDED, version)
    steps.approve(2)
    assert steps.latest() == 2
    steps.approve(1)
    assert steps.latest() == 2
    steps.approve(3)
    assert steps.latest() == 3
    steps.request(4)
    assert steps.latest() == 3
    assert steps.registry.latest(1) == steps.registry.packageAt(1, 3)


def test_withdrawal_brings_the_one_before_back(steps: Steps) -> None:
    """The latest falls back past every withdrawn version, and at last there is none."""
    for version in (1, 2, 3):
        steps.reach(APPROVED, version)
    steps.withdraw(2)
    assert steps.registry.latest(1)["version"] == 3
    steps.withdraw(3)
    assert steps.registry.latest(1)["version"] == 1
    steps.withdraw(1)
    with reverts("UpdateRegistry_NothingApproved", 1):
        steps.registry.latest(1)
    steps.reach(APPROVED, 4)
    assert steps.registry.latest(1)["version"] == 4


@pytest.mark.parametrize("status", [NONE, REQUESTED, ISSUED, RECORDED])
def test_a_product_with_nothing_approved_has_no_latest(steps: Steps, status: int) -> None:
    """There is nothing to install before the first approval."""
    steps.reach(status)
    with reverts("UpdateRegistry_NothingApproved", 1):
        steps.registry.latest(1)


# -------------------------------------------------------------------------------------------------------------- history


@pytest.mark.parametrize(
    ("offset", "limit", "page"),
    [
        (0, 2, [10, 20]),
        (2, 2, [30, 40]),
        (4, 2, [50]),
        (0, 5, [10, 20, 30, 40, 50]),
        (5, 2, []),
        (0, 0, []),
        (3, 2**256 - 1, [40, 50]),
        (2**256 - 1, 2**256 - 1, []),
    ],
)
def test_versions_are_read_page_by_page(steps: Steps, offset: int, limit: int, page: list[int]) -> None:
    """In rising order, at most as many as asked for, fewer or none past the end, whatever the numbers."""
    assert steps.registry.versionCount(1) == 0
    for version in (10, 20, 30, 40, 50):
        steps.request(version)
    assert steps.registry.versionCount(1) == 5
    read = steps.registry.packages(1, offset, limit)
    assert list(read) == [steps.registry.packageAt(1, version) for version in page]


def test_withdrawal_changes_nothing_but_the_status(steps: Steps) -> None:
    """What was recorded of a withdrawn package stays readable."""
    steps.reach(APPROVED)
    before = steps.registry.packageAt(1, 1).dict()
    steps.withdraw(1)
    assert steps.registry.packageAt(1, 1).dict() == {**before, "status": WITHDRAWN}
    assert list(steps.registry.packages(1, 0, 9)) == [steps.registry.packageAt(1, 1)]
