"""Proves what `formal/*Proof.sol` says of a log, with halmos, and that each broken contract below fails: `make formal`.

The Merkle library is any library there (`AnyMerkleTree.sol`). A proof counts only if every path was followed to its end, for the lengths of
arrays that are given here.
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

PROVER = ROOT / ".make" / "halmos" / "bin" / "halmos"
OUTPUT = ("abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers", "storageLayout", "metadata")
LIBRARY, STAND_IN = "contracts/libraries/MerkleTree.sol", "formal/AnyMerkleTree.sol"
SOLVER = "z3"
#: What halmos says of a check, and how many loops it left before their end. Anything else, such as a solver out of time, is neither.
PROVEN, REFUTED = (0, 0), (1, 0)
SHRINK = "check_no_call_shrinks_the_log_or_changes_a_root"
APPEND_PERMISSION = "check_nothing_changes_without_permission_to_append"
ANCHOR_PERMISSION = "check_nothing_changes_without_permission_to_anchor"
APPEND = "check_append_adds_its_leaves_to_the_tree_that_is_there"
ANCHOR = "check_anchor_takes_a_root_only_with_its_proof"


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


RECORDED = Claim("RecordedLogProof", "frontier={0,1,64},leafHashes={0,1,64}")
ANCHORED = Claim("AnchoredLogProof", "proof={0,1,2,64}")
#: A batch as large as they are in use.
RECORDED_BATCH = replace(RECORDED, lengths="frontier=1,leafHashes=1000")
#: One length each is enough to refute.
ONE_RECORDED, ONE_ANCHORED = replace(RECORDED, lengths="frontier=1,leafHashes=1"), replace(ANCHORED, lengths="proof=1")


def _recorded(name: str, check: str, old: str, new: str) -> Mutant:
    return Mutant(f"a recorded log {name}", "contracts/RecordedLog.sol", old, new, replace(ONE_RECORDED, check=check))


def _anchored(name: str, check: str, old: str, new: str, source: str = "contracts/AnchoredLog.sol") -> Mutant:
    return Mutant(f"an anchored log {name}", source, old, new, replace(ONE_ANCHORED, check=check))


_GROW = "uint64 newSize = firstIndex + uint64(leafHashes.length);"
_COMPARE = "if (oldFound != oldRoot || newFound != newRoot)"
MUTANTS = (
    _recorded("whose size is that of its last batch", SHRINK, "size = newSize;", "size = uint64(leafHashes.length);"),
    _recorded("whose size stays that which was expected", SHRINK, "size = newSize;", "size = expectedSize;"),
    _recorded("that begins anew after 2^64 entries", SHRINK, _GROW, f"uint64 newSize; unchecked {{ {_GROW[7:]} }}"),
    _recorded(
        "whose new root takes the place of the old one",
        SHRINK,
        "_roots[newSize] = newRoot;",
        "_roots[firstIndex] = newRoot;",
    ),
    _recorded("that does not compare the size", APPEND, "if (expectedSize != firstIndex)", "if (false)"),
    _recorded(
        "that does not compare the frontier", APPEND, "if (MerkleTree.rootOf(frontier) != _roots[atSize])", "if (false)"
    ),
    _recorded("for everyone", APPEND_PERMISSION, ") external restricted {", ") external {"),
    _anchored("that takes a smaller size", SHRINK, "if (newSize <= oldSize)", "if (newSize == oldSize)"),
    _anchored("that takes another root for its size", SHRINK, "if (newSize <= oldSize)", "if (newSize < oldSize)"),
    _anchored(
        "that takes any size once it has had its first root",
        SHRINK,
        "if (newSize <= oldSize)",
        "if (newSize <= oldSize && _newestRoot == MerkleTree.EMPTY_ROOT)",
    ),
    _anchored("that does not compare the size", ANCHOR, "if (expectedSize != oldSize)", "if (false)"),
    _anchored("that does not compare the old root", ANCHOR, _COMPARE, "if (newFound != newRoot)", "contracts/Log.sol"),
    _anchored("that does not compare the new root", ANCHOR, _COMPARE, "if (oldFound != oldRoot)", "contracts/Log.sol"),
    _anchored("whose old root comes from the caller", ANCHOR, "(oldSize, _newestRoot,", "(oldSize, proof[0],"),
    _anchored("for everyone", ANCHOR_PERMISSION, ") external restricted {", ") external {"),
)


def promises(library: str) -> list[str]:
    """What a Merkle library is to those that use it: each function's type, by which it cannot write, and the constant."""
    functions = re.findall(r"function \w+\([^)]*\) internal (?:view|pure) returns \([^)]*\)", library)
    constants = re.findall(r"bytes32 internal constant \w+ = \w+;", library)
    return sorted(re.sub(r"\s+", " ", each) for each in (*functions, *constants))


