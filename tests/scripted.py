"""A node that answers by a script: what it says to each method, word for word."""

from collections.abc import Callable, Mapping
from typing import Any

from web3 import Web3
from web3.providers import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from certchain.ledger.chain.connection import Connection


class Refusing:
    """What a node answers when it refuses: a JSON-RPC error object."""

    def __init__(self, code: int, message: str, **members: Any) -> None:
        self.error = {"code": code, "message": message, **members}


class ScriptedProvider(BaseProvider):
    """Answers each method by its entry: a value, an error object, or a function of the parameters."""

    def __init__(self, script: Mapping[str, Any]) -> None:
        super().__init__()
        self.script, self.asked = dict(script), list[str]()

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        self.asked.append(method)
        answer = self.script[method]
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer(*params)
        if isinstance(answer, Refusing):
            return {"jsonrpc": "2.0", "id": 1, "error": answer.error}  # type: ignore[typeddict-item]
        return {"jsonrpc": "2.0", "id": 1, "result": answer}


def scripted(script: Mapping[str, Any], attempts: int = 1) -> Connection:
    """A connection to a node with a script."""
    return Connection(Web3(ScriptedProvider(script), middleware=[]), attempts, pause=0.0)
