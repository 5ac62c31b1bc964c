"""Attack: send a device whatever comes to mind: no datagram, and no message inside of one, ends it or makes it stumble."""

import socket
from collections.abc import Iterator

import pytest
from aiocoap import CON, NON, Message
from aiocoap.numbers.codes import DELETE, FETCH, GET, POST, PUT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certchain.channel.coap import CoapChannel, CoapEndpoint, CoapLimits
from certchain.channel.coap.gate import EDHOC_PATH, FIRST
from certchain.channel.coap.site import MESSAGES_PATH
from certchain.channel.envelope import decode_message
from certchain.errors import CertchainError
from tests.attacks.test_channel_flood import exchange, first_message
from tests.datagrams import Counting, answer_to, ask, channel, device

LIMITS = CoapLimits(
    first_burst=10**6, first_rate=10**6, address_burst=10**6, address_rate=10**6, half_open_lifetime=0.5
)
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=HealthCheck.all())


@pytest.fixture(scope="module")
def endpoint() -> Iterator[CoapEndpoint]:
    with device(Counting(), limits=LIMITS) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def end(endpoint: CoapEndpoint) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.settimeout(0.01)
        end.connect((endpoint.address.host, endpoint.address.port))
        yield end


@pytest.fixture(scope="module")
def opened(endpoint: CoapEndpoint) -> Iterator[CoapChannel]:
    with channel(endpoint.address, timeout=5) as opened:
        yield opened


@pytest.fixture(autouse=True)
def still_serving(endpoint: CoapEndpoint, opened: CoapChannel, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Afterwards the old conversation goes on, a new one begins, and nothing was logged as a fault."""
    yield
    assert ask(opened, 1) == answer_to(1)
    with channel(endpoint.address) as fresh:
        assert ask(fresh, 2) == answer_to(2)
    assert [entry for entry in caplog.records if entry.exc_info] == []


@FUZZ
@given(data=st.binary(max_size=200))
def test_any_datagram(end: socket.socket, data: bytes) -> None:
    exchange(end, data)


@FUZZ
@given(
    code=st.sampled_from([GET, POST, PUT, DELETE, FETCH]),
    mtype=st.sampled_from([CON, NON]),
    path=st.sampled_from([EDHOC_PATH, MESSAGES_PATH, ()]),
    option=st.one_of(st.none(), st.binary(max_size=20)),
    payload=st.binary(max_size=100),
    mid=st.integers(0, 0xFFFF),
)
def test_any_request_by_a_stranger(end: socket.socket, **parts: object) -> None:
    message = Message(
        code=parts["code"],
        uri_path=parts["path"],
        oscore=parts["option"],
        payload=parts["payload"],
        _mtype=parts["mtype"],
        _mid=parts["mid"],
        _token=b"x",
    )
    exchange(end, message.encode())


@FUZZ
@given(payload=st.binary(max_size=80), mid=st.integers(0, 0xFFFF))
def test_any_message_1(end: socket.socket, payload: bytes, mid: int) -> None:
    """From an address that has shown that it can be reached. A message that panics the library is one of these."""
    greeted = exchange(end, first_message(mid))
    echo = greeted.opt.echo if greeted is not None else None
    message = Message(code=POST, uri_path=EDHOC_PATH, payload=FIRST + payload, echo=echo, _mtype=CON, _token=b"x")
    message.mid = mid ^ 0x8000
    exchange(end, message.encode())


@FUZZ
@given(tail=st.binary(max_size=80), mid=st.integers(0, 0xFFFF))
def test_any_message_3_in_a_handshake_of_ones_own(
    endpoint: CoapEndpoint, end: socket.socket, tail: bytes, mid: int
) -> None:
    greeted = exchange(end, first_message(mid))
    begun = exchange(end, first_message(mid ^ 0x4000, greeted.opt.echo)) if greeted is not None else None
    if begun is None or not begun.payload:
        return
    for own_id in list(endpoint._handshakes._open):  # a stranger knows its own only
        payload = b"\x44" + own_id + tail
        message = Message(code=POST, uri_path=EDHOC_PATH, payload=payload, _mtype=CON, _token=b"x")
        message.mid = mid ^ 0x2000
        exchange(end, message.encode())


@FUZZ
@given(option=st.binary(max_size=8), payload=st.binary(max_size=60), mid=st.integers(0, 0xFFFF))
def test_anything_under_the_name_of_a_conversation(
    end: socket.socket, opened: CoapChannel, option: bytes, payload: bytes, mid: int
) -> None:
    kid = opened._remote.security_context.sender_id
    for oscore in (bytes([0x09, 0]) + kid, bytes([0x0B, *option[:3].ljust(3, b"0")]) + kid, option + kid):
        message = Message(code=POST, oscore=oscore, payload=payload, _mtype=CON, _mid=mid, _token=b"x")
        exchange(end, message.encode())


@FUZZ
@given(payload=st.binary(max_size=300), code=st.sampled_from([POST, GET, PUT, FETCH]))
def test_anything_inside_of_a_conversation(opened: CoapChannel, payload: bytes, code: object) -> None:
    """By who has keys, and another program."""
    reply = opened._loop.run(opened._ask(code, payload, 5))
    assert reply.code.is_successful() == (code is POST)
    if code is POST:
        with pytest.raises(CertchainError):
            decode_message(reply.payload)
