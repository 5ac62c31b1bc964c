"""C6 to C9, C14 and C15 one by one."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import key_thumbprint, transcript_digest
from certchain.errors import (
    ChallengeRejected,
    CommandRefused,
    MalformedValue,
    MethodTooWeak,
    OutcomeForged,
    RegistrationNotActive,
)
from certchain.keys import KeyPair
from certchain.models.application import RegistrationGrant
from certchain.models.certification import Certification, SessionOpened, SessionOutcome
from certchain.models.digest import Digest
from certchain.models.identifier import (
    DeviceId,
    MethodNumber,
    RegistrationId,
    ServiceId,
    UserDeviceId,
    UserId,
    device_party,
    service_party,
)
from certchain.models.registration import KeyRecord, RiskLevel
from certchain.verification.session import (
    build_transcript,
    parties_of,
    verify_answer,
    verify_control,
    verify_counter,
    verify_in_time,
    verify_offer,
    verify_opened,
    verify_outcome,
    verify_word,
)
from certchain.verification.statement import Identity

NETWORK, CHALLENGE, BINDING = b"n" * 32, b"c" * 32, b"b" * 32
SERVER = ServiceId(4)
OPENED = SessionOpened(
    b"s" * 16, SERVER, UserId(1), UserDeviceId(2), DeviceId(3), RegistrationId(7), MethodNumber(1), 1000
)
GRANT = RegistrationGrant(
    RegistrationId(7),
    UserId(1),
    UserDeviceId(2),
    DeviceId(3),
    SERVER,
    MethodNumber(1),
    RiskLevel.LOW,
    b"x" * 32,
    Digest(b"t" * 32),
)
SESSION = build_transcript(NETWORK, OPENED, CHALLENGE, BINDING)
OUTCOME = SessionOutcome(SESSION.session, transcript_digest(SESSION), 0, 1, 900)
KEYS = KeyPair.generate()
RECORDS = (KeyRecord(key_thumbprint(KEYS.public), 0),)


def word(signer: Identity) -> SessionOutcome:
    return verify_word("C14", signer.sign(OUTCOME), SessionOutcome, server=SERVER, records=RECORDS, network=NETWORK)


def test_the_servers_word_is_accepted() -> None:
    assert word(Identity(NETWORK, service_party(SERVER), KEYS)) == OUTCOME


@pytest.mark.parametrize(
    "liar",
    [
        Identity(NETWORK, service_party(SERVER), KeyPair.generate()),
        Identity(NETWORK, service_party(ServiceId(5)), KEYS),
        Identity(NETWORK, device_party(DeviceId(4)), KEYS),
        Identity(b"x" * 32, service_party(SERVER), KEYS),
    ],
    ids=["other keys", "other service", "a device", "other network"],
)
def test_anothers_word_is_refused_by_the_step(liar: Identity) -> None:
    with pytest.raises(OutcomeForged, match="C14") as refusal:
        word(liar)
    assert not refusal.value.reason.endswith(".")


def test_a_session_between_the_expected_parties_is_accepted() -> None:
    assert verify_opened(OPENED, parties_of(OPENED)) is OPENED


@pytest.mark.parametrize("change", [{"user": 9}, {"user_device": 9}, {"device": 9}, {"server": 9}, {"session": b"s"}])
def test_a_session_between_others_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(OutcomeForged, match="C6"):
        verify_opened(replace(OPENED, **change), parties_of(OPENED))


def test_an_offer_for_the_own_grant_is_accepted() -> None:
    assert verify_offer(OPENED, CHALLENGE, GRANT) is OPENED


def test_an_offer_for_another_grant_is_refused() -> None:
    with pytest.raises(RegistrationNotActive, match="C8"):
        verify_offer(replace(OPENED, registration=RegistrationId(8)), CHALLENGE, GRANT)
    with pytest.raises(MethodTooWeak, match="C8"):
        verify_offer(replace(OPENED, method=MethodNumber(2)), CHALLENGE, GRANT)
    with pytest.raises(ChallengeRejected, match="C8"):
        verify_offer(OPENED, CHALLENGE[:-1], GRANT)


def test_a_transcript_has_all_its_lengths() -> None:
    with pytest.raises(MalformedValue):
        build_transcript(NETWORK, OPENED, CHALLENGE[:-1], BINDING)


def test_a_challenge_is_in_force_until_its_deadline() -> None:
    assert verify_in_time("C9", 10.0, 9.999) == 10.0
    with pytest.raises(ChallengeRejected, match=r"C9: .*expired"):
        verify_in_time("C9", 10.0, 10.0)


def test_an_answer_is_to_this_session_and_this_challenge() -> None:
    answer = Certification(SESSION.session, SESSION.challenge, Digest(b"a" * 32), bytes(64), KEYS.public)
    assert verify_answer(answer, SESSION) is answer
    for change in ({"session": b"x" * 16}, {"challenge": b"x" * 32}):
        with pytest.raises(ChallengeRejected, match="C9"):
            verify_answer(replace(answer, **change), SESSION)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"session": b"x" * 16}, {"transcript": Digest(bytes(32))}, {"control_lifetime": -1}]
)
def test_an_outcome_of_another_session_is_refused(change: dict[str, Any]) -> None:
    assert verify_outcome(OUTCOME, SESSION) is OUTCOME
    with pytest.raises(OutcomeForged, match="C14"):
        verify_outcome(replace(OUTCOME, **change), SESSION)


def test_control_is_for_the_session_until_its_deadline() -> None:
    assert verify_control(b"s", b"s", 10.0, 9.0) == b"s"
    with pytest.raises(CommandRefused, match="another session"):
        verify_control(b"s", b"x", 10.0, 9.0)
    with pytest.raises(CommandRefused, match="expired"):
        verify_control(b"s", b"s", 10.0, 10.0)


def test_counters_only_rise() -> None:
    assert verify_counter(3, 1) == 3
    for counter in (1, 0, -1):
        with pytest.raises(CommandRefused, match="counter"):
            verify_counter(counter, 1)
