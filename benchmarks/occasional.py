"""What is written less often than registrations and logins: a lost key, a divided key, an alert, a factory's batch and its devices."""

from collections.abc import Iterator
from hashlib import sha256

from chain import Certchain, Chain, Contract
from measurement import Row

from certchain.encoding.digest import batch_device, key_thumbprint
from certchain.merkle import inclusion_path, leaf_hash, root
from certchain.models.digest import Digest
from certchain.models.registration import PublicKeys

LOST = 10
CUSTODIANS = 5
THRESHOLD = 3
MADE = 1_000_000
#: Two places whose devices' identifiers share a slot, the one that is enrolled first and its neighbour.
PLACES = (777_775, 777_776)


def rows(chain: Chain, ours: Certchain, lost: range) -> Iterator[Row]:
    """Each beside its bound; ``lost`` are registrations that are active, ``LOST`` of them or more."""
    yield from _suspensions(chain, ours.registration, lost)
    yield from _divisions(chain, ours)
    yield from _alerts(chain, ours.alerts)
    yield from _batches(chain, ours.registration)


def _suspensions(chain: Chain, registration: Contract, lost: range) -> Iterator[Row]:
    several = chain.cost(registration.call("suspendBatch", list(lost[:LOST])))
    yield Row(f"suspension, each of {LOST}", several, LOST, 62_000)


def _divisions(chain: Chain, ours: Certchain) -> Iterator[Row]:
    """The first is the first of its key; a further one finds the count of them there."""
    for number in range(CUSTODIANS):
        chain.send(ours.registration.call("enrolService", *_keys(f"custodian {number}")))
    for number, name in ((1, "first"), (2, "further")):
        shares = [(place, _hash(f"{name} share", place)) for place in range(1, CUSTODIANS + 1)]
        call = ours.key_custody.call("divide", _hash("R", 0), number, THRESHOLD, shares)
        yield Row(f"{name} division, {THRESHOLD} of {CUSTODIANS}", chain.cost(call), bound=240_000)


def _alerts(chain: Chain, alerts: Contract) -> Iterator[Row]:
    chain.send(alerts.call("raiseAlert", 0, 1, _hash("document", 0)))
    yield Row("alert", chain.cost(alerts.call("raiseAlert", 1, 1, _hash("document", 1))), bound=120_000)


def _batches(chain: Chain, registration: Contract) -> Iterator[Row]:
    descriptions = {place: Digest(_hash("description", place)) for place in PLACES}
    keys = {place: _keys(f"made {place}") for place in PLACES}
    leaves = [Digest(_hash("leaf", place)) for place in range(MADE)]
    for place in PLACES:
        leaves[place] = leaf_hash(batch_device(descriptions[place], key_thumbprint(PublicKeys(*keys[place]))))
    yield Row(
        f"batch of {MADE:,}", chain.cost(registration.call("anchorBatch", root(leaves).value, MADE)), bound=130_000
    )
    for place, name in zip(PLACES, ("in a new slot", "in a used slot"), strict=True):
        path = [node.value for node in inclusion_path(leaves, place)]
        call = registration.call("enrolFromBatch", (1, place, path), descriptions[place].value, *keys[place])
        yield Row(f"enrolment from {MADE:,}, {name}", chain.cost(call), bound=225_000)
    alone = chain.cost(registration.call("enrolDevice", *_keys("by an operator")))
    yield Row("enrolment by an operator", alone)


def _keys(name: str) -> tuple[bytes, bytes]:
    """Public keys in their lengths; no one checks whether they are points."""
    return _hash(name, 0), b"\x02" + _hash(name, 1)


def _hash(name: str, number: int) -> bytes:
    return sha256(f"{name} {number}".encode()).digest()
