"""Attack: ten thousand anonymous first messages to a lock, before, while and after its user is certified."""

import socket

from aiocoap import CON, Message
from aiocoap.numbers.codes import POST

from certchain.channel.coap import CoapAddress
from certchain.channel.coap.gate import EDHOC_PATH, FIRST
from certchain.channel.coap.handshake import Initiator
from tests.household import Household
from tests.on_the_way import over_both_links

FLOOD, BATCH = 10_000, 50


def flood(address: CoapAddress, data: list[bytes], times: int) -> int:
    """From an address of its own; returns how many of them were answered at all."""
    answered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind(("127.0.0.2", 0))
        end.settimeout(1)
        for _ in range(times):
            for one in data:
                end.sendto(one, (address.host, address.port))
            answered += sum(len(end.recv(2048)) > 0 for _ in data)
    return answered


def test_after_ten_thousand_anonymous_first_messages_the_lock_certifies_its_user() -> None:
    home = Household()
    home.register()
    with over_both_links(home) as way, way.open() as before:
        keys = home.lock.ledger.registrations.public_keys(home.lock.identity.party)
        payload = FIRST + Initiator(home.phone.identity, home.lock.identity.party, keys).message_1()
        data = [
            bytes(Message(code=POST, uri_path=EDHOC_PATH, payload=payload, _mtype=CON, _mid=mid, _token=b"t").encode())
            for mid in range(BATCH)
        ]
        control = way.certify(before)
        assert flood(way.packets.device, data, FLOOD // BATCH // 2) == FLOOD // 2
        assert control.command(b"in the middle") == b"done: in the middle"
        assert flood(way.packets.device, data, FLOOD // BATCH // 2) == FLOOD // 2
        with way.open() as after:
            assert way.certify(after).command(b"afterwards") == b"done: afterwards"
    assert home.outcomes() == [("C13", ""), ("C13", "")]
