"""A value checks itself when it is made, never changes afterwards, and shows no secret."""

import inspect
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from types import ModuleType
from typing import Any

import pytest

from certchain.errors import MalformedKey, MalformedValue
from certchain.models import application, certification, delivery, digest, identifier, log, registration, update
from certchain.models.application import KeyData, RegistrationHash
from certchain.models.certification import Transcript
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import (
    DeviceId,
    MethodNumber,
    PartyKind,
    RegistrationId,
    ServiceId,
    UserDeviceId,
    UserId,
    device_party,
    service_party,
    user_device_party,
)
from certchain.models.registration import PublicKeys

SUBJECTS = (application, certification, delivery, digest, identifier, log, registration, update)
SESSION = Transcript(
    network=bytes(32),
    session=bytes(16),
    challenge=bytes(32),
    user=UserId(3),
    user_device=UserDeviceId(2),
    device=DeviceId(7),
    server=ServiceId(1),
    registration=RegistrationId(11),
    method=MethodNumber(4),
    expires_at=1_800_000_000,
    binding=bytes(32),
)


def models() -> list[type[Any]]:
    return [cls for subject in SUBJECTS for cls in vars(subject).values() if is_model_of(subject, cls)]


def is_model_of(subject: ModuleType, member: Any) -> bool:
    return inspect.isclass(member) and is_dataclass(member) and member.__module__ == subject.__name__


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_a_model_is_frozen_and_has_no_room_for_more(model: type[Any]) -> None:
    assert model.__dataclass_params__.frozen
    assert model.__slots__ == tuple(field.name for field in fields(model))


def test_a_value_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        SESSION.user = UserId(4)  # type: ignore[misc]


# --------------------------------------------------------------------------------------------------------------- digest


def test_a_digest_is_read_as_it_is_written() -> None:
    value = Digest(bytes(range(32)))

    assert str(value) == "sha-256:" + bytes(range(32)).hex()
    assert Digest.parse(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00" * 32,
        "sha-256",
        "sha-256:",
        "sha-256:" + "00" * 31,
        "sha-256:" + "00" * 33,
        "sha-256:" + "0g" * 32,
        "sha-1:" + "00" * 20,
        "sha-512:" + "00" * 64,
        "SHA-256:" + "00" * 32,
        "sha-256:" + "AB" * 32,
        "sha-256:" + "00 " * 32,
        "sha-256:" + "00" * 32 + "\n",
    ],
)
def test_a_text_that_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(MalformedValue):
        Digest.parse(text)


@pytest.mark.parametrize("length", [0, 20, 31, 33, 64])
def test_a_digest_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedValue, match=f"sha-256 has 32 bytes, not {length}"):
        Digest(bytes(length))


def test_a_digest_by_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(MalformedValue, match="'md5' is unknown"):
        Digest(bytes(16), "md5")


# ----------------------------------------------------------------------------------------------------- keys and parties


def test_keys_have_their_lengths() -> None:
    keys = PublicKeys(bytes(32), bytes(33))

    assert (len(keys.signing), len(keys.exchange)) == (32, 33)


@pytest.mark.parametrize(("signing", "exchange"), [(31, 33), (33, 33), (32, 32), (32, 65), (33, 32), (0, 0)])
def test_keys_of_other_lengths_are_refused(signing: int, exchange: int) -> None:
    with pytest.raises(MalformedKey) as refusal:
        PublicKeys(bytes(signing), bytes(exchange))
    assert list(refusal.value.values().values()) == [signing, exchange]


def test_a_party_is_named_by_its_kind_and_number() -> None:
    assert str(device_party(DeviceId(7))) == "device 7"
    assert str(user_device_party(UserDeviceId(7))) == "user-device 7"
    assert str(service_party(ServiceId(7))) == "service 7"
    assert device_party(DeviceId(7)) != service_party(ServiceId(7))
    assert device_party(DeviceId(7)).kind is PartyKind.DEVICE


# -------------------------------------------------------------------------------------------------------------- session


@pytest.mark.parametrize(
    ("field", "length"),
    [("network", 32), ("session", 16), ("challenge", 32), ("binding", 32)],
)
def test_a_transcript_insists_on_its_lengths(field: str, length: int) -> None:
    replace(SESSION, **{field: b"\x01" * length})  # type: ignore[arg-type]

    for other in (0, length - 1, length + 1):
        with pytest.raises(MalformedValue) as refusal:
            replace(SESSION, **{field: bytes(other)})  # type: ignore[arg-type]
        assert refusal.value.name == field


def test_secrets_are_not_shown() -> None:
    secret = b"\xab" * 32

    for value in (RegistrationHash(secret), KeyData(UserId(3), secret, Digest(secret), Digest(bytes(32)))):
        assert repr(secret)[2:-1] not in repr(value)
        assert secret.hex() not in repr(value)


@pytest.mark.parametrize("session", [b"", bytes(15), bytes(17)])
def test_an_entry_names_a_session_of_sixteen_bytes_or_none(session: bytes) -> None:
    entry = LoginEntry(LoginOutcome.REFUSED, "C10", "SessionUnknown", bytes(16), None, None, DeviceId(7), None)
    assert replace(entry, session=None).session is None
    with pytest.raises(MalformedValue):
        replace(entry, session=session)
