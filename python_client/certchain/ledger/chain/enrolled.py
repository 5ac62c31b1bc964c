"""What of an enrolment is only in the contract's events: the public keys themselves, and which registrations a user device has had."""

from collections.abc import Iterator

from certchain.encoding.digest import key_thumbprint
from certchain.errors import LedgerMisbehaved, MalformedKey
from certchain.ledger.chain import value
from certchain.ledger.chain.bound import BoundContract
from certchain.ledger.chain.search import block_at, search
from certchain.ledger.chain.transaction import Log
from certchain.models.identifier import Party, PartyKind, RegistrationId, UserDeviceId, user_device_party
from certchain.models.registration import KeyRecord, PublicKeys, Registration

# By kind of party: the event of its enrolment, and that of a rotation of its keys.
_EVENTS = {
    PartyKind.DEVICE: ("DeviceEnrolled", "DeviceKeysRotated"),
    PartyKind.USER_DEVICE: ("UserDeviceEnrolled", "UserDeviceKeysRotated"),
    PartyKind.SERVICE: ("ServiceEnrolled", "ServiceKeysRotated"),
}


def public_keys(contract: BoundContract, deployed: int, party: Party, records: tuple[KeyRecord, ...]) -> PublicKeys:
    """The keys in force, out of the event that put them there. Raises ``LedgerMisbehaved`` if the node has no such event.

    ``records`` are all that the party has had, from the contract's state; ``deployed`` is a block before which there are no events.
    """
    in_force, event = records[-1], _EVENTS[party.kind][len(records) > 1]
    head = contract.connection.block_number()
    first = block_at(contract.connection, in_force.since, deployed, head)
    topics = [contract.artifact.events[event].topic, _word(party.number), in_force.thumbprint.value]
    for log in search(contract, topics, first, head, blocks=1):
        for keys in _keys(contract, event, log):
            if key_thumbprint(keys) == in_force.thumbprint:
                return keys
    raise LedgerMisbehaved(f"the event with the keys of {party} is missing")


def registrations_of(
    contract: BoundContract, deployed: int, user_device: UserDeviceId, enrolled_at: int
) -> tuple[RegistrationId, ...]:
    """All registrations of a user device, oldest first. Raises ``LedgerMisbehaved`` if some of a pair are missing."""
    head = contract.connection.block_number()
    first = block_at(contract.connection, enrolled_at, deployed, head)
    topics = [contract.artifact.events["Registered"].topic, None, _word(user_device)]
    logs = search(contract, topics, first, head)
    found = [event["registration"] for event in contract.events("Registered", logs)]
    records = [value.registration(contract.read("registrationById", each, block=head)) for each in found]
    _require_whole_pairs(contract, user_device, records, head)
    return tuple(record.id for record in records)


def _require_whole_pairs(
    contract: BoundContract, user_device: UserDeviceId, records: list[Registration], head: int
) -> None:
    """Each pair's registrations, from the latest back to the first, were found."""
    pairs = {record.device for record in records}
    latest = {contract.read("latestRegistration", user_device, device, block=head) for device in pairs}
    named = latest | {record.previous for record in records if record.previous}
    others = [record.id for record in records if record.user_device != user_device]
    missing = named - {record.id for record in records}
    if missing or others:
        raise LedgerMisbehaved(f"events of the registrations of {user_device_party(user_device)} are missing or wrong")


def _keys(contract: BoundContract, event: str, log: Log) -> Iterator[PublicKeys]:
    for values in contract.events(event, [log]):
        try:
            yield PublicKeys(values["signingKey"], values["exchangeKey"])
        except MalformedKey as problem:
            raise LedgerMisbehaved(f"an event has no keys: {problem}") from None


def _word(number: int) -> bytes:
    """A number as an indexed value of an event."""
    return number.to_bytes(32, "big")
