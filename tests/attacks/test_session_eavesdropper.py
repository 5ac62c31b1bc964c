"""Attack: listen to every byte of a registration, a certification and a command, from phone to lock and from lock to server."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from certchain.channel.coap.credential import id_cred, kid
from certchain.channel.envelope import encode_message
from certchain.encoding.message import from_cbor
from certchain.models.certification import Certification, SessionOpened
from certchain.roles.user_device.equipment import KeptRegistration, registration_file
from certchain.storage.kept import kept
from tests.household import SECRET, Household
from tests.on_the_way import over_both_links
from tests.wiretap import rebuilt

SHORTEST_BYTES, SHORTEST_TEXT = 12, 4
"""What is shorter than this occurs by chance among so many bytes."""


def values(message: Any) -> Iterator[bytes]:
    """Whatever a message says, field by field, as it would stand in it; and what its fields are called."""
    for name in fields(message):
        value = getattr(message, name.name)
        yield name.name.encode()
        if is_dataclass(value):
            yield from values(value)
        elif isinstance(value, bytes):
            yield value
        elif isinstance(value, str):
            yield value.encode()


def searched(messages: list[Any]) -> set[bytes]:
    """What nobody on the way is to learn of these."""
    said = {value for message in messages for value in (type(message).__name__.encode(), *values(message))}
    return {value for value in said if len(value) >= (SHORTEST_TEXT if value.isascii() else SHORTEST_BYTES)}


def secrets_of(home: Household, certification: Certification) -> dict[str, bytes]:
    """What is in no message, or deep inside of a sealed one."""
    registration = kept(home.phone.store, registration_file(home.lock.id), KeptRegistration)
    keys = registration.derivation.derive(SECRET)
    return {
        "secret": SECRET.encode(),
        "salt of the secret": registration.derivation.salt,
        "salt of the registration": registration.grant.salt,
        "factor key": keys.factor_key,
        "verifier": keys.login.verifier,
        "R": rebuilt(home.phone, home, SECRET).value,
        "A": certification.certification_hash.value,
        "the lock's kid": kid(home.lock.identity.party),
        "the phone's ID_CRED": id_cred(home.phone.identity.party),
        "the network": home.lock.identity.network,
        "maker": b"Acme",
        "serial number": b"front door",
        "the phone's model": b"Pixel 9",
        "user": b"Alice",
        "command": b"open the door",
        "result": b"done: ",
    }


def test_whoever_hears_both_links_learns_neither_ids_nor_secrets() -> None:
    home = Household()
    with over_both_links(home) as way, way.open() as channel:
        home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
        home.phone.role.register(channel, home.alice, home.lock.id, home.method, SECRET)
        assert way.certify(channel).command(b"open the door") == b"done: open the door"
        heard = way.packets.everything(), b"\n".join(way.line.seen)
        messages = channel.said + way.to_server.said
    (certification,) = [message for message in messages if isinstance(message, Certification)]
    wanted = searched(messages) | set(secrets_of(home, certification).values())
    assert all(len(link) > 3000 for link in heard)
    assert len(wanted) > 60
    assert [value for value in wanted if any(value in link for link in heard)] == []


def test_the_control_the_same_search_finds_it_all_in_unprotected_messages() -> None:
    home = Household()
    with over_both_links(home) as way, way.open() as channel:
        home.register()
        way.certify(channel)
        messages = channel.said + way.to_server.said
    unprotected = b"".join(encode_message(message) for message in messages)
    opened = [from_cbor(SessionOpened, said.body) for said in messages if getattr(said, "kind", "") == "SessionOpened"]
    assert opened[0].session in unprotected
    assert [value for value in searched(messages) if value not in unprotected] == []
