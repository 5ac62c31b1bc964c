"""A message has one encoding, and nothing else is read."""

import inspect
from dataclasses import dataclass, is_dataclass, replace
from enum import Enum
from types import ModuleType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import DigestMismatch, MalformedMessage, MalformedValue
from certchain.models import (
    application,
    certification,
    delivery,
    digest,
    entry,
    evidence,
    identifier,
    log,
    note,
    query,
    registration,
    update,
)
from certchain.models.certification import Certification, Login, Transcript
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import UserDeviceId, UserId
from certchain.models.log import Checkpoint, InclusionProof
from certchain.models.registration import PublicKeys, RegistrationRequest, RiskLevel

SUBJECTS = (
    application,
    certification,
    delivery,
    digest,
    entry,
    evidence,
    identifier,
    log,
    note,
    query,
    registration,
    update,
)
LOGIN = Login(UserId(3), UserDeviceId(2), b"proof")
PROOF = InclusionProof(1, 2, (Digest(bytes(32)),))
REFUSED = LoginEntry(LoginOutcome.REFUSED, "C2", "LoginRefused", None, None, None, 7, None)  # type: ignore[arg-type]

BASICS: dict[type, st.SearchStrategy[Any]] = {
    int: st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([-1, 23, 24, 255, 256, 2**32, 2**63, 2**64, 2**80])),
    str: st.text(max_size=20),
    bytes: st.binary(max_size=40),
    bool: st.booleans(),
    type(None): st.none(),
}
LENGTHS: dict[type, dict[str, int | None]] = {
    Digest: {"value": 32, "algorithm": None},
    PublicKeys: {"signing": 32, "exchange": 33},
    LoginEntry: {"session": 16},
    Transcript: {"network": 32, "session": 16, "challenge": 32, "binding": 32},
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as models use it."""
    while hasattr(kind, "__supertype__"):
        kind = kind.__supertype__
    if kind in BASICS:
        return BASICS[kind]
    if get_origin(kind) in {Union, UnionType}:
        return st.one_of([values_of(option) for option in get_args(kind)])
    if get_origin(kind) is tuple:
        return st.lists(values_of(get_args(kind)[0]), max_size=3).map(tuple)
    return st.sampled_from(kind) if issubclass(kind, Enum) else instances_of(kind)


def instances_of(model: Any) -> st.SearchStrategy[Any]:
    """Instances of a model, with the lengths that it insists on."""
    values = {name: values_of(kind) for name, kind in get_type_hints(model).items() if get_origin(kind) is not ClassVar}
    for name, length in LENGTHS.get(model, {}).items():
        values[name] = st.binary(min_size=length, max_size=length) if length else st.just("sha-256")
    return st.builds(model, **values)


def models() -> list[type]:
    return [cls for subject in SUBJECTS for cls in vars(subject).values() if is_model_of(subject, cls)]


def is_model_of(subject: ModuleType, member: Any) -> bool:
    return inspect.isclass(member) and is_dataclass(member) and member.__module__ == subject.__name__


def changed(value: dict[str, Any], **other: Any) -> bytes:
    return cbor2.dumps(value | other, canonical=True)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_model_comes_back_from_its_bytes(model: type[Any]) -> None:
    # Digests and keys have one length: an example cannot be made shorter.
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
    @given(instances_of(model))
    def comes_back(value: object) -> None:
        data = to_cbor(value)
        assert from_cbor(model, data) == value
        assert data == to_cbor(from_cbor(model, data))

    comes_back()


def test_a_message_is_the_known_bytes() -> None:
    # {"user": 3, "proof": h'70726f6f66', "user_device": 2}, the keys in the order of their encodings
    assert to_cbor(LOGIN) == bytes.fromhex("a3 6475736572 03 6570726f6f66 4570726f6f66 6b757365725f646576696365 02")


def test_keys_stand_in_the_order_of_rfc_8949() -> None:
    keys = [cbor2.dumps(key) for key in cbor2.loads(to_cbor(REFUSED))]

    assert keys == sorted(keys)


def test_an_optional_value_that_is_missing_is_null() -> None:
    assert cbor2.loads(to_cbor(REFUSED))["session"] is None
    assert from_cbor(LoginEntry, to_cbor(REFUSED)) == REFUSED


@given(st.binary(max_size=60))
def test_random_bytes_are_refused_or_are_the_message_s_own(data: bytes) -> None:
    try:
        value = from_cbor(Login, data)
    except MalformedMessage:
        return
    assert to_cbor(value) == data


@pytest.mark.parametrize("message", [LOGIN, PROOF, REFUSED], ids=lambda message: type(message).__name__)
def test_a_message_that_is_cut_or_longer_is_refused(message: object) -> None:
    data = to_cbor(message)
    for other in (*(data[:end] for end in range(len(data))), data + b"\0", data + data):
        with pytest.raises(MalformedMessage):
            from_cbor(type(message), other)


@pytest.mark.parametrize("message", [LOGIN, PROOF, REFUSED], ids=lambda message: type(message).__name__)
def test_a_changed_byte_makes_another_message_or_none(message: object) -> None:
    data = to_cbor(message)
    for position in range(len(data)):
        other = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        try:
            assert from_cbor(type(message), other) != message
        except MalformedMessage:
            continue


LOGIN_MAP: dict[str, Any] = cbor2.loads(to_cbor(LOGIN))
PROOF_MAP: dict[str, Any] = cbor2.loads(to_cbor(PROOF))
ENTRY_MAP: dict[str, Any] = cbor2.loads(to_cbor(REFUSED))


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (Login, changed(LOGIN_MAP, admin=True)),
        (Login, cbor2.dumps({"user": 3}, canonical=True)),
        (Login, cbor2.dumps({}, canonical=True)),
        (Login, cbor2.dumps([3, b"proof", 2], canonical=True)),
        (Login, cbor2.dumps(None)),
        (Login, changed(LOGIN_MAP, user="3")),
        (Login, changed(LOGIN_MAP, user=True)),
        (Login, changed(LOGIN_MAP, user=3.0)),
        (Login, changed(LOGIN_MAP, user=None)),
        (Login, changed(LOGIN_MAP, user=[3])),
        (Login, changed(LOGIN_MAP, proof="proof")),
        (Login, changed(LOGIN_MAP, proof=[1, 2])),
        (Login, changed(LOGIN_MAP, proof=bytearray(b"proof")) + b"\xf6"),
        (InclusionProof, changed(PROOF_MAP, path=None)),
        (InclusionProof, changed(PROOF_MAP, path={})),
        (InclusionProof, changed(PROOF_MAP, path="")),
        (InclusionProof, changed(PROOF_MAP, path=[b"\0" * 32])),
        (InclusionProof, changed(PROOF_MAP, path=[{"value": bytes(32), "algorithm": "sha-1"}])),
        (InclusionProof, changed(PROOF_MAP, path=[{"value": bytes(31), "algorithm": "sha-256"}])),
        (InclusionProof, changed(PROOF_MAP, path=[{"value": bytes(32)}])),
        (LoginEntry, changed(ENTRY_MAP, outcome="forgotten")),
        (LoginEntry, changed(ENTRY_MAP, outcome=0)),
        (LoginEntry, changed(ENTRY_MAP, step=None)),
        (LoginEntry, changed(ENTRY_MAP, user=False)),
        (PublicKeys, cbor2.dumps({"signing": bytes(31), "exchange": bytes(33)}, canonical=True)),
    ],
)
def test_a_message_of_another_shape_or_type_is_refused(model: type, data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        from_cbor(model, data)


@pytest.mark.parametrize(
    "data",
    [
        "a3 6570726f6f66 4570726f6f66 6475736572 03 6b757365725f646576696365 02",  # keys in another order
        "a3 6475736572 1803 6570726f6f66 4570726f6f66 6b757365725f646576696365 02",  # a longer number
        "b803 6475736572 03 6570726f6f66 4570726f6f66 6b757365725f646576696365 02",  # a longer head
        "bf 6475736572 03 6570726f6f66 4570726f6f66 6b757365725f646576696365 02 ff",  # without a length
        "a3 6475736572 03 6570726f6f66 5f4570726f6f66ff 6b757365725f646576696365 02",  # bytes in pieces
        "a4 6475736572 03 6475736572 03 6570726f6f66 4570726f6f66 6b757365725f646576696365 02",  # twice
        "a3 6475736572 c24103 6570726f6f66 4570726f6f66 6b757365725f646576696365 02",  # a big number
        "d9d9f7 a3 6475736572 03 6570726f6f66 4570726f6f66 6b757365725f646576696365 02",  # a tag
    ],
)
def test_the_same_message_in_other_bytes_is_refused(data: str) -> None:
    with pytest.raises(MalformedMessage, match="not the deterministic encoding of a Login"):
        from_cbor(Login, bytes.fromhex(data))


@pytest.mark.parametrize(
    "data",
    [
        b"\x81" * 100_000,
        b"\xc1" * 100_000,
        b"\x9b\x00\x00\x00\x7f\xff\xff\xff\xff",
        b"\x5b\x00\x00\x00\x7f\xff\xff\xff\xff",
        b"\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xd8\x1c\x81\xd8\x1d\x00",
        b"\x62\xff\xff",
    ],
    ids=["nested", "tagged", "a long list", "long bytes", "a large exponent", "a list that holds itself", "no UTF-8"],
)
def test_bytes_that_were_made_to_hurt_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        from_cbor(Login, data)


def test_keys_of_several_types_that_no_model_has_are_refused() -> None:
    """They have no order in which a refusal could name them. Found by fuzzing."""
    with pytest.raises(MalformedMessage):
        from_cbor(Login, cbor2.dumps({"extra": 1, 5: 2, -1: 3}))


def test_a_refusal_shows_nothing_of_the_message() -> None:
    with pytest.raises(MalformedMessage) as refusal:
        from_cbor(Login, changed(LOGIN_MAP, proof="a secret that went astray"))
    assert "astray" not in str(refusal.value)

    with pytest.raises(MalformedMessage) as refusal:
        from_cbor(LoginEntry, changed(ENTRY_MAP, outcome="x" * 100_000))
    assert len(str(refusal.value)) < 500


def test_a_number_of_an_enumeration_is_that_number_alone() -> None:
    request = RegistrationRequest(2, 7, 4, RiskLevel.MEDIUM, Digest(bytes(32)))  # type: ignore[arg-type]
    data = to_cbor(request)
    assert from_cbor(RegistrationRequest, data) == request

    for other in (True, 1.0, 4, -1):
        with pytest.raises(MalformedMessage):
            from_cbor(RegistrationRequest, changed(cbor2.loads(data), risk=other))


def test_a_text_that_is_not_unicode_is_refused_before_it_is_written() -> None:
    with pytest.raises(MalformedValue):
        to_cbor(replace(REFUSED, reason="\ud800"))


def test_models_inside_models_keep_their_rules() -> None:
    session = Certification(bytes(16), bytes(32), Digest(bytes(32)), bytes(64), PublicKeys(bytes(32), bytes(33)))
    data = to_cbor(session)
    assert from_cbor(Certification, data) == session

    inner = cbor2.loads(data)
    inner["keys"]["signing"] = bytes(31)
    with pytest.raises(MalformedMessage):
        from_cbor(Certification, cbor2.dumps(inner, canonical=True))


def test_an_error_crosses_like_a_model() -> None:
    error = DigestMismatch(b"pkg", b"recorded", b"offered")

    assert from_cbor(DigestMismatch, to_cbor(error)).values() == error.values()


def test_a_truth_value_is_no_number_and_no_number_is_one() -> None:
    @dataclass(frozen=True)
    class Lamp:
        on: bool

    assert from_cbor(Lamp, to_cbor(Lamp(on=True))) == Lamp(on=True)
    with pytest.raises(MalformedMessage):
        from_cbor(Lamp, cbor2.dumps({"on": 1}, canonical=True))


def test_every_model_is_tried_here() -> None:
    assert {Login, Checkpoint, Digest, InclusionProof, LoginEntry, PublicKeys, Transcript} <= set(models())
    assert len(models()) > 40
