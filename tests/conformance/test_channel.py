"""Every channel keeps these promises. A transport joins by a maker of connected ends."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Thread
from typing import Any

import pytest

from certchain.channel import Channel, Connection, Handler, MemoryChannel
from certchain.channel.coap import CoapChannel, CoapEndpoint
from certchain.channel.interface import BINDING_LABEL, CONTROL_LABEL
from certchain.errors import (
    CertchainError,
    DigestMismatch,
    LoginRefused,
    MalformedMessage,
    MalformedValue,
    NothingToRegister,
    PeerUnavailable,
    error_classes,
)
from certchain.keys import KeyPair
from certchain.models.application import KeyData, RegistrationHash
from certchain.models.certification import LoginAccepted
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, ProductId, UserDeviceId, UserId, device_party, user_device_party
from certchain.models.log import InclusionProof
from certchain.models.registration import PublicKeys
from certchain.verification.statement import Identity

Maker = Callable[[Handler], AbstractContextManager[Channel]]

QUESTION = InclusionProof(1, 2, (Digest(bytes(32)), Digest(b"\x01" * 32)))
ANSWER = LoginAccepted(bytes(32))
PHONE, LOCK = user_device_party(UserDeviceId(2)), device_party(DeviceId(5))
PHONE_IDENTITY, LOCK_IDENTITY = (Identity(bytes(32), party, KeyPair.generate()) for party in (PHONE, LOCK))
KEYS = {identity.party: identity.keys.public for identity in (PHONE_IDENTITY, LOCK_IDENTITY)}


@contextmanager
def memory(handler: Handler) -> Iterator[Channel]:
    channel = MemoryChannel(handler, asker=PHONE, answerer=LOCK)
    yield channel
    channel.close()


@contextmanager
def coap(handler: Handler) -> Iterator[Channel]:
    """Over UDP on this machine."""
    with CoapEndpoint(LOCK_IDENTITY, handler, KEYS.__getitem__) as endpoint:
        channel = CoapChannel(endpoint.address, PHONE_IDENTITY, LOCK, KEYS.__getitem__)
        yield channel
        channel.close()


MAKERS: dict[str, Maker] = {"memory": memory, "coap": coap}


@pytest.fixture(params=MAKERS)
def connected(request: pytest.FixtureRequest) -> Maker:
    return MAKERS[request.param]


class Listener:
    """The end that answers: it keeps what it heard, and whom it heard it from."""

    def __init__(self, answer: object = ANSWER) -> None:
        self.answer = answer
        self.heard: list[Any] = []
        self.connection: Connection

    def __call__(self, connection: Connection, message: Any) -> object:
        self.connection = connection
        self.heard.append(message)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


# ------------------------------------------------------------------------------------------------------------- messages


def test_a_message_arrives_and_its_answer_comes_back(connected: Maker) -> None:
    listener = Listener()
    with connected(listener) as channel:
        assert channel.request(QUESTION, LoginAccepted) == ANSWER
    assert listener.heard == [QUESTION]


def test_messages_arrive_in_order(connected: Maker) -> None:
    listener = Listener()
    with connected(listener) as channel:
        for index in range(20):
            channel.request(InclusionProof(index, 20, ()), LoginAccepted)
    assert [message.index for message in listener.heard] == list(range(20))


def test_one_request_is_answered_before_the_next(connected: Maker) -> None:
    busy: list[object] = []
    overlaps: list[int] = []

    def slow(_: Connection, message: object) -> object:
        overlaps.append(len(busy))
        busy.append(message)
        for _step in range(1000):
            pass
        busy.pop()
        return message

    with connected(slow) as channel:
        threads = [Thread(target=channel.request, args=(QUESTION, InclusionProof)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert overlaps == [0] * 8


def test_an_answer_of_another_type_is_refused(connected: Maker) -> None:
    with connected(Listener()) as channel, pytest.raises(MalformedMessage, match="a LoginAccepted came where a Digest"):
        channel.request(QUESTION, Digest)


@pytest.mark.parametrize(
    "message",
    [
        RegistrationHash(bytes(32)),
        KeyData(UserId(3), bytes(32), None, Digest(bytes(32))),
        5,
        "text",
        None,
        (QUESTION,),
        ProductId(1),
        LoginRefused(2),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_is_no_message_or_must_stay_at_home_does_not_leave(connected: Maker, message: object) -> None:
    listener = Listener()
    with connected(listener) as channel:
        with pytest.raises(MalformedMessage, match="does not cross a channel"):
            channel.request(message, LoginAccepted)
        assert not listener.heard

        listener.answer = message
        with pytest.raises(CertchainError):
            channel.request(QUESTION, LoginAccepted)


def test_a_registration_hash_in_a_refusal_is_not_shown(connected: Maker) -> None:
    secret = bytes(range(32))
    with connected(Listener(RegistrationHash(secret))) as channel, pytest.raises(MalformedMessage) as refusal:
        channel.request(QUESTION, LoginAccepted)
    assert secret.hex() not in str(refusal.value)
    assert repr(secret) not in repr(refusal.value)


def test_each_end_knows_who_is_at_the_other(connected: Maker) -> None:
    listener = Listener()
    with connected(listener) as channel:
        channel.request(QUESTION, LoginAccepted)
        assert (channel.peer, listener.connection.peer) == (LOCK, PHONE)


# ------------------------------------------------------------------------------------------------------------- refusals


def test_a_refusal_is_raised_here_as_the_same_error(connected: Maker) -> None:
    refused = DigestMismatch(b"PkgID", b"recorded", b"offered")
    with connected(Listener(refused)) as channel:
        with pytest.raises(DigestMismatch) as refusal:
            channel.request(QUESTION, LoginAccepted)
        assert refusal.value.values() == refused.values()


@pytest.mark.parametrize("cls", error_classes().values(), ids=lambda cls: cls.__name__)
def test_every_error_crosses(connected: Maker, cls: type[CertchainError]) -> None:
    samples = {"int": 5, "str": "a reason", "bytes": b"bytes"}
    refused = cls(*(samples[field.type.__name__] for field in cls.__dataclass_fields__.values()))  # type: ignore[attr-defined]
    with connected(Listener(refused)) as channel:
        with pytest.raises(cls) as refusal:
            channel.request(QUESTION, LoginAccepted)
        assert type(refusal.value) is cls
        assert refusal.value.values() == refused.values()
        assert str(refusal.value) == str(refused)


def test_an_error_without_values_crosses(connected: Maker) -> None:
    with connected(Listener(NothingToRegister())) as channel, pytest.raises(NothingToRegister):
        channel.request(QUESTION, LoginAccepted)


def test_after_a_refusal_the_conversation_goes_on(connected: Maker) -> None:
    listener = Listener(LoginRefused(2))
    with connected(listener) as channel:
        with pytest.raises(LoginRefused):
            channel.request(QUESTION, LoginAccepted)
        listener.answer = ANSWER
        assert channel.request(QUESTION, LoginAccepted) == ANSWER


def test_an_unexpected_failure_of_the_peer_says_nothing_of_its_cause(
    connected: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(Listener(KeyError("the path of the key file"))) as channel:
        with pytest.raises(PeerUnavailable) as refusal:
            channel.request(QUESTION, LoginAccepted)
        assert "key file" not in str(refusal.value)
        assert refusal.value.__cause__ is None
    assert "the path of the key file" in caplog.text


# -------------------------------------------------------------------------------------------------------------- secrets


def test_both_ends_derive_the_same_secrets(connected: Maker) -> None:
    listener = Listener()
    with connected(listener) as channel:
        channel.request(QUESTION, LoginAccepted)

        assert channel.binding == listener.connection.binding
        assert len(channel.binding) == 32
        assert channel.binding == channel.export(BINDING_LABEL, b"", 32)
        for length in (1, 32, 64, 255):
            secret = channel.export(CONTROL_LABEL, b"transcript", length)
            assert secret == listener.connection.export(CONTROL_LABEL, b"transcript", length)
            assert len(secret) == length


def test_another_label_context_length_or_channel_gives_another_secret(connected: Maker) -> None:
    with connected(Listener()) as channel, connected(Listener()) as other:
        secrets = [
            channel.export("certchain control", b"one", 32),
            channel.export("certchain contro", b"lone", 32),
            channel.export("certchain control", b"two", 32),
            channel.export("certchain control", b"", 32),
            channel.export("certchain binding", b"one", 32),
            channel.export("certchain control", b"one", 64)[:32],
            channel.binding,
            other.export("certchain control", b"one", 32),
            other.binding,
        ]
        assert len(set(secrets)) == len(secrets)


def test_the_longest_arguments_are_taken(connected: Maker) -> None:
    with connected(Listener()) as channel:
        assert len(channel.export("x" * 23, bytes(255), 255)) == 255


@pytest.mark.parametrize(
    ("label", "context", "length"),
    [
        ("x" * 24, b"", 32),
        ("ä" * 12, b"", 32),
        ("\ud800", b"", 32),
        ("x", bytes(256), 32),
        ("x", b"", 0),
        ("x", b"", -1),
        ("x", b"", 256),
    ],
)
def test_arguments_beyond_the_bounds_are_refused_at_both_ends(
    connected: Maker, label: str, context: bytes, length: int
) -> None:
    listener = Listener()
    with connected(listener) as channel:
        channel.request(QUESTION, LoginAccepted)
        for end in (channel, listener.connection):
            with pytest.raises(MalformedValue):
                end.export(label, context, length)


def test_after_closing_neither_end_speaks_or_knows_a_secret(connected: Maker) -> None:
    listener = Listener()
    with connected(listener) as channel:
        channel.request(QUESTION, LoginAccepted)
        channel.close()

        for end in (channel, listener.connection):
            with pytest.raises(PeerUnavailable):
                _ = end.binding
            with pytest.raises(PeerUnavailable):
                end.export(CONTROL_LABEL, b"", 32)
        with pytest.raises(PeerUnavailable):
            channel.request(QUESTION, LoginAccepted)
        channel.close()
    assert listener.heard == [QUESTION]


def test_keys_in_a_message_are_checked_on_arrival(connected: Maker) -> None:
    keys = PublicKeys(bytes(32), bytes(33))
    object.__setattr__(keys, "signing", bytes(31))  # what a peer with another program could send
    listener = Listener()
    with connected(listener) as channel, pytest.raises(MalformedMessage):
        channel.request(keys, LoginAccepted)
    assert not listener.heard