def sources(claim: Claim, changes: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    """What the compiler does not find by itself: the proof, any library in the place of ours, and what is changed, each in one place."""
    proof = f"formal/{claim.contract}.sol"
    texts = {proof: (ROOT / proof).read_text(), LIBRARY: (ROOT / STAND_IN).read_text()}
    for source, (old, new) in changes.items():
        text = (ROOT / source).read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{source} does not have this once: {old}")
        texts[source] = text.replace(old, new)
    return {source: {"content": text} for source, text in texts.items()}


def compiled(claim: Claim, changes: Mapping[str, tuple[str, str]], folder: Path) -> None:
    """Everything as forge lays it out, which halmos reads; without forge, by the compiler that makes the artifacts."""
    settings = compiler_settings()
    version = settings.pop("version")
    settings["outputSelection"] = {"*": {"*": OUTPUT, "": ["ast"]}}
    task = {"language": "Solidity", "sources": sources(claim, changes), "settings": settings}
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


def run(claim: Claim, changes: Mapping[str, tuple[str, str]] | None = None) -> dict[str, tuple[int, int]]:
    """Each check of the claim, and what halmos says of it, to be compared with `PROVEN` and `REFUTED`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        compiled(claim, changes or {}, folder)
        options = ["--root", name, "--no-status", "--json-output", str(folder / "report.json")]
        options += ["--contract", claim.contract, "--function", claim.check, "--array-lengths", claim.lengths]
        options += ["--solver", SOLVER, "--solver-threads", "1", "--solver-timeout-assertion", "5m"]
        options += ["--early-exit"] if changes else []
        path = f"{folder}:{PROVER.parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path}
        ended = subprocess.run([str(PROVER), *options], env=environment, capture_output=True, text=True, check=False)
        if not (folder / "report.json").exists():
            raise SystemExit(f"halmos did not run: {ended.stdout}{ended.stderr}")
        results = json.loads((folder / "report.json").read_text())["test_results"]
    return {
        result["name"].partition("(")[0]: (result["exitcode"], result["num_bounded_loops"])
        for tests in results.values()
        for result in tests
    }


def prove(claim: Claim) -> list[str]:
    """Every check that the contract has, proven or not, in a line each; those that failed say so."""
    wanted = re.findall(r"function (check_\w+)", (ROOT / "formal" / f"{claim.contract}.sol").read_text())
    proven = run(claim)
    return [
        f"{'proven' if proven.get(name) == PROVEN else 'NOT PROVEN'}: {claim.contract}.{name} ({claim.lengths})"
        for name in wanted
    ]


def refute(mutant: Mutant) -> list[str]:
    """Whether the broken contract fails its claim."""
    found = run(mutant.claim, {mutant.source: (mutant.old, mutant.new)})
    return [f"{'refuted' if found == {mutant.claim.check: REFUTED} else 'NOT REFUTED'}: {mutant.name}"]


def main() -> int:
    """Prove, refute and print. Returns the exit code."""
    if promises((ROOT / LIBRARY).read_text()) != promises((ROOT / STAND_IN).read_text()):
        raise SystemExit(f"{STAND_IN} does not have the functions of {LIBRARY}, all of them view or pure")
    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(prove, claim) for claim in (RECORDED, RECORDED_BATCH, ANCHORED)]
        tasks += [pool.submit(refute, mutant) for mutant in MUTANTS]
        lines = []
        for task in as_completed(tasks):
            print(*task.result(), sep="\n", flush=True)
            lines += task.result()
    return 1 if any(line.startswith("NOT") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
