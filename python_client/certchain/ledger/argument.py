"""What every ledger takes for an argument: the ranges of the contracts' types, checked before anything else."""

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TypeVar

from eth_typing import ChecksumAddress
from eth_utils.address import is_checksum_address, is_checksum_formatted_address, to_checksum_address

from certchain.errors import MalformedValue
from certchain.models.alert import AlertRule
from certchain.models.custody import CommittedShare
from certchain.models.log import ConsistencyProof
from certchain.models.production import BatchMembership
from certchain.models.registration import Factor, RegistrationRequest, RiskLevel

IDENTIFIER_BITS = 48
METHOD_BITS = 16
APPROVAL_BITS = 16
BATCH_BITS = 32
PLACE_BITS = 32
DIVISION_BITS = 16
THRESHOLD_BITS = 8
SIZE_BITS = 64
COUNT_BITS = 256

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")

Choice = TypeVar("Choice", bound=IntEnum)


def number(name: str, value: int, bits: int) -> int:
    """``value``, if it is an unsigned number of ``bits`` bits. Raises ``MalformedValue``."""
    if not 0 <= value < 1 << bits:
        raise MalformedValue(name, f"{value} is not a number of {bits} bits")
    return int(value)


def identifier(name: str, value: int) -> int:
    """An identifier that a contract may have issued (uint48)."""
    return number(name, value, IDENTIFIER_BITS)


def method(value: int) -> int:
    """A combination method's number (uint16)."""
    return number("method", value, METHOD_BITS)


def size(name: str, value: int) -> int:
    """A log's size or index, a version, a length in bytes (uint64)."""
    return number(name, value, SIZE_BITS)


def count(name: str, value: int) -> int:
    """How many items a page skips or has at most (uint256)."""
    return number(name, value, COUNT_BITS)


def account(name: str, address: str) -> ChecksumAddress:
    """An account as a checksummed address. Raises ``MalformedValue``, also for a wrong checksum."""
    checked = is_checksum_formatted_address(address)
    if not _ADDRESS.fullmatch(address) or (checked and not is_checksum_address(address)):
        raise MalformedValue(name, f"{address!r} is not an address")
    return to_checksum_address(address)


def version(product: int, value: int) -> int:
    """A product's version (uint48 and uint64)."""
    identifier("product", product)
    return size("version", value)


def factors(values: Iterable[int]) -> tuple[Factor, ...]:
    """A combination method's factors."""
    return tuple(_choice("factor", Factor, value) for value in values)


def risk(value: int) -> RiskLevel:
    """A risk level."""
    return _choice("risk", RiskLevel, value)


def consistency(proof: ConsistencyProof) -> ConsistencyProof:
    """A consistency proof between two sizes of a log."""
    size("old_size", proof.old_size)
    size("new_size", proof.new_size)
    return proof


def rule(value: int) -> AlertRule:
    """A rule by which an attack is recognised."""
    return _choice("rule", AlertRule, value)


def batch(value: int) -> int:
    """A production batch's number (uint32)."""
    return number("batch", value, BATCH_BITS)


def place(name: str, value: int) -> int:
    """A production batch's size or an index in it (uint32)."""
    return number(name, value, PLACE_BITS)


def membership(claimed: BatchMembership) -> BatchMembership:
    """A device's place in a production batch."""
    batch(claimed.batch)
    place("index", claimed.index)
    return claimed


def division_number(value: int) -> int:
    """The number of a key's division (uint16)."""
    return number("number", value, DIVISION_BITS)


def division(of: int, threshold: int, shares: Sequence[CommittedShare]) -> Sequence[CommittedShare]:
    """The shares of a key's division, whose number and threshold (uint8) are checked too."""
    division_number(of)
    number("threshold", threshold, THRESHOLD_BITS)
    for share in shares:
        identifier("custodian", share.custodian)
    return shares


def request(wanted: RegistrationRequest) -> RegistrationRequest:
    """What is asked for one registration."""
    identifier("user_device", wanted.user_device)
    identifier("device", wanted.device)
    method(wanted.method)
    risk(wanted.risk)
    return wanted


def _choice(name: str, choices: type[Choice], value: int) -> Choice:
    try:
        return choices(value)
    except ValueError:
        raise MalformedValue(name, f"{value} is none of {', '.join(str(int(choice)) for choice in choices)}") from None
