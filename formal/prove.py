"""Proves what `formal/*Proof.sol` says of a log, with halmos, and that each broken contract below fails: `make formal`.

A proof counts only if every path was followed to its end, within the array lengths that are given here.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import solcx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.artifacts import compiler_settings  # noqa: E402 - the project's root is no installed package

PROVER = ROOT / ".make" / "halmos" / "bin" / "python"
OUTPUT = ("abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers", "storageLayout", "metadata")
#: More rounds than any loop has with the arrays below: each is followed to its end, or the proof does not count.
LOOP = "12"
#: yices 2.6.4 finds examples against these that are none (it reads an array wrongly at another index); z3 does not.
SOLVER = "z3"
SHRINK, PERMISSION = "check_no_call_shrinks_the_log_or_changes_a_root", "check_without_permission_nothing_changes"
PROOF = "check_a_new_root_comes_with_its_proof"


@dataclass(frozen=True, slots=True)
class Claim:
    """A contract of proofs, the lengths of the arrays that calls bring, and the checks that are run, all by default."""

    contract: str
    lengths: str
    check: str = "check_"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change that breaks a contract, and the claim that has to fail for it."""

    name: str
    source: str
    old: str
    new: str
    claim: Claim


RECORDED = Claim("RecordedLogProof", "frontier={0,1,2},leafHashes={0,1,2}")
ANCHORED = Claim("AnchoredLogProof", "proof={0,1,2}")
MUTANTS = (
    Mutant(
        "a recorded log whose size is that of its last batch",
        "contracts/RecordedLog.sol",
        "        size = newSize;",
        "        size = uint64(leafHashes.length);",
        replace(RECORDED, lengths="frontier=1,leafHashes=1", check=SHRINK),
    ),
    Mutant(
        "a recorded log whose new root takes the place of the old one",
        "contracts/RecordedLog.sol",
        "_roots[newSize] = newRoot;",
        "_roots[firstIndex] = newRoot;",
        replace(RECORDED, lengths="frontier=1,leafHashes=1", check=SHRINK),
    ),
    Mutant(
        "an anchored log that takes a smaller size",
        "contracts/AnchoredLog.sol",
        "if (newSize <= oldSize)",
        "if (newSize == oldSize)",
        replace(ANCHORED, lengths="proof=2", check=SHRINK),
    ),
    Mutant(
        "an anchored log that takes another root for its size",
        "contracts/AnchoredLog.sol",
        "if (newSize <= oldSize)",
        "if (newSize < oldSize)",
        replace(ANCHORED, lengths="proof=0", check=SHRINK),
    ),
    Mutant(
        "an anchored log that does not compare the old root",
        "contracts/Log.sol",
        "if (oldFound != oldRoot || newFound != newRoot)",
        "if (newFound != newRoot)",
        replace(ANCHORED, lengths="proof=2", check=PROOF),
    ),
    Mutant(
        "an anchored log for everyone",
        "contracts/AnchoredLog.sol",
        ") external restricted {",
        ") external {",
        replace(ANCHORED, lengths="proof=1", check=PERMISSION),
    ),
)


def sources(changes: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    """The contracts and the proofs, with the text of some changed; each change is for exactly one place."""
    paths = sorted((*ROOT.glob("contracts/**/*.sol"), *ROOT.glob("formal/*.sol")))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}
    for source, (old, new) in changes.items():
        if texts[source].count(old) != 1:
            raise SystemExit(f"{source} does not have this once: {old}")
        texts[source] = texts[source].replace(old, new)
    return {source: {"content": text} for source, text in texts.items()}


def compiled(changes: Mapping[str, tuple[str, str]], folder: Path) -> None:
    """Everything as forge lays it out, which halmos reads; without forge, by the compiler that makes the artifacts."""
    settings = compiler_settings()
    version = settings.pop("version")
    settings["outputSelection"] = {"*": {"*": OUTPUT, "": ["ast"]}}
    task = {"language": "Solidity", "sources": sources(changes), "settings": settings}
    output = solcx.compile_standard(task, solc_version=version, base_path=ROOT)
    for source, contracts in output["contracts"].items():
        place = folder / "out" / Path(source).name
        place.mkdir(parents=True, exist_ok=True)
        for name, built in contracts.items():
            (place / f"{name}.json").write_text(json.dumps(_artifact(built, output["sources"][source])))
    forge = folder / "forge"
    forge.write_text("#!/bin/sh\n")
    forge.chmod(0o755)


def _artifact(built: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    code = {name: {**built["evm"][name]} for name in ("bytecode", "deployedBytecode")}
    for each in code.values():
        each["object"] = "0x" + each["object"]
    known = {"abi": built["abi"], "storageLayout": built["storageLayout"], "metadata": json.loads(built["metadata"])}
    identifiers = built["evm"]["methodIdentifiers"]
    return {**known, **code, "methodIdentifiers": identifiers, "ast": source["ast"], "id": source["id"]}


def run(claim: Claim, changes: Mapping[str, tuple[str, str]] | None = None) -> dict[str, bool]:
    """Each check of the claim, and whether it was proven."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        compiled(changes or {}, folder)
        options = ["--root", name, "--no-status", "--json-output", str(folder / "report.json"), "--loop", LOOP]
        options += ["--contract", claim.contract, "--function", claim.check, "--array-lengths", claim.lengths]
        options += ["--solver", SOLVER, "--solver-threads", "1", *(["--early-exit"] if changes else [])]
        path = f"{folder}:{PROVER.parent}:{os.environ['PATH']}"
        halmos = [str(PROVER), str(ROOT / "formal" / "launch.py"), *options]
        ended = subprocess.run(halmos, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
        if not (folder / "report.json").exists():
            raise SystemExit(f"halmos did not run: {ended.stdout}{ended.stderr}")
        results = json.loads((folder / "report.json").read_text())["test_results"]
    return {
        result["name"].partition("(")[0]: result["exitcode"] == 0 and not result["num_bounded_loops"]
        for tests in results.values()
        for result in tests
    }


def prove(claim: Claim) -> list[str]:
    """Every check that the contract has, proven or not, in a line each; those that failed say so."""
    wanted = re.findall(r"function (check_\w+)", (ROOT / "formal" / f"{claim.contract}.sol").read_text())
    proven = run(claim)
    return [
        f"{'proven' if proven.get(name) else 'NOT PROVEN'}: {claim.contract}.{name} ({claim.lengths})"
        for name in wanted
    ]


def refute(mutant: Mutant) -> list[str]:
    """Whether the broken contract fails its claim."""
    found = run(mutant.claim, {mutant.source: (mutant.old, mutant.new)})
    return [f"{'refuted' if found == {mutant.claim.check: False} else 'NOT REFUTED'}: {mutant.name}"]


def main() -> int:
    """Prove, refute and print. Returns the exit code."""
    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(prove, claim) for claim in (ANCHORED, RECORDED)]
        tasks += [pool.submit(refute, mutant) for mutant in MUTANTS]
        lines = []
        for task in as_completed(tasks):
            print(*task.result(), sep="\n", flush=True)
            lines += task.result()
    return 1 if any(line.startswith("NOT") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
