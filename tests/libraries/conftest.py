"""The Solidity libraries, compiled with a harness that production does not have, on a chain in the process."""

from pathlib import Path
from typing import Any

import pytest
import solcx
from web3 import EthereumTesterProvider, Web3

from scripts.artifacts import ROOT, compiler_settings

SOURCE = "tests/libraries/harness/Harness.sol"


@pytest.fixture(scope="session")
def compiled() -> Any:
    """ABI and bytecode of the harness, by the project's own compiler and settings."""
    settings = compiler_settings()
    version = settings.pop("version")
    settings["outputSelection"] = {SOURCE: {"Harness": ["abi", "evm.bytecode.object"]}}
    source = {"language": "Solidity", "sources": {SOURCE: {"content": Path(ROOT, SOURCE).read_text()}}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOLCX_BINARY_PATH", str(ROOT / "scripts" / "solc"))
        output = solcx.compile_standard({**source, "settings": settings}, solc_version=version, base_path=ROOT)
    return output["contracts"][SOURCE]["Harness"]


@pytest.fixture(scope="session")
def libraries(compiled: Any) -> Any:
    """The harness's functions."""
    web3 = Web3(EthereumTesterProvider())
    factory = web3.eth.contract(abi=compiled["abi"], bytecode=compiled["evm"]["bytecode"]["object"])
    receipt = web3.eth.wait_for_transaction_receipt(factory.constructor().transact())
    return web3.eth.contract(receipt["contractAddress"], abi=compiled["abi"]).functions
