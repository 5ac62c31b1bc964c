"""What certchain's two frequent transactions cost, beside EAS and ERC-1056 on the same chain: `make gas`.

The log is brought to a million entries by appending them. Fails when a bound is exceeded.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from breakdown import PARTS
from chain import Call, Chain, Contract, Cost, anvil, certchain, eas, erc1056
from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from rich.console import Console
from rich.progress import track
from rich.table import Table
from web3 import Web3

from certchain.merkle import CompactRange, inclusion_path
from certchain.models.digest import Digest

LOG_SIZE = 1_000_000
LOAD = 10_000
FOLLOWING = 64
BATCH = 100
LARGE_BATCH = 1_000
METHOD, RISK = 1, 2
SCHEMA = (
    "uint48 userDevice,uint48 device,uint16 method,uint16 version,uint8 risk,bytes32 keyThumbprint,bytes32 commitment"
)
VALIDITY = 365 * 24 * 3600
WIDTH = 100
NOBODY = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: the gas of ``cost`` divided among ``pieces``, and what a piece may cost at most."""

    name: str
    cost: Cost
    pieces: int = 1
    bound: int | None = None

    @property
    def gas(self) -> float:
        """What one piece costs."""
        return self.cost.gas / self.pieces

    @property
    def held(self) -> bool:
        """Whether the bound is; without one there is nothing to exceed."""
        return self.bound is None or self.gas <= self.bound


@dataclass(slots=True)
class Log:
    """The log on the chain, and the tree of its entries that an appender has."""

    contract: Contract
    tree: CompactRange = field(default_factory=CompactRange)
    leaf_hashes: list[Digest] = field(default_factory=list)

    def next_batch(self, count: int) -> tuple[Call, list[Digest]]:
        """The call that appends so many entries, and their leaf hashes."""
        size = self.tree.size
        batch = [Digest(_hash("entry", index)) for index in range(size, size + count)]
        call = self.contract.call("append", size, _values(self.tree.frontier), _values(batch))
        return call, batch

    def append(self, chain: Chain, count: int) -> int:
        """Appends so many entries; returns the gas."""
        call, batch = self.next_batch(count)
        gas = chain.send(call)
        self.tree.extend(batch)
        self.leaf_hashes.extend(batch)
        return gas


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


# ------------------------------------------------------------------------------------------------------------------- log


def logins(chain: Chain, log: Log) -> Iterator[Row]:
    """One, a hundred and a thousand at once, each in a log of the same size."""
    for count, bound in ((1, 82_000), (BATCH, 2_200), (LARGE_BATCH, 1_400)):
        with chain.undone():
            cost = chain.cost(log.next_batch(count)[0])
        yield Row("login, alone" if count == 1 else f"login, each of {count:,}", cost, count, bound)


def timestamps(chain: Chain) -> Iterator[Row]:
    """The same leaf hashes with EAS, which keeps the time of each, and no order among them."""
    service = eas(chain)[1]
    one, *batch = [_hash("entry", number) for number in range(BATCH + 1)]
    yield Row("EAS timestamp, alone", chain.cost(service.call("timestamp", one)))
    yield Row(f"EAS timestamp, each of {BATCH}", chain.cost(service.call("multiTimestamp", batch)), BATCH)


def inclusion(chain: Chain, log: Log) -> int:
    """The gas of checking that an entry in the middle of the log is there, as one contract pays it to another."""
    index = log.tree.size // 2
    path = _values(inclusion_path(log.leaf_hashes, index))
    call = log.contract.call("checkInclusion", log.leaf_hashes[index].value, index, log.tree.size, path)
    return chain.executed(call)


def following(chain: Chain, log: Log) -> list[tuple[int, int]]:
    """What an entry alone costs at each of the sizes that come next, beside how many hashes the frontier has there."""
    return [(len(log.tree.frontier), log.append(chain, 1)) for _ in range(FOLLOWING)]


# ---------------------------------------------------------------------------------------------------------------- report


def comparison(title: str, rows: list[Row]) -> Table:
    """Each measurement with its bound."""
    table = Table("", title=title, title_justify="left")
    for column in ("gas a piece", "bound", ""):
        table.add_column(column, justify="right")
    for row in rows:
        verdict = "" if row.bound is None else "[green]held[/]" if row.held else "[red]exceeded[/]"
        table.add_row(row.name, f"{row.gas:,.0f}", f"{row.bound:,}" if row.bound else "", verdict)
    return table


def whereabouts(rows: list[Row]) -> Table:
    """Where each gas goes, a piece."""
    table = Table("", title="Where the gas of a piece goes", title_justify="left")
    for row in rows:
        table.add_column(row.name.replace(", ", "\n"), justify="right", no_wrap=True)
    for part in PARTS:
        table.add_row(part, *(f"{row.cost.parts.get(part, 0) / row.pieces:,.1f}" for row in rows))
    table.add_section()
    table.add_row("together", *(f"{row.gas:,.1f}" for row in rows))
    return table


def describe(spread: list[tuple[int, int]], bound: int) -> str:
    """The spread of a login alone, in a sentence."""
    gas = [used for _, used in spread]
    hashes = [length for length, _ in spread]
    within = sum(used <= bound for used in gas)
    return (
        f"A login alone costs more with each hash of the frontier that it brings: over the next {len(gas)} sizes, with "
        f"{min(hashes)} to {max(hashes)} of them, from {min(gas):,} to {max(gas):,}, {sum(gas) / len(gas):,.0f} in the "
        f"mean; {within} of {len(gas)} within {bound:,}."
    )


def main() -> int:
    """Measure and print. Returns the exit code."""
    console, started = Console(), time.monotonic()
    console.width = max(console.width, WIDTH)
    with anvil() as chain:
        registration, login_log = certchain(chain)
        ours = list(registrations(chain, registration))
        theirs = [*attestations(chain), *identities(chain)]
        log = Log(login_log)
        for _ in track(range(LOG_SIZE // LOAD), f"Appending {LOG_SIZE:,} entries", console=console):
            log.append(chain, LOAD)
        appended, stamped = list(logins(chain, log)), list(timestamps(chain))
        proven, spread = inclusion(chain, log), following(chain, log)
    console.print(comparison("Registration: the record whole, readable on the chain", [*ours, *theirs]))
    console.print(comparison(f"Login log of {LOG_SIZE:,} entries", [*appended, *stamped]))
    console.print(describe(spread, appended[0].bound or 0))
    console.print(f"Checking an inclusion there, as a call: {proven:,} gas.\n")
    console.print(whereabouts([*ours, *appended]))
    console.print(f"Measured on anvil, Prague rules, in {time.monotonic() - started:.0f} s.")
    return 0 if all(row.held for row in [*ours, *appended]) else 1


def _record(encoder: Callable[[list[str], list[Any]], bytes], number: int) -> bytes:
    """A registration's fields, as the schema names them."""
    types = [declared.split()[0] for declared in SCHEMA.split(",")]
    return encoder(types, [number, number, METHOD, 1, RISK, _hash("thumbprint", number), _hash("R", number)])


def _keys(name: str) -> tuple[bytes, bytes]:
    """Public keys in their lengths; no one checks whether they are points."""
    return _hash(name, 0), b"\x02" + _hash(name, 1)


def _hash(name: str, number: int) -> bytes:
    return sha256(f"{name} {number}".encode()).digest()


def _values(hashes: tuple[Digest, ...] | list[Digest]) -> list[bytes]:
    return [each.value for each in hashes]


if __name__ == "__main__":
    sys.exit(main())
