"""The rules by which an attack is recognised: what is one, what is not, and that whoever reads the same log finds the same."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certchain.encoding.alert import alert_digest
from certchain.models.alert import Alert, AlertRule
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId
from certchain.models.log import LoggedEntry
from certchain.models.registration import RegistrationStatus, StatusChange
from certchain.verification.recognition import (
    Facts,
    Recognition,
    RecognitionPolicy,
    Threshold,
    asked_devices,
    asked_registrations,
    look_back,
)
from tests.industry import NOON
from tests.logged import ALICE, logged

NETWORK = bytes(range(32))
POLICY = RecognitionPolicy(user_failures=Threshold(3, 60), device_failures=Threshold(5, 60), quiet=600)
START = NOON - NOON % 600


def refused(
    reason: str = "LoginRefused", step: str = "C2", user: int | None = 1, user_device: int | None = 2, device: int = 3
) -> LoginEntry:
    """A login that was refused; from C6 on the server knew its registration."""
    return LoginEntry(
        LoginOutcome.REFUSED,
        step,
        reason,
        None,
        None if user is None else UserId(user),
        None if user_device is None else UserDeviceId(user_device),
        DeviceId(device),
        RegistrationId(4) if step in {"C10", "C11", "C12"} else None,
    )


def certified(user_device: int = 2, device: int = 3) -> LoginEntry:
    session, registration = bytes(16), RegistrationId(4)
    return LoginEntry(
        LoginOutcome.CERTIFIED,
        "C13",
        "",
        session,
        UserId(1),
        UserDeviceId(user_device),
        DeviceId(device),
        registration,
    )


def log(*said: tuple[int, LoginEntry | None]) -> list[LoggedEntry]:
    """Entries with their times, in seconds from the start; ``None`` for one that was erased."""
    return [logged(index, START + at, entry) for index, (at, entry) in enumerate(said)]


def recognised(
    entries: list[LoggedEntry], facts: Facts | None = None, policy: RecognitionPolicy = POLICY
) -> list[Alert]:
    return list(Recognition(NETWORK, policy).take(entries, facts or Facts()))


def found(entries: list[LoggedEntry], facts: Facts | None = None) -> list[tuple[AlertRule, int, list[int]]]:
    return [(each.rule, each.device, [leaf.index for leaf in each.entries]) for each in recognised(entries, facts)]


# ---------------------------------------------------------------------------------------------------------------- bursts


def test_as_many_failures_of_a_user_as_the_policy_says_within_its_time_are_a_burst_that_names_them() -> None:
    entries = log((0, refused()), (1, refused("LoginLocked", device=4)), (59, refused()))
    assert found(entries) == [(AlertRule.FAILURE_BURST, 3, [0, 1, 2])]
    assert recognised(entries)[0].at == START + 59
    assert found(log((0, refused()), (1, refused()), (60, refused()))) == []
    assert found(log((0, refused()), (1, refused(user=2)), (2, refused()))) == []


def test_failures_of_many_users_at_one_device_are_a_burst_too() -> None:
    strangers = [(at, refused(user=10 + at)) for at in range(5)]
    assert found(log(*strangers)) == [(AlertRule.FAILURE_BURST, 3, [0, 1, 2, 3, 4])]
    assert found(log(*strangers[:4], (4, refused(user=99, device=4)))) == []


def test_what_is_the_servers_own_trouble_is_nobodys_failure() -> None:
    for reason in ("LedgerUnavailable", "StorageUnavailable"):
        assert found(log(*[(at, refused(reason, "C11")) for at in range(9)])) == []


def test_successes_are_no_failures_and_do_not_hide_them() -> None:
    assert found(log(*[(at, certified()) for at in range(9)])) == []
    assert len(found(log((0, refused()), (1, certified()), (2, refused()), (3, refused())))) == 1


def test_one_cause_raises_one_alert_in_a_period_and_another_one_in_the_next() -> None:
    entries = log(*[(at, refused()) for at in range(0, 1200, 10)])
    ends = [leafs[-1] * 10 for _, _, leafs in found(entries)]
    assert ends == [20, 40, 600, 600]  # of the user, of the device, and both again


def test_a_rule_can_be_switched_off() -> None:
    policy = replace(POLICY, user_failures=Threshold(0), device_failures=Threshold(0))
    assert recognised(log(*[(0, refused())] * 9), policy=policy) == []


# ---------------------------------------------------------------------------------------------------------- single signs


@pytest.mark.parametrize(
    ("step", "reason"),
    [*((step, "ChallengeRejected") for step in ("C3", "C5", "C9", "C10")), ("C10", "SessionUnknown")],
)
def test_a_challenge_or_session_that_comes_again_is_a_replay(step: str, reason: str) -> None:
    assert found(log((0, refused(reason, step)))) == [(AlertRule.CHALLENGE_REPLAYED, 3, [0])]


def test_integrity_evidence_that_failed_is_told_for_each_user_device() -> None:
    entries = log(*[(at, refused("IntegrityFailed", "C5", user=at, user_device=at % 2 + 1)) for at in range(4)])
    assert found(entries) == [(AlertRule.BAD_INTEGRITY, 3, [0]), (AlertRule.BAD_INTEGRITY, 3, [1])]
    assert (
        found(log((0, refused("IntegrityFailed", "C5", user=None, user_device=None))))[0][0] is AlertRule.BAD_INTEGRITY
    )


def test_a_key_in_force_whose_holder_describes_itself_otherwise_is_on_two_devices() -> None:
    assert found(log((0, refused("InformationChanged", "C5")))) == [(AlertRule.KEY_ON_TWO_DEVICES, 3, [0])]
    assert found(log((0, refused("InformationChanged", "C12")))) == []


def test_a_user_device_certified_at_two_iot_devices_faster_than_a_person_moves_is_on_two_devices() -> None:
    assert found(log((0, certified()), (9, certified(device=4)))) == [(AlertRule.KEY_ON_TWO_DEVICES, 4, [0, 1])]
    assert found(log((0, certified()), (10, certified(device=4)))) == []
    assert found(log((0, certified()), (5, certified()), (6, certified()))) == []
    assert found(log((0, certified()), (5, certified(user_device=9, device=4)))) == []
    assert found(log((0, certified()), (8, certified()), (12, certified(device=4))))[0][2] == [1, 2]


def suspended(at: int, then: RegistrationStatus = RegistrationStatus.SUSPENDED) -> Facts:
    active = StatusChange(RegistrationStatus.ACTIVE, START - 500, "0x")
    return Facts(status_changes={RegistrationId(4): (active, StatusChange(then, START + at, "0x"))})


def test_a_login_on_a_registration_that_was_suspended_then_is_recognised() -> None:
    entries = log((0, refused("RegistrationNotActive", "C11")))
    assert found(entries, suspended(-1)) == [(AlertRule.SUSPENDED_REGISTRATION, 3, [0])]
    assert found(entries, suspended(60)) == found(entries, suspended(-1))  # the chain's clock may be late
    assert found(entries, suspended(61)) == []
    assert found(entries, suspended(-1, RegistrationStatus.SUPERSEDED)) == []
    assert found(entries) == []
    assert found(log((0, refused("RegistrationNotActive", "C6"))), suspended(-1)) == []


def test_a_login_at_a_device_that_runs_a_withdrawn_package_is_recognised_good_or_bad() -> None:
    facts = Facts(withdrawn_since={DeviceId(3): START + 5})
    for entry in (certified(), refused("CertificationHashWrong", "C12")):
        assert found(log((5, entry)), facts) == [(AlertRule.RECALLED_PACKAGE, 3, [0])]
        assert found(log((4, entry)), facts) == []
    assert found(log((5, certified(device=4))), facts) == []
    assert found(log((5, refused())), facts) == []  # anybody may have claimed it


def test_it_is_said_beforehand_of_whom_the_chain_has_to_be_asked() -> None:
    entries = log(
        (0, refused("RegistrationNotActive", "C11")), (1, certified(device=9)), (2, refused(device=8)), (3, None)
    )
    assert asked_registrations(entries) == {4}
    assert asked_devices(entries) == {3, 9}


def test_what_was_erased_is_no_sign() -> None:
    assert found(log((0, None), (1, refused("IntegrityFailed", "C5")), (2, None))) == [
        (AlertRule.BAD_INTEGRITY, 3, [1])
    ]


# ------------------------------------------------------------------------------------------------------ the same for all


def test_an_alerts_digest_is_its_own() -> None:
    (alert,) = recognised(log((0, refused("IntegrityFailed", "C5"))))
    (other,) = recognised(log((1, refused("IntegrityFailed", "C5"))))
    assert alert_digest(alert) == alert_digest(replace(alert))
    changes = ({"rule": AlertRule.FAILURE_BURST}, {"device": DeviceId(4)}, {"salt": bytes(32)}, {"network": bytes(32)})
    digests = {alert_digest(each) for each in (alert, other, *(replace(alert, **change) for change in changes))}
    assert len(digests) == 6


STEPS = st.sampled_from(
    [
        *[refused(user=user, device=device) for user in (1, 2) for device in (3, 4)],
        refused("ChallengeRejected", "C9"),
        refused("IntegrityFailed", "C5"),
        refused("RegistrationNotActive", "C11"),
        certified(),
        certified(device=4),
        None,
    ]
)
FACTS = replace(suspended(900), withdrawn_since={DeviceId(4): START + 700})


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), STEPS), max_size=80), st.data())
def test_whoever_begins_early_enough_finds_the_same_alerts_however_they_cut_the_log(
    steps: list[tuple[int, LoginEntry | None]], data: st.DataObject
) -> None:
    """From any entry on the alerts are those that a reader from the log's beginning found there: a crash loses none and adds none."""
    at, said = 0, list[tuple[int, LoginEntry | None]]()
    for pause, entry in steps:
        at += pause
        said.append((at, entry))
    entries = log(*said)
    begin = data.draw(st.integers(0, len(entries)))
    whole = recognised(entries, FACTS)

    again = Recognition(NETWORK, POLICY)
    since = look_back(entries[begin].leaf.at, POLICY) if begin < len(entries) else 0
    before = [entry for entry in entries[:begin] if entry.leaf.at >= since]
    again.take(before, FACTS)
    after = [alert for entry in entries[begin:] for alert in again.take([entry], FACTS)]

    assert after == [alert for alert in whole if alert.entries[-1].index >= begin]


def test_what_is_over_is_forgotten_and_what_goes_on_is_not() -> None:
    recognition = Recognition(NETWORK, POLICY)
    for index in range(20_000):
        user = None if index % 2 else 1000 + index
        recognition.take([logged(index, START + index, refused(user=user, user_device=None))])
    assert len(recognition._seen) < 6000
    assert len(recognition._told) < 6000
    assert ALICE not in {cause for _, cause in recognition._seen}
