"""What a node's answers say, and its refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hexbytes import HexBytes
from web3.exceptions import ContractLogicError, Web3RPCError

from certchain.ledger.chain.transaction import Log

_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Block:
    """Which block: its number, and its hash, which no other block has."""

    number: int
    hash: bytes


class Refused(Exception):
    """The node answered a question with an error. Never leaves the ledger."""


class Reverted(Refused):
    """The chain refused a call; ``data`` is the contract's error, ABI-encoded, or empty. Never leaves the ledger."""

    def __init__(self, data: bytes, message: str) -> None:
        super().__init__(message)
        self.data = data


def read_log(entry: Any) -> Log:
    """A log as the node gives it, by way of web3."""
    return Log(
        entry["address"],
        tuple(bytes(topic) for topic in entry["topics"]),
        bytes(entry["data"]),
        int(entry["blockNumber"]),
        bytes(entry["transactionHash"]),
        _time(entry.get("blockTimestamp")),
    )


def written(value: Any) -> Any:
    """A value as JSON-RPC has it; a name, as of a block, stays as it is."""
    if isinstance(value, bytes):
        return HexBytes(value).to_0x_hex()
    return hex(value) if isinstance(value, int) else value


def read_block(answer: Any) -> Block:
    """A block's number and hash, whichever form they come in."""
    number = answer["number"]
    return Block(int(number, 16) if isinstance(number, str) else int(number), bytes(HexBytes(answer["hash"])))


def _time(timestamp: Any) -> int | None:
    """A log's time; web3 leaves it in the node's own form, and not every node gives it."""
    if timestamp is None:
        return None
    return int(timestamp, 16) if isinstance(timestamp, str) else int(timestamp)


def revert_data(revert: ContractLogicError) -> bytes:
    """The contract's error, ABI-encoded; empty if the node gives none."""
    data: Any = revert.data
    if isinstance(data, dict):  # Ganache, where it estimates gas
        data = data.get("result")
    try:
        return bytes.fromhex(data.removeprefix("0x"))
    except (AttributeError, ValueError):  # none, or web3's words for none
        return b""


def error_of(refusal: Web3RPCError) -> Mapping[str, Any]:
    """The error object of the node's answer, empty if it is none."""
    answer: Any = refusal.rpc_response
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}


def reason_of(problem: Exception) -> str:
    """One line about what happened; a node's own message where it gave one."""
    text: object = str(problem)
    if isinstance(problem, ContractLogicError):
        text = problem.message or text
    elif isinstance(problem, Web3RPCError):
        text = error_of(problem).get("message") or text
    return (" ".join(str(text).split()) or type(problem).__name__)[:_LONGEST_REASON]
