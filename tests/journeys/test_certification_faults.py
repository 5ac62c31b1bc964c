"""The power is cut, or a party is away, at every moment of an enrolment, a registration and a session: nothing is left unusable."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from certchain.errors import (
    AlreadyRegistered,
    KeyAlreadyEnrolled,
    LedgerTimeout,
    LogBacklogFull,
    LoginRefused,
    MalformedValue,
    PeerUnavailable,
    RegistrationRefused,
    StorageUnavailable,
)
from certchain.keys import KeyPair
from certchain.log import LogLimits
from certchain.models.certification import CertificationForward, LoginFailure, UserDeviceInformation
from certchain.models.entry import LoginOutcome
from certchain.models.identifier import device_party
from certchain.roles.iot_device.conversation import LoggedIn
from certchain.verification.login import LoginPolicy
from tests.databases import empty
from tests.faults import Fuse, Fused, PowerCut
from tests.household import SECRET, Household
from tests.industry import MemoryAccounts
from tests.wiretap import impersonation, tap_server

pytestmark = pytest.mark.usefixtures("each_database")

CHANGES = (
    "enrol_device",
    "enrol_user_device",
    "rotate_device_keys",
    "rotate_user_device_keys",
    "register",
    "supersede",
)
WRITES = ("put_device", "put_user_device", "put_key_data")


@dataclass(frozen=True, slots=True)
class FusedRegistrations:
    """A ledger whose registration contract touches the fuse."""

    ledger: Any
    registrations: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


def fused_home(fault: Callable[[], BaseException] = PowerCut) -> tuple[Household, Fuse]:
    """A household in which every durable change touches the fuse, before and after."""
    fuse, accounts = Fuse(fault), MemoryAccounts()

    def account(name: str) -> Any:
        ledger = accounts(name)
        return FusedRegistrations(ledger, Fused(ledger.registrations, fuse, CHANGES))

    home = Household(account)
    home.server.database = Fused(home.server.database, fuse, WRITES)
    home.server.log_store = Fused(home.server.log_store, fuse, ("append",))
    home.lock.store = Fused(home.lock.store, fuse, ("write", "remove"))
    home.phone.store = Fused(home.phone.store, fuse, ("write", "remove"))
    restart(home)
    return home, fuse


def restart(home: Household) -> None:
    home.server.restart()
    home.lock.restart()
    home.phone.restart()


def registrations(home: Household) -> int:
    count: int = home.account("anyone").registrations.registration_count()
    return count


def nothing(home: Household) -> None:
    """What a household is like after its enrolment."""


def registered(home: Household) -> None:
    home.register("old secret")


# ------------------------------------------------------------------------------------------------------- registration

# The application kept, key data, ledger, the lock's book, the registration kept, the application removed: before and after each.
MOMENTS = range(1, 12)


@pytest.mark.parametrize("before", [nothing, registered])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_registration_cut_off_at_any_moment_is_made_once_and_works(
    before: Callable[[Household], None], moment: int
) -> None:
    home, fuse = fused_home()
    before(home)
    made = registrations(home)
    fuse.arm(moment)
    with pytest.raises(PowerCut):
        home.register()
    fuse.disarm()
    restart(home)
    home.register()
    assert registrations(home) == made + 1
    assert home.certify().command(b"open") == b"done: open"
    with pytest.raises(LoginRefused):
        home.certify("old secret")


def test_a_registration_has_no_other_moments() -> None:
    """So the test above has seen them all."""
    home, fuse = fused_home()
    fuse.arm(1000)
    home.register()
    assert fuse.touches == MOMENTS.stop


@pytest.mark.parametrize("moment", [3, 4, 5, 6])
def test_a_registration_during_an_outage_can_be_repeated_under_the_same_permit(moment: int) -> None:
    """The database or the ledger did not answer, or answered too late."""
    home, fuse = fused_home(lambda: LedgerTimeout("register", "0x01"))
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    fuse.arm(moment)
    with pytest.raises(LedgerTimeout):
        home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)
    fuse.disarm()
    home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)
    assert registrations(home) == 1
    home.certify()


class LateRegistrations:
    """A registration contract behind an outbox: a change times out, and is mined while the next one is being made."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.late: Callable[[], object] | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._late(found) if name in {"register", "supersede"} else found

    def _late(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def late(*arguments: Any) -> Any:
            if self.late is None:
                self.late = lambda: change(*arguments)
                raise LedgerTimeout("register", "0x01")
            self.late()
            return change(*arguments)

        return late


def with_late_changes(home: Household) -> None:
    """From now on the certification server's changes are mined late."""
    home.server.ledger = FusedRegistrations(home.server.ledger, LateRegistrations(home.server.ledger.registrations))
    home.server.restart()


@pytest.mark.parametrize("before", [nothing, registered])
def test_a_registration_that_is_mined_during_its_retry_is_made_once_and_held(
    before: Callable[[Household], None],
) -> None:
    """The retry finds the pair unchanged, and is refused by the ledger: it is answered by what the first attempt wrote."""
    home, _ = fused_home()
    before(home)
    made = registrations(home)
    with_late_changes(home)
    with pytest.raises(LedgerTimeout):
        home.register()
    home.register()
    assert registrations(home) == made + 1
    assert home.certify().command(b"open") == b"done: open"
    with pytest.raises(RegistrationRefused, match="not permitted"):
        home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, "another secret")


