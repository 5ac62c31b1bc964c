"""Starting, stopping, and what is said when a port is taken."""

import socket
import threading

import pytest

from certchain.channel.coap import CoapAddress, CoapChannel, CoapEndpoint
from certchain.channel.coap.loop import LoopThread
from certchain.errors import PeerUnavailable, PortTaken
from tests.datagrams import LOCK, PHONE, Counting, ask, channel, device, public_keys


def test_an_address_is_shown_as_in_a_uri() -> None:
    assert str(CoapAddress("127.0.0.1", 5683)) == "127.0.0.1:5683"
    assert str(CoapAddress("::1", 5683)) == "[::1]:5683"


def test_a_port_that_is_taken_is_named_whoever_has_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            CoapEndpoint(LOCK, Counting(), public_keys, port=port).start()
    with device(Counting()) as first:
        taken = first.address.port
        with pytest.raises(PortTaken, match=str(taken)):
            CoapEndpoint(LOCK, Counting(), public_keys, port=taken).start()


def test_an_address_of_another_machine_cannot_be_taken() -> None:
    with pytest.raises(PortTaken):
        CoapEndpoint(LOCK, Counting(), public_keys, host="192.0.2.1").start()


def test_stopping_ends_every_thread_and_is_safe_to_repeat() -> None:
    before = set(threading.enumerate())
    with device(Counting()) as endpoint, channel(endpoint.address) as opened:
        ask(opened, 0)
    endpoint.stop()
    opened.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(2)
    assert set(threading.enumerate()) <= before


def test_stopping_the_device_forgets_every_secret() -> None:
    handler = Counting()
    with device(handler) as endpoint:
        opened = CoapChannel(endpoint.address, PHONE, LOCK.party, public_keys, timeout=0.3)
        ask(opened, 0)
        assert handler.connections[0].binding == opened.binding
    with pytest.raises(PeerUnavailable):
        _ = handler.connections[0].binding
    opened.close()


def test_an_endpoint_that_never_started_can_be_stopped() -> None:
    CoapEndpoint(LOCK, Counting(), public_keys).stop()


def test_a_loop_raises_what_its_work_raises() -> None:
    async def fail() -> None:
        raise KeyError("x")

    loop = LoopThread("test")
    with pytest.raises(KeyError):
        loop.run(fail())
    loop.stop()
