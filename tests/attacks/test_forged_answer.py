"""Attack: answer lock or phone in the certification server's place: as another enrolled service, under its old keys, from elsewhere.

Whoever answers here has keys, knows each question and copies each genuine answer word by word: only who signs it, where, is not right.
"""

from collections.abc import Callable

import pytest

from certchain.encoding.message import from_cbor
from certchain.errors import LoginLocked, LoginRefused, OutcomeForged, SharesMissing
from certchain.keys import KeyPair
from certchain.models.certification import (
    LoginFailureNoted,
    SessionOpened,
    SessionOutcome,
    Signed,
    UnlockAnswer,
)
from certchain.models.entry import Subject, SubjectKind
from certchain.models.identifier import service_party
from certchain.verification.login import LoginPolicy
from certchain.verification.statement import Identity
from tests.household import SECRET, Household
from tests.wiretap import Wiretap, tap_lock, tap_server

ATTEMPTS = LoginPolicy().attempts
PATIENCE = 10  # seconds after which a lock asks again
Forger = Callable[[Household], Identity]


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def another_enrolled_server(home: Household) -> Identity:
    return home.another_server().identity


def a_custodian_under_its_own_name(home: Household) -> Identity:
    return next(iter(home.custodians.values())).identity


def a_custodian_in_the_servers_name(home: Household) -> Identity:
    own = a_custodian_under_its_own_name(home)
    return Identity(own.network, home.server.identity.party, own.keys)


def whoever_kept_the_servers_old_keys(home: Household) -> Identity:
    """They were rotated after they had been stolen: what the server had until now is in nobody's place but the thief's."""
    old = home.server.identity
    rotated = KeyPair.generate()
    home.account("authority").registrations.rotate_service_keys(home.server.id, rotated.public)
    home.server.identity = Identity(old.network, old.party, rotated)
    home.server.restart()
    return old


def the_server_on_another_network(home: Household) -> Identity:
    """The same number, and the same keys, on a test network, say."""
    return Identity(b"\x17" * 32, home.server.identity.party, home.server.identity.keys)


def the_same_number_of_another_kind(home: Household) -> Identity:
    lock = home.lock.identity
    return Identity(lock.network, service_party(home.server.id), lock.keys)


FORGERS: tuple[Forger, ...] = (
    another_enrolled_server,
    a_custodian_under_its_own_name,
    a_custodian_in_the_servers_name,
    whoever_kept_the_servers_old_keys,
    the_server_on_another_network,
    the_same_number_of_another_kind,
)


def forge(tap: Wiretap, forger: Identity, model: type) -> None:
    def change(answer: object) -> object:
        if isinstance(answer, Signed) and answer.kind == model.__name__:
            return forger.sign(from_cbor(model, answer.body))
        return answer

    tap.answer = change


@pytest.mark.parametrize("forger", FORGERS)
@pytest.mark.parametrize("model", [SessionOpened, SessionOutcome])
def test_the_lock_takes_no_answer_but_its_servers(home: Household, model: type, forger: Forger) -> None:
    forge(tap_server(home.lock), forger(home), model)
    with pytest.raises(OutcomeForged):
        home.certify()
    assert home.lock.role._sessions.conversations._stages == {}


@pytest.mark.parametrize("forger", FORGERS)
def test_the_phone_takes_no_outcome_but_its_servers(home: Household, forger: Forger) -> None:
    """From a lock that has turned; also what the lock itself would have refused."""
    tap = tap_lock(home.lock)
    forge(tap, forger(home), SessionOutcome)
    with pytest.raises(OutcomeForged, match="C14"):
        home.phone.role.certify(tap.channel(), home.lock.id, SECRET)


def guess(home: Household) -> None:
    for _ in range(ATTEMPTS):
        with pytest.raises(LoginRefused):
            home.certify("guessed")


@pytest.mark.parametrize("forger", FORGERS)
def test_the_lock_keeps_a_report_until_its_server_has_taken_it(home: Household, forger: Forger) -> None:
    forge(tap_server(home.lock), forger(home), LoginFailureNoted)
    guess(home)
    assert len(home.lock.role._logins.book().unreported) == ATTEMPTS


@pytest.mark.parametrize("forger", FORGERS)
def test_the_lock_is_unlocked_by_no_word_but_its_servers(home: Household, forger: Forger) -> None:
    tap, identity = tap_server(home.lock), forger(home)
    guess(home)
    forge(tap, identity, UnlockAnswer)
    home.server.database.unlock(Subject(SubjectKind.USER, home.alice))
    home.clock.seconds += PATIENCE
    with pytest.raises(LoginLocked):
        home.certify()


def test_the_control_what_the_server_itself_says_again_is_taken(home: Household) -> None:
    tap = tap_server(home.lock)
    forge(tap, home.server.identity, LoginFailureNoted)
    guess(home)
    assert home.lock.role._logins.book().unreported == ()
    forge(tap, home.server.identity, UnlockAnswer)
    home.server.database.unlock(Subject(SubjectKind.USER, home.alice))
    home.clock.seconds += PATIENCE
    home.certify()


def test_the_control_the_servers_own_word_signed_once_more_is_taken(home: Household) -> None:
    tap = tap_server(home.lock)
    for model in (SessionOpened, SessionOutcome):
        forge(tap, home.server.identity, model)
        home.certify()


def test_after_a_rotation_the_servers_new_keys_are_taken(home: Household) -> None:
    """The control of the thief with the old ones: what was refused is not the rotation."""
    whoever_kept_the_servers_old_keys(home)
    home.server.custodians.clear()
    with pytest.raises(SharesMissing):
        home.certify()
