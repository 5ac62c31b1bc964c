"""Contracts that let the tests call the libraries, compiled beside the production contracts and never among them."""

from pathlib import Path
from typing import Any

import solcx
from brownie import accounts, web3

from scripts.artifacts import ROOT, compiler_settings


def deploy(name: str) -> Any:
    """A harness contract, compiled as brownie-config.yaml says; its functions are called through web3."""
    built = _compiled(Path(__file__).with_name(f"{name}.sol").relative_to(ROOT).as_posix(), name)
    creation = web3.eth.contract(abi=built["abi"], bytecode=built["evm"]["bytecode"]["object"]).constructor()
    receipt = web3.eth.wait_for_transaction_receipt(creation.transact({"from": accounts[0].address}))
    return web3.eth.contract(receipt["contractAddress"], abi=built["abi"])


def _compiled(source: str, name: str) -> dict[str, Any]:
    settings = compiler_settings()
    version = settings.pop("version")
    task = {
        "language": "Solidity",
        "sources": {source: {"content": (ROOT / source).read_text()}},
        "settings": {**settings, "outputSelection": {source: {name: ["abi", "evm.bytecode.object"]}}},
    }
    output = solcx.compile_standard(task, solc_version=version, base_path=ROOT)
    built: dict[str, Any] = output["contracts"][source][name]
    return built
