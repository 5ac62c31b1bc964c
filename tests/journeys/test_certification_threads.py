"""Many at once: roles are thread-safe, and what serves once serves once, however many try."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from certchain.errors import CertchainError
from certchain.models.certification import (
    Certification,
    CertificationForward,
    CommandResult,
    Signed,
)
from certchain.models.entry import LoginOutcome
from tests.household import SECRET, Household, Phone
from tests.wiretap import tap_lock, tap_server

pytestmark = pytest.mark.usefixtures("each_database")

MANY = 8


def outcome_of(deed: object) -> str:
    """``done``, or the name of the refusal."""
    try:
        deed()  # type: ignore[operator]
    except CertchainError as refusal:
        return type(refusal).__name__
    return "done"


def test_many_phones_are_certified_at_once_and_each_has_its_entry() -> None:
    home = Household()
    phones: list[Phone] = [home.another_phone(f"p{number}") for number in range(MANY)]
    for phone in phones:
        home.server.role.registrar.permit(home.alice, phone.id, home.lock.id)
        phone.role.register(home.lock.channel(phone.identity.party), home.alice, home.lock.id, home.method, SECRET)

    def certify(phone: Phone) -> int:
        control = phone.role.certify(home.lock.channel(phone.identity.party), home.lock.id, SECRET)
        control.command(str(phone.id).encode())
        return control.outcome.index

    with ThreadPoolExecutor(MANY) as pool:
        indices = list(pool.map(certify, phones))
    entries = home.server.entries()
    before = home.server.log_store.size() - MANY  # the app was allowed
    assert sorted(indices) == list(range(before, before + MANY))
    assert [entries[index - before].user_device for index in indices] == [phone.id for phone in phones]
    assert {entry.outcome for entry in entries} == {LoginOutcome.CERTIFIED}
    assert sorted(home.lock.done) == sorted(str(phone.id).encode() for phone in phones)


def test_of_many_replays_at_once_of_one_command_one_is_obeyed() -> None:
    home = Household()
    home.register()
    control = home.certify()
    command = control.keys.seal_command(1, b"open")
    connection = control.channel._other_end  # type: ignore[attr-defined]
    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(lambda _: outcome_of(lambda: home.lock.answer(connection, command)), range(MANY)))
    assert sorted(said) == ["CommandRefused"] * (MANY - 1) + ["done"]
    assert home.lock.done == [b"open"]
    assert control.channel.request(control.keys.seal_command(2, b"close"), CommandResult).counter == 2


def test_of_many_replays_at_once_of_one_certification_none_is_taken() -> None:
    home = Household()
    home.register()
    to_server, to_lock = tap_server(home.lock), tap_lock(home.lock)
    channel = to_lock.channel()
    home.phone.role.certify(channel, home.lock.id, SECRET)
    forward, certification = to_server.of(CertificationForward)[0], to_lock.of(Certification)[0]

    def replay(number: int) -> str:
        if number % 2:
            return outcome_of(lambda: home.server.channel().request(forward, Signed))
        return outcome_of(lambda: home.lock.answer(channel._other_end, certification))

    with ThreadPoolExecutor(MANY) as pool:
        said = set(pool.map(replay, range(MANY)))
    assert said == {"SessionUnknown", "ChallengeRejected"}
    assert [entry.outcome for entry in home.server.entries()].count(LoginOutcome.CERTIFIED) == 1


def test_of_many_registrations_at_once_under_one_permit_one_is_made() -> None:
    home = Household()
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)

    def register(secret: int) -> str:
        return outcome_of(
            lambda: home.phone.role.register(
                home.server.channel(home.phone.identity.party),
                home.alice,
                home.lock.id,
                home.method,
                f"secret {secret}",
            )
        )

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(register, range(MANY)))
    assert said.count("done") <= 1
    assert home.account("anyone").registrations.registration_count() == 1
