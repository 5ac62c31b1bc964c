"""Fuzzing: an enrolled party sends, and signs, whatever it likes: each role answers, or refuses with an error of ours."""

from collections.abc import Iterator
from typing import Any

import cbor2
import pytest
from aiocoap import POST
from hypothesis import event, given
from hypothesis import strategies as st

from certchain.channel.answering import answered
from certchain.channel.coap import CoapChannel, CoapEndpoint
from certchain.channel.envelope import Envelope, EnvelopeKind, decode_message
from certchain.encoding.digest import statement
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import CertchainError
from certchain.models import application, certification, custody, enrolment, log
from certchain.models.certification import Signed
from certchain.models.identifier import Party
from certchain.verification.statement import Identity
from tests.fuzz.test_decoders import MODELS, changed, fields_of, shaped, values
from tests.fuzzing import examples, no_faults
from tests.household import Household

SIGNED = (
    application.RegistrationApplication,
    application.RegistrationForward,
    application.LoginGrant,
    certification.UserDeviceStatement,
    certification.CertificationRequest,
    certification.CertificationForward,
    certification.LoginFailure,
    certification.UnlockQuestion,
    custody.ShareDeposit,
    custody.ShareQuestion,
    enrolment.EnrolmentRequest,
    enrolment.CertificateRenewal,
)
UNEXPECTED = "failed unexpectedly"


@pytest.fixture(scope="module")
def home() -> Household:
    home = Household()
    home.register()
    home.certify()
    return home


@pytest.fixture(autouse=True)
def no_fault_is_logged(home: Household, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a handler did not foresee crosses as a fault, and is logged with its traceback: there is none. Everything still works."""
    with no_faults():
        yield
    assert [entry for entry in caplog.records if entry.exc_info] == []
    assert home.certify().command(b"unlock") == b"done: unlock"


class End:
    """The end that answers, of a channel to whoever is named; its secrets are of no matter."""

    def __init__(self, peer: Party) -> None:
        self.peer, self.binding = peer, bytes(32)

    def export(self, label: str, context: bytes, length: int) -> bytes:
        del label, context
        return bytes(length)


def told(role: Any, peer: Party, data: bytes) -> None:
    """An envelope, as it crosses. The answer is an envelope, and never that of a fault."""
    said = from_cbor(Envelope, answered(role.answer, End(peer), data))
    assert UNEXPECTED.encode() not in said.body
    event(said.type)


def parties(home: Household) -> list[tuple[Any, Identity]]:
    """Each role, and who is a peer that it listens to."""
    custodian = next(iter(home.custodians.values()))
    return [
        (home.server.role, home.lock.identity),
        (home.server.role, home.phone.identity),
        (home.lock.role, home.phone.identity),
        (custodian.role, home.server.identity),
    ]


def numbers_of(home: Household) -> dict[str, Any]:
    """Names that are right, as those who are registered know them: so that the fields behind them are looked at, too."""
    return {
        "device": home.lock.id,
        "user_device": home.phone.id,
        "user": home.alice,
        "server": home.server.id,
        "method": home.method,
    }


@st.composite
def bodies(draw: Any) -> tuple[str, dict[str, Any], frozenset[str]]:
    """A model that parties sign, its fields, and which of them to put right."""
    model = draw(st.sampled_from(SIGNED))
    filled = draw(fields_of(model))
    named = st.sampled_from(["device", "user_device", "user", "server", "method"])
    return model.__name__, filled, frozenset(draw(st.lists(named, max_size=5)))


@examples(250)
@given(place=st.integers(0, 3), body=bodies())
def test_anything_that_is_signed(home: Household, place: int, body: tuple[str, dict[str, Any], frozenset[str]]) -> None:
    """By keys in force, by who is at the other end, in the right form, with some of the numbers that are right."""
    role, signer = parties(home)[place]
    kind, filled, right = body
    known = numbers_of(home)
    data = cbor2.dumps(filled | {name: known[name] for name in right if name in filled}, canonical=True)
    said = statement(signer.network, kind, signer.party, data)
    signed = Signed(kind, signer.party, signer.keys.public, data, signer.keys.sign(said))
    told(role, signer.party, to_cbor(Envelope(EnvelopeKind.MESSAGE, "Signed", to_cbor(signed))))


@examples(250)
@given(place=st.integers(0, 3), shape=shaped())
def test_anything_that_is_said(home: Household, place: int, shape: tuple[str, bytes]) -> None:
    """Messages that are not signed: questions, logins, commands, and models that are no messages."""
    role, peer = parties(home)[place]
    told(role, peer.party, to_cbor(Envelope(EnvelopeKind.MESSAGE, shape[0], shape[1])))


QUESTIONS = [model for name, model in MODELS.items() if model.__module__ == log.__name__ and name.endswith("Question")]


@examples(100)
@given(data=st.data())
def test_any_question_to_the_log(home: Household, data: Any) -> None:
    model = data.draw(st.sampled_from(QUESTIONS))
    body = cbor2.dumps(data.draw(fields_of(model)), canonical=True)
    told(home.server.role, home.lock.identity.party, to_cbor(Envelope(EnvelopeKind.MESSAGE, model.__name__, body)))


@examples(100)
@given(
    sent=st.binary(max_size=200)
    | values.map(cbor2.dumps)
    | changed(to_cbor(Envelope(EnvelopeKind.MESSAGE, "Login", b"\xa0")))
)
def test_any_bytes_to_a_device_over_coap_by_a_peer_with_keys(opened: CoapChannel, sent: bytes) -> None:
    """Protected by OSCORE: what is in it is the peer's own affair."""
    reply = opened._loop.run(opened._ask(POST, sent, 20))
    assert reply.code.is_successful()
    with pytest.raises(CertchainError) as refusal:
        decode_message(reply.payload)
    assert UNEXPECTED not in str(refusal.value)


@pytest.fixture(scope="module")
def opened(home: Household) -> Iterator[CoapChannel]:
    """From the phone to the lock itself."""
    with CoapEndpoint(home.lock.identity, home.lock.answer, home.server.ledger.registrations.public_keys) as endpoint:
        keys = home.server.ledger.registrations.public_keys
        channel = CoapChannel(endpoint.address, home.phone.identity, home.lock.identity.party, keys)
        yield channel
        channel.close()
