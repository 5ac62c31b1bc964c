"""C5, C10, C11 and C12 one by one: what is valid passes, and each single thing that is not is refused by name."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import certification_hash, commitment, key_thumbprint, registration_hash, transcript
from certchain.errors import (
    CertchainError,
    CertificationHashWrong,
    ChallengeRejected,
    DatabaseChanged,
    InformationChanged,
    IntegrityFailed,
    KeyNotInForce,
    MethodTooWeak,
    RegistrationNotActive,
    SessionUnknown,
    SignatureInvalid,
)
from certchain.keys import KeyPair
from certchain.models.app import AppRecord
from certchain.models.application import KeyData, RegistrationHash
from certchain.models.certification import (
    Certification,
    CertificationForward,
    CertificationRequest,
    DeviceInformation,
    IntegrityEvidence,
    SessionOpened,
    Signed,
    Transcript,
    UserDeviceInformation,
    UserDeviceStatement,
)
from certchain.models.digest import Digest
from certchain.models.identifier import (
    DeviceId,
    MethodNumber,
    RegistrationId,
    ServiceId,
    UserDeviceId,
    UserId,
    user_device_party,
)
from certchain.models.registration import KeyRecord, Registration, RegistrationStatus, RiskLevel
from certchain.verification.certification import (
    verify_certification,
    verify_challenge,
    verify_claims,
    verify_evidence,
    verify_information,
    verify_owner,
    verify_present,
    verify_rebuilt,
    verify_registration,
    verify_session,
)
from certchain.verification.registration import OnRecord
from certchain.verification.session import build_transcript

USER, PHONE, LOCK, SERVER = UserId(1), UserDeviceId(2), DeviceId(3), ServiceId(4)
CHALLENGE, BINDING = b"c" * 32, b"b" * 32
PHONE_KEYS, LOCK_KEYS, OTHER_KEYS = KeyPair.generate(), KeyPair.generate(), KeyPair.generate()
DIGEST, OTHER = Digest(b"d" * 32), Digest(b"o" * 32)

EVIDENCE = IntegrityEvidence("door", "1.0", DIGEST, CHALLENGE)
RELEASED = AppRecord("door", "1.0", DIGEST, b"signed")
INFORMATION = DeviceInformation(LOCK, "Acme", "bolt", "1")
PHONE_INFORMATION = UserDeviceInformation("Pixel", "Android", "a1")
STATEMENT = UserDeviceStatement(USER, PHONE, LOCK, SERVER, PHONE_INFORMATION, EVIDENCE, BINDING)
SIGNED = Signed("UserDeviceStatement", user_device_party(PHONE), PHONE_KEYS.public, b"", b"")
REQUEST = CertificationRequest(LOCK, SERVER, INFORMATION, USER, PHONE, CHALLENGE, BINDING, SIGNED)
RECORD = OnRecord(INFORMATION, LOCK_KEYS.public, PHONE_INFORMATION, PHONE_KEYS.public)
OPENED = SessionOpened(b"s" * 16, SERVER, USER, PHONE, LOCK, RegistrationId(7), MethodNumber(1), 1000)
R = registration_hash(MethodNumber(1), b"x" * 32, [DIGEST])
REGISTRATION = Registration(
    RegistrationId(7),
    PHONE,
    LOCK,
    MethodNumber(1),
    1,
    RiskLevel.HIGH,
    RegistrationStatus.ACTIVE,
    500,
    key_thumbprint(PHONE_KEYS.public),
    commitment(R),
    None,
)
PHONE_RECORDS = (KeyRecord(key_thumbprint(PHONE_KEYS.public), 100),)
LOCK_RECORDS = (KeyRecord(key_thumbprint(LOCK_KEYS.public), 100),)
SESSION = build_transcript(b"n" * 32, OPENED, CHALLENGE, BINDING)


def shown(session: Transcript = SESSION, rebuilt: RegistrationHash = R, keys: KeyPair = PHONE_KEYS) -> Certification:
    signature = keys.sign(transcript(session))
    return Certification(
        session.session, session.challenge, certification_hash(rebuilt, session), signature, keys.public
    )


# ----------------------------------------------------------------------------------------------------------------- C5


def test_claims_that_agree_are_accepted() -> None:
    assert verify_claims(REQUEST, STATEMENT) is STATEMENT


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"user": 9}, InformationChanged),
        ({"user_device": 9}, InformationChanged),
        ({"device": 9}, InformationChanged),
        ({"server": 9}, InformationChanged),
        ({"binding": b"x" * 32}, ChallengeRejected),
        ({"evidence": replace(EVIDENCE, challenge=b"x" * 32)}, ChallengeRejected),
    ],
)
def test_a_statement_that_differs_from_the_devices_request_is_refused(
    change: dict[str, Any], error: type[CertchainError]
) -> None:
    with pytest.raises(error, match="C5"):
        verify_claims(REQUEST, replace(STATEMENT, **change))


def test_a_challenge_of_another_length_is_refused_even_if_both_name_it() -> None:
    statement = replace(STATEMENT, evidence=replace(EVIDENCE, challenge=b""))
    with pytest.raises(ChallengeRejected):
        verify_claims(replace(REQUEST, challenge=b""), statement)


def test_information_that_is_as_it_was_enrolled_is_accepted() -> None:
    assert verify_information(REQUEST, LOCK_KEYS.public, STATEMENT, PHONE_KEYS.public, RECORD) is RECORD


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"device": replace(INFORMATION, serial="2")}, "the device describes"),
        ({"device_keys": OTHER_KEYS.public}, "the device has other keys"),
        ({"user_device": replace(PHONE_INFORMATION, model="iPhone")}, "the user device describes"),
        ({"user_device_keys": OTHER_KEYS.public}, "the user device has other keys"),
    ],
)
def test_information_that_differs_from_the_record_is_refused(change: dict[str, Any], what: str) -> None:
    with pytest.raises(InformationChanged, match=what):
        verify_information(REQUEST, LOCK_KEYS.public, STATEMENT, PHONE_KEYS.public, replace(RECORD, **change))


def test_evidence_of_a_released_app_is_accepted_and_of_other_files_is_not() -> None:
    assert verify_evidence(EVIDENCE, RELEASED) is EVIDENCE
    with pytest.raises(IntegrityFailed, match="changed"):
        verify_evidence(EVIDENCE, replace(RELEASED, digest=OTHER))


# ------------------------------------------------------------------------------------------------------ C6, C10, C11


def test_a_registration_that_is_there_is_present() -> None:
    assert verify_present(REGISTRATION) is REGISTRATION
    with pytest.raises(RegistrationNotActive, match="C6"):
        verify_present(None)


def test_a_session_that_is_open_is_known() -> None:
    assert verify_session(OPENED) is OPENED
    with pytest.raises(SessionUnknown, match="C10"):
        verify_session(None)


def test_a_certification_for_the_challenge_on_the_channel_is_accepted() -> None:
    forward = CertificationForward(LOCK, SERVER, CHALLENGE, BINDING, shown())
    assert verify_challenge(forward, BINDING) is forward
    with pytest.raises(ChallengeRejected, match="another channel"):
        verify_challenge(forward, b"x" * 32)
    with pytest.raises(ChallengeRejected, match="another challenge"):
        verify_challenge(replace(forward, challenge=b"x" * 32), BINDING)


def test_a_registration_in_force_is_accepted() -> None:
    assert verify_registration(OPENED, REGISTRATION, PHONE_RECORDS, LOCK_RECORDS) is REGISTRATION


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"id": RegistrationId(8)}, "missing or superseded"),
        ({"status": RegistrationStatus.SUSPENDED}, "suspended"),
        ({"status": RegistrationStatus.SUPERSEDED}, "superseded"),
        ({"status": RegistrationStatus.REVOKED}, "revoked"),
        ({"key_thumbprint": OTHER}, "the user device has had other keys"),
        ({"registered_at": 99}, "the device has had other keys"),
    ],
)
def test_a_registration_not_in_force_is_refused(change: dict[str, Any], what: str) -> None:
    with pytest.raises(RegistrationNotActive, match=f"C11: .*{what}"):
        verify_registration(OPENED, replace(REGISTRATION, **change), PHONE_RECORDS, LOCK_RECORDS)


def test_a_missing_registration_is_refused() -> None:
    with pytest.raises(RegistrationNotActive, match="missing"):
        verify_registration(OPENED, None, PHONE_RECORDS, LOCK_RECORDS)


def test_only_the_keys_in_force_count_not_those_before() -> None:
    records = (*PHONE_RECORDS, KeyRecord(OTHER, 200))
    with pytest.raises(RegistrationNotActive, match="user device"):
        verify_registration(OPENED, REGISTRATION, records, LOCK_RECORDS)


def test_a_session_by_another_method_is_refused() -> None:
    with pytest.raises(MethodTooWeak):
        verify_registration(replace(OPENED, method=MethodNumber(2)), REGISTRATION, PHONE_RECORDS, LOCK_RECORDS)


# ---------------------------------------------------------------------------------------------------------------- C12


def test_the_r_of_the_chains_commitment_is_accepted_and_no_other() -> None:
    assert verify_rebuilt(R, REGISTRATION) is R
    with pytest.raises(DatabaseChanged, match="C12"):
        verify_rebuilt(RegistrationHash(b"r" * 32), REGISTRATION)


def test_key_data_is_its_users_only() -> None:
    key_data = KeyData(USER, b"x" * 32, None, OTHER)
    assert verify_owner(key_data, USER) is key_data
    with pytest.raises(InformationChanged, match="another user"):
        verify_owner(key_data, UserId(9))


def test_a_certification_by_r_and_key_is_accepted() -> None:
    assert verify_certification(shown(), SESSION, R, REGISTRATION) is SESSION


@pytest.mark.parametrize(
    "change",
    [
        {"protocol_version": 2},
        {"network": b"x" * 32},
        {"session": b"x" * 16},
        {"challenge": b"x" * 32},
        {"user": 9},
        {"user_device": 9},
        {"device": 9},
        {"server": 9},
        {"registration": 9},
        {"method": 9},
        {"expires_at": 9},
        {"binding": b"x" * 32},
    ],
)
def test_a_certification_over_another_transcript_is_refused(change: dict[str, Any]) -> None:
    """Hash and signature each name everything that the session is about."""
    elsewhere = replace(SESSION, **change)
    with pytest.raises(CertificationHashWrong):
        verify_certification(shown(elsewhere), SESSION, R, REGISTRATION)
    hashed = replace(shown(elsewhere), certification_hash=certification_hash(R, SESSION))
    with pytest.raises(SignatureInvalid):
        verify_certification(hashed, SESSION, R, REGISTRATION)


def test_a_certification_by_another_r_is_refused() -> None:
    with pytest.raises(CertificationHashWrong):
        verify_certification(shown(rebuilt=RegistrationHash(b"r" * 32)), SESSION, R, REGISTRATION)


def test_a_certification_by_another_key_is_refused() -> None:
    with pytest.raises(KeyNotInForce):
        verify_certification(shown(keys=OTHER_KEYS), SESSION, R, REGISTRATION)
    with pytest.raises(SignatureInvalid):
        verify_certification(replace(shown(keys=OTHER_KEYS), keys=PHONE_KEYS.public), SESSION, R, REGISTRATION)
