"""The contracts' ABI, as the package ships it: functions and events to bytes and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import (
    abi_to_signature,
    event_abi_to_log_topic,
    filter_abi_by_type,
    function_signature_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)

from certchain.errors import LedgerMisbehaved
from certchain.ledger.deployment import SOURCES


@dataclass(frozen=True, slots=True)
class Function:
    """A contract's function: its selector (4 bytes), the ABI types of what goes in and comes out, and if it is a view."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    looks_only: bool

    def encode(self, *arguments: object) -> bytes:
        """The calldata of a call."""
        return self.selector + encode(self.inputs, arguments)

    def decode(self, answer: bytes) -> tuple[Any, ...]:
        """What a call returned. Raises ``LedgerMisbehaved`` for anything else."""
        return decoded(self.outputs, answer, self.name)


@dataclass(frozen=True, slots=True)
class Event:
    """A contract's event: its topic (32 bytes), and its values' names and types, the indexed ones apart."""

    name: str
    topic: bytes
    indexed: tuple[tuple[str, str], ...]
    unindexed: tuple[tuple[str, str], ...]

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """The values by name. Raises ``LedgerMisbehaved`` if they are not of this event."""
        if len(topics) != 1 + len(self.indexed):
            raise LedgerMisbehaved(f"the event {self.name} has {len(topics)} topics")
        values: dict[str, Any] = {}
        for (name, kind), topic in zip(self.indexed, topics[1:], strict=True):
            values[name] = decoded((kind,), topic, self.name)[0]
        names, kinds = [name for name, _ in self.unindexed], [kind for _, kind in self.unindexed]
        return values | dict(zip(names, decoded(kinds, data, self.name), strict=True))


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract: its ABI by name, and the bytecode that creates it."""

    name: str
    functions: Mapping[str, Function]
    events: Mapping[str, Event]
    errors: Mapping[str, tuple[str, ...]]
    constructor: tuple[str, ...]
    bytecode: bytes

    def creation(self, *arguments: object) -> bytes:
        """The data of the transaction that deploys it."""
        return self.bytecode + encode(self.constructor, arguments)

    def fits(self, code: bytes) -> bool:
        """Whether a deployed contract with this code can be one of these: it compares a call with the selector of every function."""
        return all(function.selector.lstrip(b"\0") in code for function in self.functions.values())


@cache
def artifact(name: str) -> Artifact:
    """The artifact of one of ``SOURCES``."""
    shipped = json.loads((files("certchain.ledger") / "artifact" / f"{name}.json").read_text())
    abi = shipped["abi"]
    return Artifact(
        name=name,
        functions={entry["name"]: _function(entry) for entry in filter_abi_by_type("function", abi)},
        events={entry["name"]: _event(entry) for entry in filter_abi_by_type("event", abi)},
        errors={entry["name"]: tuple(get_abi_input_types(entry)) for entry in filter_abi_by_type("error", abi)},
        constructor=tuple(
            kind for entry in filter_abi_by_type("constructor", abi) for kind in get_abi_input_types(entry)
        ),
        bytecode=bytes.fromhex(shipped["bytecode"].removeprefix("0x")),
    )


@cache
def function_names() -> Mapping[bytes, str]:
    """The name of each function of the contracts, by its selector."""
    return {function.selector: function.name for name in SOURCES for function in artifact(name).functions.values()}


@cache
def error_types() -> Mapping[bytes, tuple[str, tuple[str, ...]]]:
    """The name and the types of each error of the contracts, by its selector."""
    errors = {name: kinds for contract in SOURCES for name, kinds in artifact(contract).errors.items()}
    return {
        function_signature_to_4byte_selector(f"{name}({','.join(kinds)})"): (name, kinds)
        for name, kinds in errors.items()
    }


def decoded(kinds: Sequence[str], data: bytes, what: str) -> tuple[Any, ...]:
    """Values of ABI types. Raises ``LedgerMisbehaved`` if the data has others."""
    try:
        return decode(kinds, data)
    except Exception as problem:  # the decoder raises what its parser meets: overflows, wrong padding, no UTF-8
        raise LedgerMisbehaved(f"{what} does not decode: {problem}") from problem


def _function(entry: Any) -> Function:
    selector = function_signature_to_4byte_selector(abi_to_signature(entry))
    looks_only = entry["stateMutability"] in {"view", "pure"}
    return Function(
        entry["name"], selector, tuple(get_abi_input_types(entry)), tuple(get_abi_output_types(entry)), looks_only
    )


def _event(entry: Any) -> Event:
    values = [
        (value["name"], kind, value["indexed"])
        for value, kind in zip(entry["inputs"], get_abi_input_types(entry), strict=True)
    ]
    indexed = tuple((name, kind) for name, kind, is_indexed in values if is_indexed)
    unindexed = tuple((name, kind) for name, kind, is_indexed in values if not is_indexed)
    return Event(entry["name"], event_abi_to_log_topic(entry), indexed, unindexed)
