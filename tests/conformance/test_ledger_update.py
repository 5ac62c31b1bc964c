"""Products and packages: every ledger takes them through R1 to R6, and refuses, alike."""

import time
from collections.abc import Callable

import pytest

from certchain.errors import (
    AlreadyApprovedBy,
    DigestMismatch,
    EmptyPackage,
    EmptyVersionCommitment,
    MalformedName,
    NotApproved,
    NothingApproved,
    NotManufacturer,
    PackageIdReused,
    ProductAlreadyRegistered,
    UnknownPackage,
    UnknownProduct,
    UnknownVersion,
    VersionNotHigher,
    Withdrawn,
    WrongStep,
)
from certchain.ledger import UpdateLedger
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId
from certchain.models.update import Package, PackageStatus, Product
from tests.world import APPROVALS_REQUIRED, NOTHING, World, refused, word

NONE, REQUESTED, ISSUED, RECORDED, APPROVED, WITHDRAWN = PackageStatus


def test_a_product_is_its_manufacturers(world: World) -> None:
    updates, count = world["manufacturer"].updates, world["thief"].updates.product_count()

    product = updates.register_product("lock – Türschloß", f"model {count}")

    assert product == count + 1 == updates.product_count()
    expected = Product(product, world["manufacturer"].account, "lock – Türschloß", f"model {count}")
    assert world["thief"].updates.product(product) == expected


def test_a_manufacturer_registers_a_product_once(world: World) -> None:
    updates = world["manufacturer"].updates
    product = updates.product(world.product())

    with refused(ProductAlreadyRegistered(product.id)):
        updates.register_product(product.line, product.hardware_model)
    assert world["rival"].updates.register_product(product.line, product.hardware_model) > product.id


@pytest.mark.parametrize(
    ("line", "model", "wrong"), [("", "m", ""), ("é" * 33, "", "é" * 33), ("l", "x" * 65, "x" * 65)]
)
def test_a_name_has_1_to_64_bytes(world: World, line: str, model: str, wrong: str) -> None:
    with refused(MalformedName(wrong)):
        world["manufacturer"].updates.register_product(line, model)


def test_names_of_just_64_bytes_are_taken(world: World) -> None:
    longest = f"{world.product():064}"

    assert world["manufacturer"].updates.register_product(longest, "é" * 32)


def test_a_package_goes_step_by_step(world: World) -> None:
    """R1 to R6, and what each step brings."""
    manufacturer, authority = world["manufacturer"].updates, world["authority"].updates
    product, commitment, pkg_id, digest = world.product(), word(), word(), word()
    began = int(time.time())

    manufacturer.request_version(product, 7)
    requested = manufacturer.package_at(product, 7)
    assert requested == Package(product, 7, REQUESTED, requested.requested_at, 0, None, None, None, None)
    assert requested.requested_at >= began

    authority.issue_version(product, 7, commitment)
    issued = manufacturer.package_at(product, 7)
    assert (issued.status, issued.ver_id_commitment, issued.pkg_id) == (ISSUED, commitment, None)

    manufacturer.record_package(product, 7, pkg_id, digest, 2**40)
    recorded = manufacturer.package(pkg_id)
    assert (recorded.status, recorded.pkg_id, recorded.digest, recorded.length) == (RECORDED, pkg_id, digest, 2**40)

    world["approver"].updates.approve(pkg_id)
    once = manufacturer.package(pkg_id)
    assert (once.status, once.approvals) == (RECORDED, 1)

    world["second approver"].updates.approve(pkg_id)
    approved = manufacturer.package(pkg_id)
    assert (approved.status, approved.approvals) == (APPROVED, APPROVALS_REQUIRED)
    assert world["thief"].updates.validate(pkg_id, digest) == approved == manufacturer.package_at(product, 7)


def test_a_further_approval_is_counted(world: World) -> None:
    pkg_id, _ = world.approved(world.issued())

    world["third approver"].updates.approve(pkg_id)

    package = world["thief"].updates.package(pkg_id)
    assert (package.status, package.approvals) == (APPROVED, 3)


