"""What certchain's frequent transactions cost, beside EAS and ERC-1056 on the same chain: `make gas`.

The recorded log is brought to a million entries by appending them. Fails when a bound is exceeded.
"""

import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import growth
import occasional
from chain import Chain, Contract, anvil, certchain, eas, erc1056
from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from measurement import Row, comparison, whereabouts
from rich.console import Console
from rich.progress import track
from web3 import Web3

BATCH = 100
METHOD, RISK = 1, 2
SCHEMA = (
    "uint48 userDevice,uint48 device,uint16 method,uint16 version,uint8 risk,bytes32 keyThumbprint,bytes32 commitment"
)
VALIDITY = 365 * 24 * 3600
WIDTH = 100
NOBODY = "0x" + "00" * 20


# ---------------------------------------------------------------------------------------------------------- registration


def registrations(chain: Chain, contract: Contract) -> Iterator[Row]:
    """One, and a hundred at once, each the first of its pair."""
    chain.send(contract.call("defineMethod", [0, 1, 2]))
    for number in range(BATCH + 1):
        chain.send(contract.call("enrolUserDevice", *_keys(f"user device {number}")))
        chain.send(contract.call("enrolDevice", *_keys(f"device {number}")))
    one, *batch = [(number, number, METHOD, RISK, _hash("R", number)) for number in range(1, BATCH + 2)]
    yield Row("registration, alone", chain.cost(contract.call("register", one)), bound=110_000)
    yield Row(f"registration, each of {BATCH}", chain.cost(contract.call("registerBatch", batch)), BATCH, 80_000)


def attestations(chain: Chain) -> Iterator[Row]:
    """The same record with EAS, its fields encoded as EAS's tools do or packed; time, identifier and previous are EAS's own."""
    registry, service = eas(chain)
    for how, schema, encoder in (("ABI", SCHEMA, encode), ("packed", "bytes record", encode_packed)):
        chain.send(registry.call("register", schema, NOBODY, True))
        uid = Web3.solidity_keccak(["string", "address", "bool"], [schema, NOBODY, True])
        one, *batch = [(NOBODY, 0, True, bytes(32), _record(encoder, number), 0) for number in range(BATCH + 1)]
        yield Row(f"EAS attestation ({how}), alone", chain.cost(service.call("attest", (uid, one))))
        calls = service.call("multiAttest", [(uid, batch)])
        yield Row(f"EAS attestation ({how}), each of {BATCH}", chain.cost(calls), BATCH)


def identities(chain: Chain) -> Iterator[Row]:
    """The same record as an attribute in ERC-1056, which puts it into an event where no contract can read it."""
    registry = erc1056(chain)
    attribute = (chain.account, _hash("registration", 1), _record(encode_packed, 1), VALIDITY)
    delegate = (chain.account, _hash("type", 1), Web3.to_checksum_address("0x" + "11" * 20), VALIDITY)
    yield Row("ERC-1056 attribute (packed, in an event only)", chain.cost(registry.call("setAttribute", *attribute)))
    yield Row("ERC-1056 delegate", chain.cost(registry.call("addDelegate", *delegate)))
    yield Row("ERC-1056 change of owner", chain.cost(registry.call("changeOwner", chain.account, delegate[2])))


# ---------------------------------------------------------------------------------------------------------------- report


def main() -> int:
    """Measure and print. Returns the exit code."""
    console, started = Console(), time.monotonic()
    console.width = max(console.width, WIDTH)
    with anvil() as chain:
        ours, tree = certchain(chain), growth.entries()
        registered = list(registrations(chain, ours.registration))
        theirs = [*attestations(chain), *identities(chain)]
        rarer = list(occasional.rows(chain, ours, range(1, BATCH + 1)))
        recorded, anchored = growth.Growing(ours.recorded_log, tree), growth.Growing(ours.anchored_log, tree)
        chain.send(anchored.anchor(0, growth.LOG_SIZE))
        for size in track(range(0, growth.LOG_SIZE, growth.LOAD), f"Appending {growth.LOG_SIZE:,}", console=console):
            chain.send(recorded.append(size, growth.LOAD))
        grown = [*growth.appends(chain, recorded), *growth.anchors(chain, anchored)]
        stamped = list(growth.timestamps(chain))
        proven = [*growth.proofs(chain, "recorded", recorded), *growth.proofs(chain, "anchored", anchored)]
        spreads = growth.following(chain, recorded), growth.following_anchors(chain, anchored)
    console.print(comparison("Registration: the record whole, readable on the chain", [*registered, *theirs]))
    console.print(comparison("What is written less often", rarer))
    console.print(comparison(f"A log of {growth.LOG_SIZE:,} entries", [*grown, *stamped, *proven]))
    console.print(*spreads, sep="\n", end="\n\n")
    console.print(whereabouts("a registration", registered), whereabouts("an entry", grown))
    console.print(f"Measured on anvil, Prague rules, in {time.monotonic() - started:.0f} s.")
    return 0 if all(row.held for row in [*registered, *rarer, *grown, *proven]) else 1


def _record(encoder: Callable[[list[str], list[Any]], bytes], number: int) -> bytes:
    """A registration's fields, as the schema names them."""
    types = [declared.split()[0] for declared in SCHEMA.split(",")]
    return encoder(types, [number, number, METHOD, 1, RISK, _hash("thumbprint", number), _hash("R", number)])


def _keys(name: str) -> tuple[bytes, bytes]:
    """Public keys in their lengths; no one checks whether they are points."""
    return _hash(name, 0), b"\x02" + _hash(name, 1)


def _hash(name: str, number: int) -> bytes:
    return sha256(f"{name} {number}".encode()).digest()


if __name__ == "__main__":
    sys.exit(main())
