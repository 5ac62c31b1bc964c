"""A chain in the process: eth-tester on py-evm. Nothing to install, each transaction mined at once, gone with the process."""

import ast
from threading import RLock
from typing import Any

from eth_tester import EthereumTester, PyEVMBackend  # type: ignore[import-untyped]
from eth_tester.exceptions import TransactionFailed  # type: ignore[import-untyped]
from web3 import EthereumTesterProvider, Web3
from web3.types import RPCEndpoint, RPCResponse

from certchain.ledger.chain.connection import Connection

_REVERTED = 3
_SERVER_ERROR = -32000


class EmbeddedProvider(EthereumTesterProvider):
    """eth-tester behind the JSON-RPC manners of a real node: one question at a time, and errors as answers.

    What eth-tester raises instead becomes an error object, a revert with its data, as other nodes give it.
    """

    def __init__(self) -> None:
        super().__init__(EthereumTester(PyEVMBackend()))
        self._lock = RLock()

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Asks the chain."""
        with self._lock:
            try:
                return super().make_request(method, params)
            except Exception as problem:  # eth-tester and py-evm each have a dozen of their own
                # web3 takes what a contract returned for a text, and stumbles over some that is none.
                failed = problem if isinstance(problem, TransactionFailed) else problem.__context__
                if not isinstance(failed, TransactionFailed):
                    return _error({"code": _SERVER_ERROR, "message": str(problem) or type(problem).__name__})
                data = "0x" + _revert_data(failed).hex()
                return _error({"code": _REVERTED, "message": "execution reverted", "data": data})


def embedded_chain() -> Connection:
    """A new chain with nothing on it but the ten funded accounts of eth-tester, which ``fund`` takes from."""
    return Connection(Web3(EmbeddedProvider()), attempts=1)


def _error(error: dict[str, Any]) -> RPCResponse:
    return {"jsonrpc": "2.0", "id": 0, "error": error}  # type: ignore[typeddict-item]


def _revert_data(failed: TransactionFailed) -> bytes:
    """What the contract returned, out of what eth-tester and web3 make of it: the data itself, or how Python prints it."""
    cause: Any = failed.__context__
    reason = cause.args[0] if cause is not None and cause.args else failed.args[0]
    if isinstance(reason, Exception):
        reason = reason.args[0] if reason.args else b""
    if isinstance(reason, str):
        reason = ast.literal_eval(reason) if reason.startswith(("b'", 'b"')) else b""
    return bytes(reason)
