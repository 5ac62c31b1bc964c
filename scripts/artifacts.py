"""Writes what the package ships of each contract, or with --check fails where that differs from a fresh compile."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import solcx
import yaml

ROOT = Path(__file__).resolve().parents[1]
ARTIFACTS = ROOT / "python_client" / "certchain" / "ledger" / "artifact"


def compiler_settings() -> dict[str, Any]:
    """The compiler's version and settings as brownie-config.yaml has them, by the names of solc's standard JSON."""
    compiler = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    solc = compiler["solc"]
    return {
        "version": solc["version"],
        "evmVersion": compiler["evm_version"],
        "optimizer": solc["optimizer"],
        "remappings": solc["remappings"],
    }


def standard_input(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The compiler's input: the project's own sources, to which it finds the imported ones by itself."""
    paths = sorted((ROOT / "contracts").rglob("*.sol"))
    sources = {path.relative_to(ROOT).as_posix(): {"content": path.read_text()} for path in paths}
    options = {name: value for name, value in settings.items() if name != "version"}
    options["outputSelection"] = {source: {"*": ["abi", "evm.bytecode.object"]} for source in sources}
    return {"language": "Solidity", "sources": sources, "settings": options}


def artifacts() -> dict[str, str]:
    """The artifact of each contract that can be deployed, as JSON by file name. Interfaces and libraries ship none."""
    settings = compiler_settings()
    output = solcx.compile_standard(standard_input(settings), solc_version=settings["version"], base_path=ROOT)
    return {
        f"{name}.json": artifact(name, built, settings)
        for source, contracts in output["contracts"].items()
        if source.count("/") == 1
        for name, built in contracts.items()
        if built["evm"]["bytecode"]["object"]
    }


def artifact(name: str, built: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """One contract's JSON: its name, ABI, bytecode of creation, and the compiler's settings that made it."""
    bytecode = "0x" + built["evm"]["bytecode"]["object"]
    content = {"contractName": name, "abi": built["abi"], "bytecode": bytecode, "compiler": settings}
    return json.dumps(content, indent=1) + "\n"


def shipped() -> dict[str, str]:
    """The artifacts that the package holds now."""
    return {path.name: path.read_text() for path in ARTIFACTS.glob("*.json")}


def write(fresh: Mapping[str, str]) -> None:
    """Replace the shipped artifacts by fresh ones, and remove those of contracts that are no more."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for name in shipped().keys() - fresh.keys():
        (ARTIFACTS / name).unlink()
    for name, text in fresh.items():
        (ARTIFACTS / name).write_text(text)


def main() -> int:
    """Write, or check and name what differs. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if anything would change")
    check = parser.parse_args().check
    fresh = artifacts()
    if not check:
        write(fresh)
        return 0
    current = shipped()
    stale = sorted(name for name in fresh.keys() | current.keys() if fresh.get(name) != current.get(name))
    if stale:
        print(f"Not what the contracts compile to: {', '.join(stale)}. Run `make contracts`.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
