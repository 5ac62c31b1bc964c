"""Attack: change the app on the phone, or run another."""

from collections.abc import Callable
from pathlib import Path

import pytest

from certchain.errors import ChallengeRejected, InformationChanged, IntegrityFailed, MalformedValue, RecordExists
from tests.household import Household
from tests.wiretap import TurnedLock


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def patch(folder: Path) -> None:
    (folder / "main.js").write_text("open('the door'); tell('the thief')")


def flip(folder: Path) -> None:
    data = bytearray((folder / "lib" / "crypto.wasm").read_bytes())
    data[100] ^= 1
    (folder / "lib" / "crypto.wasm").write_bytes(data)


def add(folder: Path) -> None:
    (folder / ".hidden").write_bytes(b"")


def drop(folder: Path) -> None:
    (folder / "lib" / "crypto.wasm").unlink()


def rename(folder: Path) -> None:
    (folder / "main.js").rename(folder / "start.js")


@pytest.mark.parametrize("change", [patch, flip, add, drop, rename])
def test_a_changed_app_is_refused_and_stands_in_the_log(home: Household, change: Callable[[Path], None]) -> None:
    change(home.phone.folder)
    with pytest.raises(IntegrityFailed, match="changed"):
        home.certify()
    assert (home.server.last().step, home.server.last().reason) == ("C5", "IntegrityFailed")


def test_an_app_that_nobody_released_is_refused(home: Household) -> None:
    home.phone.version = "1.0-cracked"
    home.phone.restart()
    with pytest.raises(IntegrityFailed, match="unknown"):
        home.certify()


def test_a_revoked_app_is_refused_until_it_is_allowed_again(home: Household) -> None:
    home.server.role.apps.revoke("door", "1.0")
    with pytest.raises(IntegrityFailed, match="revoked"):
        home.certify()
    home.phone.folder = home.released_app("1.1")
    home.phone.version = "1.1"
    home.phone.restart()
    home.certify()


def test_an_app_cannot_be_released_a_second_time_with_other_files(home: Household) -> None:
    patch(home.phone.folder)
    with pytest.raises(RecordExists):
        home.server.role.apps.allow(home.vendor.release("door", "1.0", home.phone.folder).release)
    with pytest.raises(IntegrityFailed, match="changed"):
        home.certify()


def test_a_link_out_of_the_apps_folder_is_not_measured(home: Household, tmp_path: Path) -> None:
    (home.phone.folder / "lib" / "more").symlink_to(tmp_path)
    with pytest.raises(MalformedValue):
        home.certify()


def test_evidence_that_was_made_before_the_login_is_refused(home: Household) -> None:
    """Measured when the app was still whole: it answers another challenge."""
    turned = TurnedLock(home)
    whole = home.phone.role._claimant.equipment.app.evidence(b"\x66" * 32)
    with pytest.raises(ChallengeRejected, match="C5"):
        turned.open(turned.statement(home.phone.identity, evidence=whole))


def test_evidence_under_a_short_challenge_is_refused(home: Household) -> None:
    turned = TurnedLock(home, challenge=b"")
    with pytest.raises(MalformedValue, match="challenge"):
        turned.open(turned.statement(home.phone.identity))
    assert home.server.entries() == []


def test_the_statement_cannot_name_another_phones_information(home: Household) -> None:
    turned, other = TurnedLock(home), home.another_phone("b2")
    evidence = home.phone.role._claimant.equipment.app.evidence(turned.challenge)
    with pytest.raises(InformationChanged, match="describes itself"):
        turned.open(turned.statement(home.phone.identity, information=other.information, evidence=evidence))