def test_what_is_mined_during_the_application_of_another_secret_does_not_answer_it() -> None:
    """Whoever asks for something else hears that the pair is registered, and may ask to supersede that."""
    home, _ = fused_home()
    with_late_changes(home)
    with pytest.raises(LedgerTimeout):
        home.register("first thought")
    with pytest.raises(AlreadyRegistered):
        home.register("second thought")
    home.server.ledger = home.server.ledger.ledger
    home.server.restart()
    home.register("second thought")
    home.certify("second thought")


def test_a_lost_answer_is_given_again_to_nobody_else_and_not_for_another_secret() -> None:
    """The application that was answered counts, bit by bit."""
    home, fuse = fused_home()
    fuse.arm(8)  # the lock has its verifier, the phone has no grant
    with pytest.raises(PowerCut):
        home.register()
    fuse.disarm()
    home.phone.restart()
    with pytest.raises(RegistrationRefused, match="not permitted"):
        home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, "the thief's own")
    home.register("a second thought")
    assert registrations(home) == 2
    home.certify("a second thought")


def test_a_lost_answer_is_not_asked_for_under_other_keys() -> None:
    home, fuse = fused_home()
    fuse.arm(8)
    with pytest.raises(PowerCut):
        home.register()
    fuse.disarm()
    keys = KeyPair.generate()
    home.server.role.enrolment.rotate_user_device_keys(home.phone.id, keys.public)
    home.phone.identity = impersonation(home.phone, keys)
    restart(home)
    home.register()
    assert registrations(home) == 2
    home.certify()


def test_a_lost_answer_whose_key_data_is_lost_too_makes_room_for_a_new_registration() -> None:
    """The server lost its database after it had written to the ledger."""
    home, fuse = fused_home()
    fuse.arm(8)
    with pytest.raises(PowerCut):
        home.register()
    fuse.disarm()
    empty(home.server.database._inner, "key_data")
    restart(home)
    with pytest.raises(RegistrationRefused, match="latest registration"):
        home.register()
    home.register()
    assert registrations(home) == 2
    home.certify()


# ---------------------------------------------------------------------------------------------------------- enrolment


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_an_enrolment_cut_off_at_any_moment_issues_one_identifier(moment: int) -> None:
    home, fuse = fused_home()
    keys, ledger = KeyPair.generate().public, home.account("anyone").registrations
    devices = ledger.device_count()
    fuse.arm(moment)
    with pytest.raises(PowerCut):
        home.server.role.enrolment.enrol_device("Acme", "bolt", "gate", keys)
    fuse.disarm()
    device = home.server.role.enrolment.enrol_device("Acme", "bolt", "gate", keys)
    assert ledger.device_count() == device == devices + 1
    assert home.server.database.device(device)[1] == keys


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_the_enrolment_of_a_user_device_cut_off_at_any_moment_issues_one_identifier(moment: int) -> None:
    home, fuse = fused_home()
    keys, ledger = KeyPair.generate().public, home.account("anyone").registrations
    information = UserDeviceInformation("Pixel 9", "Android", "b2")
    fuse.arm(moment)
    with pytest.raises(PowerCut):
        home.server.role.enrolment.enrol_user_device(information, keys)
    fuse.disarm()
    user_device = home.server.role.enrolment.enrol_user_device(information, keys)
    assert ledger.user_device_count() == user_device == 2
    assert home.server.database.user_device(user_device) == (information, keys)


def test_keys_that_are_enrolled_and_recorded_are_not_enrolled_again_as_something_else() -> None:
    home, _ = fused_home()
    with pytest.raises(KeyAlreadyEnrolled):
        home.server.role.enrolment.enrol_device("Acme", "bolt", "twin", home.lock.identity.keys.public)
    other = replace(home.phone.information, app_instance="twin")
    with pytest.raises(KeyAlreadyEnrolled):
        home.server.role.enrolment.enrol_user_device(other, home.phone.identity.keys.public)
    with pytest.raises(KeyAlreadyEnrolled):
        home.server.role.enrolment.enrol_user_device(home.phone.information, home.lock.identity.keys.public)


