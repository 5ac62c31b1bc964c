"""Where a transaction's gas goes, read from the node's own trace of it (debug_traceCall, geth's struct logs).

The parts add up to the gas that the receipt names; what no instruction used, the floor of EIP-7623 has added.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

INTRINSIC = 21_000
ZERO_BYTE, NONZERO_BYTE = 4, 16

PERMISSION = "permission check"
EXECUTION = "other execution"
FLOOR = "calldata floor"
#: What an instruction counts as; every other one is other execution.
INSTRUCTIONS = {"SSTORE": "storage written", "SLOAD": "storage read", "LOG": "event", "STATICCALL": "SHA-256"}
PARTS = ("intrinsic", "calldata", PERMISSION, *INSTRUCTIONS.values(), EXECUTION, FLOOR)


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of the outermost frame, with all that it called: ``contract`` says if that was another contract."""

    instruction: str
    gas: int
    contract: bool


def breakdown(steps: Sequence[Mapping[str, Any]], gas_used: int, calldata: bytes) -> dict[str, int]:
    """Gas by part, as ``PARTS`` names them, of a transaction that succeeded and gave nothing back (no refund)."""
    parts: dict[str, int] = defaultdict(int)
    parts["intrinsic"] = INTRINSIC
    parts["calldata"] = sum(NONZERO_BYTE if byte else ZERO_BYTE for byte in calldata)
    for step in _outermost(steps):
        parts[_part(step)] += step.gas
    parts[FLOOR] = gas_used - sum(parts.values())
    return dict(parts)


def executed(steps: Sequence[Mapping[str, Any]]) -> int:
    """The gas of the code alone, as one contract that calls another pays it."""
    return sum(step.gas for step in _outermost(steps))


def _part(step: Step) -> str:
    """The AccessManager is the one contract that certchain's call, SHA-256 the one precompile."""
    if step.contract:
        return PERMISSION
    return next((part for name, part in INSTRUCTIONS.items() if step.instruction.startswith(name)), EXECUTION)


def _outermost(steps: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    """The outermost frame's instructions; one that opens a frame costs what is gone when that is closed."""
    outer = [(place, step) for place, step in enumerate(steps) if step["depth"] == steps[0]["depth"]]
    for (place, step), (following, after) in pairwise(outer):
        yield Step(step["op"], step["gas"] - after["gas"], following > place + 1)
    yield Step(outer[-1][1]["op"], outer[-1][1]["gasCost"], contract=False)
