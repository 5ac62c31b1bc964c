"""R1–R7 and A1–A12, whole: what a manufacturer releases reaches every device of the product, and nothing else does."""

import io
import zipfile
from pathlib import Path

import pytest

from certchain.errors import NothingApproved, UnapprovedPackage, UnknownRecord
from certchain.models.certification import Signed
from certchain.models.delivery import InstallReceipt
from certchain.models.identifier import device_party
from certchain.models.update import PackageStatus
from certchain.storage.data import PackageBytes, PackageFile
from certchain.verification.statement import verify_statement
from certchain.verification.update import LowerVersion
from tests.industry import Industry, MemoryAccounts, firmware

PRIME_HUB = Path(__file__).parents[2] / "node_modules/@pybricks/firmware/build/primehub.zip"


def test_a_release_reaches_a_device_that_its_neighbour_tells_of_it() -> None:
    """A, the higher one, finds B lower (A3), tells it (A4), and B installs what the chain vouches for."""
    industry = Industry()
    hall, kitchen = industry.device("hall"), industry.device("kitchen")
    industry.release(1, firmware())
    kitchen.update()
    data = firmware(300_000)
    industry.release(2, data)
    hall.update()

    assert hall.compare(industry.to_device("kitchen")) is LowerVersion.THEIRS

    assert kitchen.version() == 2
    assert b"".join(industry.store("kitchen").read("slot-b")) == data
    assert kitchen.boot() == kitchen.installed() == hall.installed()


def test_the_lower_one_updates_itself_when_it_is_the_one_that_asks() -> None:
    """The other way round: B asks, finds itself lower, installs, and tells A."""
    industry = Industry()
    hall, kitchen = industry.device("hall"), industry.device("kitchen")
    industry.release(7, firmware())
    hall.update()

    assert kitchen.compare(industry.to_device("hall")) is LowerVersion.MINE

    assert kitchen.installed() == hall.installed()


def test_neighbours_of_the_same_version_leave_each_other_alone() -> None:
    industry = Industry()
    hall, kitchen = industry.device("hall"), industry.device("kitchen")

    assert hall.compare(industry.to_device("kitchen")) is LowerVersion.NEITHER
    assert kitchen.boot() is None
    with pytest.raises(NothingApproved):
        hall.update()


def test_a_real_firmware_image_of_a_hub_is_released_and_installed() -> None:
    """LEGO's SPIKE Prime hub (STM32F413): Pybricks' image of 296,756 bytes, as its package ships it."""
    with zipfile.ZipFile(io.BytesIO(PRIME_HUB.read_bytes())) as archive:
        image = archive.read("firmware-base.bin")
    industry = Industry()
    hub = industry.device("hub")

    published = industry.release(3, image)
    installed = hub.update()

    assert published.length == len(image) == 296_756
    assert installed is not None
    assert (installed.version, installed.pkg_id) == (3, published.pkg_id)
    assert b"".join(industry.store("hub").read("slot-a")) == image


def test_a_release_from_a_file_is_read_in_pieces(tmp_path: Path) -> None:
    industry = Industry()
    path = tmp_path / "image.bin"
    path.write_bytes(firmware(150_000))

    industry.manufacturer.release(
        industry.product(), 1, PackageFile(path), industry.to_authority(), industry.to_update_server()
    )

    industry.device("hall").update()
    assert b"".join(industry.store("hall").read("slot-a")) == path.read_bytes()


def test_the_device_signs_a_receipt_that_the_update_server_keeps() -> None:
    industry = Industry()
    hall = industry.device("hall")
    industry.release(1, firmware())
    hall.update()

    (receipt,) = industry.update_server.receipts()

    party = device_party(hall.device)
    records = hall.ledger.registrations.keys(party)
    said = verify_statement(receipt, InstallReceipt, party, records, industry.network)
    assert said == InstallReceipt(hall.device, hall.installed(), industry.clock.now())
    assert isinstance(receipt, Signed)


def test_two_approvers_have_to_agree_where_two_are_asked_for() -> None:
    """With one approval of two, no device installs; with the second, every device does."""
    industry = Industry(account=MemoryAccounts(approvals_required=2))
    hall = industry.device("hall")
    published = industry.release(1, firmware())
    with pytest.raises(NothingApproved):
        hall.update()

    industry.account("second approver").updates.approve(published.pkg_id)

    assert hall.update() is not None


def test_an_authority_that_holds_two_approver_accounts_approves_by_both() -> None:
    industry = Industry(account=MemoryAccounts(2), approver_names=("approver", "second approver"))
    product = industry.product()
    pkg_id = industry.manufacturer.request_version(product, 1, industry.to_authority())

    approval = industry.manufacturer.submit_package(product, 1, PackageBytes(firmware()), industry.to_authority())

    assert (approval.pkg_id, approval.approvals, approval.required) == (pkg_id, 2, 2)
    assert industry.authority.approve(pkg_id) == approval
    with pytest.raises(UnknownRecord):
        industry.authority.approve(approval.pkg_id.__class__(bytes(32)))


def test_after_a_withdrawal_the_package_before_is_the_latest() -> None:
    """The update server offers what the chain still approves; a withdrawal repeated changes nothing."""
    industry = Industry()
    first = industry.release(1, firmware())
    industry.release(2, firmware())

    for _ in range(2):
        industry.manufacturer.withdraw(industry.product(), 2)

    assert industry.device("hall").update().pkg_id == first.pkg_id
    second = industry.account("thief").updates.package_at(industry.product(), 2)
    assert second.status is PackageStatus.WITHDRAWN
    with pytest.raises(UnapprovedPackage):
        industry.manufacturer.publish(industry.product(), 2, PackageBytes(firmware()), industry.to_update_server())


def test_slots_are_used_in_turn() -> None:
    """The slot that runs is never written to."""
    industry = Industry()
    hall = industry.device("hall")
    images = [firmware(70_000) for _ in range(3)]
    for version, image in enumerate(images, 1):
        industry.release(version, image)
        hall.update()

    assert b"".join(industry.store("hall").read("slot-a")) == images[2]
    assert b"".join(industry.store("hall").read("slot-b")) == images[1]
