"""Rates, cookies and tables under a clock of the test's own."""

from certchain.channel.coap.context import CoapConnection, OscoreContext
from certchain.channel.coap.handshake import Responder
from certchain.channel.coap.limit import CoapLimits, Cookies, FirstMessages
from certchain.channel.coap.table import Conversations, Handshakes, Live, fresh_id
from certchain.models.identifier import DeviceId, Party, device_party
from tests.unit.channel.coap.shaking import LOCK

LIMITS = CoapLimits(first_burst=6, first_rate=2, address_burst=3, address_rate=1, addresses=4)
ALICE, BOB = "::ffff:192.0.2.1", "::ffff:192.0.2.2"


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def taken(first: FirstMessages, host: str, times: int) -> int:
    return sum(first.take(host) for _ in range(times))


def test_an_address_has_its_burst_and_then_its_rate() -> None:
    clock = Hand()
    first = FirstMessages(LIMITS, clock)
    assert taken(first, ALICE, 10) == 3
    clock.seconds += 2
    assert taken(first, ALICE, 10) == 2
    clock.seconds += 1000
    assert taken(first, ALICE, 10) == 3


def test_one_address_over_its_limit_uses_nothing_of_the_others() -> None:
    first = FirstMessages(LIMITS, Hand())
    assert taken(first, ALICE, 1000) == 3
    assert taken(first, BOB, 1000) == 3


def test_all_addresses_together_have_a_limit() -> None:
    clock = Hand()
    first = FirstMessages(LIMITS, clock)
    assert sum(taken(first, f"::ffff:192.0.2.{host}", 3) for host in range(10)) == 6
    clock.seconds += 1
    assert sum(taken(first, f"::ffff:192.0.3.{host}", 3) for host in range(10)) == 2


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    first = FirstMessages(LIMITS, Hand())
    assert sum(first.take(f"2001:db8::{host:x}") for host in range(1, 100)) == 3
    assert first.take("2001:db8:0:1::1")
    assert not first.take("2001:db8::1%eth0")


def test_only_so_many_addresses_are_remembered() -> None:
    first = FirstMessages(LIMITS, Hand())
    for host in range(100):
        first.take(f"::ffff:192.0.2.{host}")
    assert len(first) == LIMITS.addresses


def test_a_cookie_is_good_for_its_address_for_a_while() -> None:
    clock = Hand()
    cookies = Cookies(clock)
    cookie = cookies.bake(ALICE, 5)
    assert len(cookie) == 16
    assert cookies.are_good(cookie, ALICE, 5)
    assert not cookies.are_good(cookie, BOB, 5)
    assert not cookies.are_good(cookie, ALICE, 6)
    assert not cookies.are_good(b"", ALICE, 5)
    assert not Cookies(clock).are_good(cookie, ALICE, 5)
    clock.seconds += 29
    assert cookies.are_good(cookie, ALICE, 5)
    clock.seconds += 31
    assert not cookies.are_good(cookie, ALICE, 5)


def test_half_open_handshakes_are_never_more_than_the_rate_lets_in() -> None:
    assert LIMITS.half_open == 6 + 2 * 5
    clock, most = Hand(), 0
    handshakes, first = Handshakes(LIMITS, clock), FirstMessages(LIMITS, clock)
    for number in range(3000):
        if first.take(f"::ffff:192.0.2.{number % 200}"):
            handshakes.put(Responder(LOCK, number.to_bytes(4)), (ALICE, number))
        most = max(most, len(handshakes))
        clock.seconds += 0.01
    assert 6 < most <= LIMITS.half_open
    clock.seconds += LIMITS.half_open_lifetime
    handshakes.put(Responder(LOCK, b"abcd"), (ALICE, 1))
    assert len(handshakes) == 1


def test_a_handshake_is_of_one_address_and_serves_once() -> None:
    handshakes = Handshakes(LIMITS, Hand())
    responder = Responder(LOCK, b"abcd")
    handshakes.put(responder, (ALICE, 5))
    assert handshakes.has(b"abcd", (ALICE, 5))
    assert not handshakes.has(b"abcd", (ALICE, 6))
    assert not handshakes.has(b"abce", (ALICE, 5))
    assert handshakes.take(b"abcd") is responder
    assert handshakes.take(b"abcd") is None
    assert not handshakes.has(b"abcd", (ALICE, 5))


def live(peer: Party, kid: bytes) -> Live:
    prk_out = kid * 8
    return Live(OscoreContext(prk_out, b"x", kid), CoapConnection(peer, prk_out))


def test_the_longest_idle_makes_room_of_its_own_party_first() -> None:
    conversations = Conversations(CoapLimits(contexts=4, contexts_each=2))
    one, two, three = (device_party(DeviceId(number)) for number in (1, 2, 3))
    for peer, kid in ((one, b"aaaa"), (one, b"bbbb"), (two, b"cccc"), (two, b"dddd")):
        conversations.put(live(peer, kid))
    conversations.used(b"aaaa")
    conversations.put(live(one, b"eeee"))
    assert b"bbbb" not in conversations
    assert b"aaaa" in conversations
    conversations.put(live(three, b"ffff"))
    assert b"cccc" not in conversations
    assert len(conversations) == 4
    conversations.end_all()
    assert len(conversations) == 0


def test_a_fresh_identifier_is_nobodys() -> None:
    conversations = Conversations(CoapLimits())
    assert len({fresh_id(Handshakes(LIMITS, Hand()), conversations) for _ in range(100)}) == 100