def test_a_refusal_whose_values_look_like_a_text_is_told_too(world: World) -> None:
    """The first value is the place of a text, and the second would be its length: more than there is memory for."""
    pkg_id = Digest((32).to_bytes(32, "big"))
    product, approver = world.issued(), world["approver"]
    world["manufacturer"].updates.record_package(product, 1, pkg_id, word(), 1)
    approver.updates.approve(pkg_id)

    with refused(AlreadyApprovedBy(pkg_id.value, approver.account)):
        approver.updates.approve(pkg_id)


def test_an_approver_counts_once(world: World) -> None:
    pkg_id, _ = world.recorded(world.issued())
    approver, thief = world["approver"], world["thief"]
    assert not thief.updates.has_approved(pkg_id, approver.account)

    approver.updates.approve(pkg_id)

    assert thief.updates.has_approved(pkg_id, approver.account)
    assert not thief.updates.has_approved(pkg_id, world["second approver"].account)
    with refused(AlreadyApprovedBy(pkg_id.value, approver.account)):
        approver.updates.approve(pkg_id)
    assert thief.updates.package(pkg_id).approvals == 1


def test_versions_only_rise(world: World) -> None:
    updates, product = world["manufacturer"].updates, world.product()
    with refused(VersionNotHigher(product, 0, 0)):
        updates.request_version(product, 0)
    updates.request_version(product, 5)

    for version in (0, 4, 5):
        with refused(VersionNotHigher(product, version, 5)):
            updates.request_version(product, version)
    updates.request_version(product, 6)

    assert updates.version_count(product) == 2


def test_only_its_manufacturer_takes_a_product_further(world: World) -> None:
    rival, product = world["rival"], world.issued()
    pkg_id, _ = world.recorded(product)
    not_his = NotManufacturer(product, rival.account)

    with refused(not_his):
        rival.updates.request_version(product, 2)
    with refused(not_his):
        rival.updates.record_package(product, 1, word(), word(), 1)
    with refused(not_his):
        rival.updates.withdraw(pkg_id)


def test_no_step_is_taken_twice_or_before_its_turn(world: World) -> None:
    manufacturer, authority = world["manufacturer"].updates, world["authority"].updates
    product = world.product()
    manufacturer.request_version(product, 1)

    with refused(WrongStep(product, 1, int(REQUESTED))):
        manufacturer.record_package(product, 1, NOTHING, word(), 1)
    authority.issue_version(product, 1, word())
    with refused(WrongStep(product, 1, int(ISSUED))):
        authority.issue_version(product, 1, NOTHING)
    world.recorded(product)
    with refused(WrongStep(product, 1, int(RECORDED))):
        manufacturer.record_package(product, 1, word(), word(), 1)


def test_a_step_brings_what_it_has_to(world: World) -> None:
    manufacturer, product = world["manufacturer"].updates, world.product()
    manufacturer.request_version(product, 1)
    with refused(EmptyVersionCommitment()):
        world["authority"].updates.issue_version(product, 1, NOTHING)
    world["authority"].updates.issue_version(product, 1, word())

    for pkg_id, digest, length in [(NOTHING, word(), 1), (word(), NOTHING, 1), (word(), word(), 0)]:
        with refused(EmptyPackage()):
            manufacturer.record_package(product, 1, pkg_id, digest, length)


def test_a_package_id_is_used_once_in_the_whole_network(world: World) -> None:
    pkg_id, _ = world.recorded(world.issued())
    other = world.issued()

    with refused(PackageIdReused(pkg_id.value)):
        world["manufacturer"].updates.record_package(other, 1, pkg_id, word(), 1)


