"""An anvil of our own under Prague rules, and what is deployed on it: certchain, EAS and ERC-1056."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from breakdown import breakdown, executed
from eth_abi.abi import encode
from eth_utils.abi import (
    abi_to_signature,
    filter_abi_by_type,
    function_signature_to_4byte_selector,
    get_abi_input_types,
)
from web3 import Web3
from web3.types import RPCEndpoint

from certchain.ledger.chain.deploy import ASK_WHO_IS_ENROLLED
from certchain.ledger.node import HOST, Program, find_program, free_port
from certchain.ledger.permission import permission_table

ROOT = Path(__file__).resolve().parents[1]
OURS = Path(str(files("certchain.ledger") / "artifact"))
EAS = ROOT / "node_modules/@ethereum-attestation-service/eas-contracts/artifacts/contracts"
ERC1056 = ROOT / "node_modules/ethr-did-registry/artifacts/contracts"
BLOCK_GAS = 1_000_000_000
START_TIMEOUT = 30
#: Each contract that is measured, and its place in the table of roles.
PLACES = {
    "Registration": "Registration",
    "RecordedLog": "LoginLog",
    "AnchoredLog": "LoginLog",
    "KeyCustody": "KeyCustody",
    "Alerts": "Alerts",
}
TRACE = {"disableStack": True, "disableStorage": True, "disableMemory": True}


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent to a contract; to none to create one."""

    to: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Contract:
    """A deployed contract: its functions' selectors and argument types by name."""

    address: str
    functions: Mapping[str, tuple[bytes, list[str]]]

    def call(self, function: str, *arguments: object) -> Call:
        """A call of one function. Encoded here, since web3 looks at each of ten thousand leaf hashes several times."""
        selector, types = self.functions[function]
        return Call(self.address, selector + encode(types, arguments))


class Certchain(NamedTuple):
    """certchain's contracts that are measured, in the order of ``PLACES``."""

    registration: Contract
    recorded_log: Contract
    anchored_log: Contract
    key_custody: Contract
    alerts: Contract


@dataclass(frozen=True, slots=True)
class Cost:
    """What a transaction cost, and where that went."""

    gas: int
    parts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Chain:
    """A node, and the account that sends everything and holds every role."""

    web3: Web3
    account: str

    def deploy(self, path: Path, *arguments: object) -> Contract:
        """Creates the contract whose ABI and bytecode are in this file."""
        artifact = json.loads(path.read_text())
        constructor = [kind for entry in filter_abi_by_type("constructor", artifact["abi"]) for kind in _types(entry)]
        creation = bytes.fromhex(artifact["bytecode"].removeprefix("0x")) + encode(constructor, arguments)
        functions = filter_abi_by_type("function", artifact["abi"])
        address = self._mined(Call(None, creation))["contractAddress"]
        return Contract(address, {entry["name"]: (_selector(entry), _types(entry)) for entry in functions})

    def send(self, call: Call) -> int:
        """Sends a call, and returns the gas that it used."""
        return int(self._mined(call)["gasUsed"])

    def cost(self, call: Call) -> Cost:
        """Sends a call, traced before in the state that it meets."""
        steps = self._steps(call)
        gas = self.send(call)
        return Cost(gas, breakdown(steps, gas, call.data))

    def executed(self, call: Call) -> int:
        """The gas of a view's code."""
        return executed(self._steps(call))

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is sent inside has not happened afterwards."""
        snapshot = self._ask("evm_snapshot")
        yield
        self._ask("evm_revert", snapshot)

    def configure(self, method: str, value: object) -> None:
        """Tells anvil how to behave."""
        self._ask(method, value)

    def _mined(self, call: Call) -> Any:
        sent = self._ask("eth_sendTransaction", self._transaction(call))
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.005)
        if receipt["status"] != 1:
            raise SystemExit(f"refused: 0x{call.data[:4].hex()}…")
        return receipt

    def _steps(self, call: Call) -> Any:
        return self._ask("debug_traceCall", self._transaction(call), "latest", TRACE)["structLogs"]

    def _transaction(self, call: Call) -> dict[str, str]:
        transaction = {"from": self.account, "gas": hex(BLOCK_GAS), "data": f"0x{call.data.hex()}"}
        return transaction | ({"to": call.to} if call.to else {})

    def _ask(self, method: str, *params: Any) -> Any:
        answer = self.web3.provider.make_request(RPCEndpoint(method), list(params))
        if "result" not in answer:
            raise SystemExit(f"anvil does not answer {method}: {answer.get('error')}")
        return answer["result"]


@contextmanager
def anvil() -> Iterator[Chain]:
    """Starts anvil at a free port of this machine, and stops it at the end."""
    port = free_port()
    options = ("--host", HOST, "--port", str(port), "--hardfork", "prague", "--gas-limit", str(BLOCK_GAS), "--silent")
    with subprocess.Popen([find_program(Program.ANVIL, ROOT), *options]) as process:
        try:
            web3 = Web3(Web3.HTTPProvider(f"http://{HOST}:{port}", request_kwargs={"timeout": 120}))
            deadline = time.monotonic() + START_TIMEOUT
            while not web3.is_connected():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("anvil did not start")
                time.sleep(0.05)
            yield Chain(web3, web3.eth.accounts[0])
        finally:
            process.terminate()


def certchain(chain: Chain) -> Certchain:
    """The contracts that are measured behind their Permissions, with the table of roles applied as on any network."""
    permissions = chain.deploy(OURS / "Permissions.json", chain.account)
    contracts: dict[str, Contract] = {}
    for name in PLACES:
        asked = [contracts["Registration"].address] if name in ASK_WHO_IS_ENROLLED else []
        contracts[name] = chain.deploy(OURS / f"{name}.json", permissions.address, *asked)
    table = permission_table()
    for role, number in table.roles.items():
        chain.send(permissions.call("grantRole", number, chain.account, 0))
        for name, contract in contracts.items():
            wanted = table.functions_of(PLACES[name], role)
            selectors = [selector for function, (selector, _) in contract.functions.items() if function in wanted]
            chain.send(permissions.call("setTargetFunctionRole", contract.address, selectors, number))
    return Certchain(*contracts.values())


def eas(chain: Chain) -> tuple[Contract, Contract]:
    """The registry of schemas and the Ethereum Attestation Service, as their package ships them."""
    registry = chain.deploy(EAS / "SchemaRegistry.sol/SchemaRegistry.json")
    return registry, chain.deploy(EAS / "EAS.sol/EAS.json", registry.address)


def erc1056(chain: Chain) -> Contract:
    """The Ethereum DID registry, as its package ships it."""
    return chain.deploy(ERC1056 / "EthereumDIDRegistry.sol/EthereumDIDRegistry.json")


def _selector(entry: Any) -> bytes:
    return function_signature_to_4byte_selector(abi_to_signature(entry))


def _types(entry: Any) -> list[str]:
    return get_abi_input_types(entry)
