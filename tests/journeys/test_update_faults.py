"""Faults during a release and an update: at whatever moment, doing it again ends as if nothing had happened."""

import contextlib
import itertools
from collections.abc import Callable
from functools import partial

import pytest

from certchain.errors import CertchainError, LedgerTimeout, StorageUnavailable
from certchain.models.update import PackageStatus
from tests.faults import Fuse, PowerCut
from tests.industry import Industry, firmware

LENGTH = 140_000

FAULTS = {
    "power cut": PowerCut,
    "full disk": lambda: StorageUnavailable("the disk is full"),
    "lost receipt": lambda: LedgerTimeout("a change", "0x00"),
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Callable[[], BaseException]:
    return FAULTS[request.param]


def suffer(industry: Industry, moment: int, action: Callable[[], object]) -> bool:
    """Does it with a fault at the moment, and starts all processes again. Whether the moment came."""
    industry.fuse.arm(moment)
    with contextlib.suppress(PowerCut, CertchainError):
        action()
    burnt = industry.fuse.disarm()
    industry.restart()
    return burnt


def test_a_release_that_fails_at_any_moment_is_completed_by_doing_it_again(
    fault: Callable[[], BaseException],
) -> None:
    """R1–R7: one version, one approval, one package on the chain, and its file at the update server."""
    for moment in itertools.count(1):
        industry, data = Industry(fuse=Fuse(fault)), firmware(LENGTH)
        industry.product()

        burnt = suffer(industry, moment, partial(industry.release, 1, data))
        industry.release(1, data)

        (package,) = industry.account("manufacturer").updates.packages(industry.product(), 0, 10)
        assert (package.status, package.approvals) == (PackageStatus.APPROVED, 1)
        assert industry.device("hall").update().pkg_id == package.pkg_id
        assert b"".join(industry.store("hall").read("slot-a")) == data
        if not burnt:
            break
    assert moment > 20


def test_a_device_that_fails_at_any_moment_runs_the_old_package_or_the_new_one(
    fault: Callable[[], BaseException],
) -> None:
    """A5–A11: after the fault it boots, and after another try it runs the new one, with one receipt for each."""
    for moment in itertools.count(1):
        industry = Industry(fuse=Fuse(fault))
        industry.release(1, firmware(LENGTH))
        old = industry.device("hall").update()
        industry.release(2, firmware(LENGTH))

        burnt = suffer(industry, moment, industry.device("hall").update)

        hall = industry.device("hall")
        assert hall.boot() in {old, hall.installed()}
        assert hall.update().version == 2
        assert hall.boot() == hall.installed()
        assert len(industry.update_server.receipts()) == 2
        if not burnt:
            break
    assert moment > 5


def test_an_enrolment_that_fails_at_any_moment_is_completed_by_doing_it_again(
    fault: Callable[[], BaseException],
) -> None:
    """A service is enrolled once, and its account is known."""
    for moment in itertools.count(1):
        industry = Industry(fuse=Fuse(fault))
        keys = industry.identities["rival"].keys.generate().public
        account = industry.account("new").account

        enrol = partial(industry.authority.enrol_manufacturer, account, keys)
        burnt = suffer(industry, moment, enrol)
        service = industry.authority.enrol_manufacturer(account, keys)

        assert industry.account("new").registrations.service_count() == service == 4
        assert industry.authority.manufacturers()[service] == account
        if not burnt:
            break
    assert moment > 3


def test_a_receipt_that_the_update_server_could_not_keep_is_handed_over_later() -> None:
    """The update itself is done: an update server that fails cannot undo it."""
    industry = Industry(fuse=Fuse(FAULTS["full disk"]))
    industry.release(1, firmware(LENGTH))
    hall = industry.device("hall")
    industry.fuse.arm(5)  # the download and the switch touch four times, and the receipt comes next
    assert hall.update().version == 1
    assert industry.fuse.disarm()
    assert industry.update_server.receipts() == ()

    hall.update()

    assert len(industry.update_server.receipts()) == 1
