"""What a contract refused, as the Python error that is its counterpart."""

from functools import cache
from typing import Any

from eth_utils.address import to_checksum_address

from certchain.errors import CertchainError, PermissionDenied, TransactionReverted, error_classes
from certchain.ledger.chain.abi import decoded, error_types, function_names
from certchain.ledger.chain.answer import Reverted

_ERROR = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
_MANAGER_REFUSED = "AccessManagerUnauthorizedAccount"


def refusal(revert: Reverted, operation: str) -> CertchainError:
    """The error that a revert stands for; ``operation`` is the function that was called.

    ``TransactionReverted`` for what no contract of ours declares. Raises ``LedgerMisbehaved`` if the values do not decode.
    """
    selector, values = revert.data[:4], revert.data[4:]
    if selector not in error_types():
        return TransactionReverted(operation, _foreign_reason(selector, values) or str(revert))
    name, kinds = error_types()[selector]
    arguments = [_value(kind, value) for kind, value in zip(kinds, decoded(kinds, values, name), strict=True)]
    if name == PermissionDenied.contract_error:
        return PermissionDenied(arguments[0], function_names().get(arguments[1], operation))
    if name == _MANAGER_REFUSED:
        return PermissionDenied(arguments[0], operation)
    counterpart = _counterparts().get(name)
    if counterpart is None:
        return TransactionReverted(operation, f"{name}({', '.join(map(str, arguments))})")
    return counterpart(*arguments)


@cache
def _counterparts() -> dict[str, type[CertchainError]]:
    return {error.contract_error: error for error in error_classes().values() if error.contract_error}


def _foreign_reason(selector: bytes, values: bytes) -> str:
    if selector == _ERROR:
        return str(decoded(("string",), values, "Error")[0])
    if selector == _PANIC:
        return f"panic {decoded(('uint256',), values, 'Panic')[0]:#x}"
    return ""


def _value(kind: str, value: Any) -> Any:
    return to_checksum_address(value) if kind == "address" else value