def test_a_withdrawal_is_final(world: World) -> None:
    manufacturer = world["manufacturer"].updates
    pkg_id, digest = world.approved(world.issued())

    manufacturer.withdraw(pkg_id)

    assert manufacturer.package(pkg_id).status is WITHDRAWN
    gone = Withdrawn(pkg_id.value)
    with refused(gone):
        manufacturer.withdraw(pkg_id)
    with refused(gone):
        manufacturer.validate(pkg_id, digest)
    with refused(gone):
        world["approver"].updates.approve(pkg_id)


def test_only_an_approved_package_with_its_own_digest_is_valid(world: World) -> None:
    updates, other = world["thief"].updates, word()
    pkg_id, digest = world.recorded(world.issued())

    with refused(NotApproved(pkg_id.value, int(RECORDED))):
        updates.validate(pkg_id, other)
    world["approver"].updates.approve(pkg_id)
    world["second approver"].updates.approve(pkg_id)
    with refused(DigestMismatch(pkg_id.value, digest.value, other.value)):
        updates.validate(pkg_id, other)
    assert updates.validate(pkg_id, digest).pkg_id == pkg_id


def test_the_latest_is_the_highest_that_is_approved_and_not_withdrawn(world: World) -> None:
    manufacturer, product = world["manufacturer"].updates, world.issued(1)
    with refused(NothingApproved(product)):
        manufacturer.latest(product)
    world.approved(product, 1)
    world.issue(product, 2)
    second, _ = world.approved(product, 2)
    world.issue(product, 3)
    world.recorded(product, 3)

    assert manufacturer.latest(product).version == 2
    manufacturer.withdraw(second)
    assert manufacturer.latest(product).version == 1


def test_packages_are_read_page_by_page(world: World) -> None:
    updates, product = world["manufacturer"].updates, world.product()
    for version in (2, 3, 5):
        updates.request_version(product, version)

    pages = [updates.packages(product, offset, 2) for offset in (0, 2, 3)]

    assert [[package.version for package in page] for page in pages] == [[2, 3], [5], []]
    assert updates.packages(product, 1, 0) == ()
    assert len(updates.packages(product, 0, 2**256 - 1)) == 3


@pytest.mark.parametrize(
    "question",
    [
        lambda updates, product: updates.product(product),
        lambda updates, product: updates.latest(product),
        lambda updates, product: updates.version_count(product),
        lambda updates, product: updates.packages(product, 0, 1),
        lambda updates, product: updates.package_at(product, 1),
        lambda updates, product: updates.request_version(product, 0),
        lambda updates, product: updates.record_package(product, 1, NOTHING, NOTHING, 0),
    ],
)
def test_a_product_that_was_never_registered_is_unknown(
    world: World, question: Callable[[UpdateLedger, ProductId], object]
) -> None:
    updates = world["manufacturer"].updates
    for stranger in (ProductId(0), ProductId(updates.product_count() + 1)):
        with refused(UnknownProduct(stranger)):
            question(updates, stranger)
        with refused(UnknownProduct(stranger)):
            world["authority"].updates.issue_version(stranger, 1, word())


def test_a_version_that_was_never_requested_is_unknown(world: World) -> None:
    product = world.product()
    unknown = UnknownVersion(product, 9)

    with refused(unknown):
        world["thief"].updates.package_at(product, 9)
    with refused(unknown):
        world["authority"].updates.issue_version(product, 9, NOTHING)
    with refused(unknown):
        world["manufacturer"].updates.record_package(product, 9, NOTHING, NOTHING, 0)


def test_a_package_that_was_never_recorded_is_unknown(world: World) -> None:
    stranger = word()
    unknown = UnknownPackage(stranger.value)

    with refused(unknown):
        world["thief"].updates.package(stranger)
    with refused(unknown):
        world["thief"].updates.validate(stranger, word())
    with refused(unknown):
        world["thief"].updates.has_approved(stranger, world["thief"].account)
    with refused(unknown):
        world["approver"].updates.approve(stranger)
    with refused(unknown):
        world["manufacturer"].updates.withdraw(stranger)


def test_how_many_approvals_are_asked_for_is_known(world: World) -> None:
    assert world["thief"].updates.approvals_required() == APPROVALS_REQUIRED