def test_to_find_keys_that_are_enrolled_the_chain_is_not_asked_of_everyone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million devices would be a million questions to a node."""
    home = Household()
    for number in range(5):
        home.server.role.enrolment.enrol_device("Acme", "bolt", f"gate {number}", KeyPair.generate().public)
    asked, registrations = [], type(home.account("anyone").registrations)
    keys = registrations.keys
    monkeypatch.setattr(registrations, "keys", lambda self, party: asked.append(party) or keys(self, party))
    information, known = home.lock.information, home.lock.identity.keys.public
    described = information.manufacturer, information.model, information.serial
    assert home.server.role.enrolment.enrol_device(*described, known) == home.lock.id
    assert asked == [home.lock.identity.party]


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_rotation_cut_off_at_any_moment_can_be_repeated(moment: int) -> None:
    home, fuse = fused_home()
    enrolment, ledger = home.server.role.enrolment, home.account("anyone").registrations
    keys, other = KeyPair.generate().public, KeyPair.generate().public
    fuse.arm(moment)
    with pytest.raises(PowerCut):
        enrolment.rotate_device_keys(home.lock.id, keys)
    fuse.arm(moment)
    with pytest.raises(PowerCut):
        enrolment.rotate_user_device_keys(home.phone.id, other)
    fuse.disarm()
    enrolment.rotate_device_keys(home.lock.id, keys)
    enrolment.rotate_user_device_keys(home.phone.id, other)
    assert len(ledger.keys(device_party(home.lock.id))) == 2
    assert home.server.database.device(home.lock.id)[1] == keys
    assert home.server.database.user_device(home.phone.id)[1] == other


# ------------------------------------------------------------------------------------------------------------ session


@pytest.mark.parametrize("moment", range(1, 7))
def test_a_session_cut_off_at_any_moment_starts_over(moment: int) -> None:
    """Two writes of the lock's book, one entry of the log. What was answered is in the log."""
    home, fuse = fused_home()
    home.register()
    fuse.arm(moment)
    with pytest.raises(PowerCut):
        home.certify()
    fuse.disarm()
    restart(home)
    outcome = home.certify().outcome
    assert outcome.index == home.server.log_store.size() - 1
    assert (home.server.last().step, home.server.last().outcome) == ("C13", LoginOutcome.CERTIFIED)
    assert home.server.role.flush() == home.server.log_store.size()


def test_nobody_is_certified_while_the_log_cannot_be_written() -> None:
    home, fuse = fused_home(lambda: StorageUnavailable("the disk is full"))
    home.register()
    fuse.arm(5)
    with pytest.raises(StorageUnavailable):
        home.certify()
    fuse.disarm()
    assert home.server.entries() == []
    assert home.lock.role._sessions.conversations._stages == {}
    home.certify()


def test_a_certification_does_not_ask_the_chains_log_and_does_not_fail_with_it() -> None:
    """A server that has just started does not know how far the chain is: it counts every entry as not yet there."""
    home = Household()
    home.register()

    class Down:
        def __getattr__(self, name: str) -> Any:
            raise LedgerTimeout(name, "0x01")

    home.server.log.anchor._ledger = Down()  # type: ignore[assignment]
    before = home.server.log_store.size()
    assert [home.certify().outcome.behind for _ in range(2)] == [before + 1, before + 2]
    assert [entry.step for entry in home.server.entries()] == ["C13", "C13"]


def test_nobody_is_certified_beyond_what_may_wait_for_the_chain() -> None:
    """The chain is away for too long: better no session than one that may never be proven. When it is back, so is the server."""
    home = Household()
    home.register()
    home.server.role.flush()
    home.server.log_limits = LogLimits(backlog=2)
    home.server.restart()
    assert [home.certify().outcome.behind for _ in range(2)] == [1, 2]
    with pytest.raises(LogBacklogFull):
        home.certify()
    assert len(home.server.entries()) == 2
    assert len(home.lock.role._sessions.conversations._stages) == 1  # the phone that came back left its first channel
    assert home.server.role.flush() == 2
    assert home.certify().outcome.behind == 1


def test_who_was_certified_has_a_place_at_the_lock_though_others_crowd_in() -> None:
    """While the server decides, the lock takes others on, as many as it can: none of them gets this place."""
    home = Household()
    home.lock.policy = LoginPolicy(conversations=2)
    home.register()
    tap = tap_server(home.lock)

    def crowd(message: Any) -> Any:
        if message.kind == CertificationForward.__name__:
            stages = home.lock.role._sessions.conversations
            stages.put(b"another", LoggedIn(home.alice, home.phone.id, bytes(32), home.clock.monotonic() + 10))
            with pytest.raises(PeerUnavailable):
                stages.put(b"a third", LoggedIn(home.alice, home.phone.id, bytes(32), home.clock.monotonic() + 10))
        return message

    tap.change = crowd
    assert home.certify().command(b"open") == b"done: open"


def test_a_report_that_the_server_refuses_for_good_does_not_keep_the_others_back() -> None:
    home = Household()
    home.register()

    def refuse(message: Any) -> Any:
        if message.kind == LoginFailure.__name__:
            raise MalformedValue("nonce", "it has 0 bytes")
        return message

    home.lock.to_server.close()
    with pytest.raises(LoginRefused):
        home.certify("open sesame")
    assert len(home.lock.role._logins.book().unreported) == 1
    tap = tap_server(home.lock)
    tap.change = refuse
    home.certify()
    assert home.lock.role._logins.book().unreported == ()
    tap.change = lambda message: message
    with pytest.raises(LoginRefused):
        home.certify("open sesame")
    assert [(entry.step, entry.reason) for entry in home.server.entries()] == [("C13", ""), ("C2", "LoginRefused")]
