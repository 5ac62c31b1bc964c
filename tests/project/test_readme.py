"""What the README shows is so: its story is the demonstration's, its commands run as written, its paths exist."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.S | re.M)
BY_HAND = next(block for _, block in FENCED if "$ certchain deploy" in block)
SERVING = next(block for _, block in FENCED if "log serve" in block)
LIVE = next(block for _, block in FENCED if "demo --live" in block)
TOLD_LIVE = re.findall(r"^  \S+ +(\w.*)$", LIVE, re.M)
"""What the README shows of the live demonstration; that it is told is tested in tests/journeys/test_live.py."""
EXPORTS = re.findall(r"^\$ export (.*)$", README, re.M)
COMMANDS = [line.removeprefix("$ ") for line in BY_HAND.splitlines() if not line.startswith("$ export ")]
VARYING = re.compile(r"sha-256:[0-9a-f]{16}…|\d+(\.\d+)? (seconds|bytes)")


def fenced(language: str) -> str:
    """The README's first fenced block of a language."""
    return str(next(block for name, block in FENCED if name == language))


def lasting(text: str) -> list[str]:
    """The lines of a story, without what differs from one telling to the next."""
    return [VARYING.sub("…", line).rstrip() for line in text.strip().splitlines()]


def test_the_story_in_the_readme_is_the_one_that_the_demonstration_tells(tmp_path: Path) -> None:
    """Line by line, but for digests, sizes of files and the time it took."""
    program = [sys.executable, "-m", "certchain", "demo"]
    environment = {**os.environ, "CERTCHAIN_HOME": str(tmp_path), "COLUMNS": "150"}
    told = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=True)
    assert told.stderr == ""
    assert lasting(told.stdout) == lasting(fenced("text"))


@pytest.fixture(params=["anvil", "ganache"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A shell's environment in which a node answers, as after `certchain node` in another shell."""
    shell = {**os.environ, "CERTCHAIN_HOME": str(tmp_path / "home")}
    for line in EXPORTS:
        words = dict(word.split("=", 1) for word in shlex.split(line))
        shell |= {
            name: value.replace("$PWD", str(ROOT)).replace("$PATH", shell["PATH"]) for name, value in words.items()
        }
    command = ["certchain", "node", "--engine", request.param, "--port", "0"]
    with subprocess.Popen(command, env=shell, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        assert "answers at" in node.stdout.readline()
        try:
            yield shell
        finally:
            node.terminate()


def test_the_commands_in_the_readme_run_as_written(environment: dict[str, str], tmp_path: Path) -> None:
    """One after another, in one shell, in a folder that has the repository's docs and licence."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "LICENSE", tmp_path)
    for command in COMMANDS:
        ran = subprocess.run(
            shlex.split(command),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, f"{command}: {ran.stderr}"

    serve(environment)


def serve(environment: dict[str, str]) -> None:
    """The log's service as in the README, but at any free port; it ends when it is told to."""
    assert SERVING == "$ certchain log serve\n"
    command = ["certchain", "log", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        try:
            assert "Listening at http://127.0.0.1:" in service.stdout.readline()
        finally:
            service.terminate()
    assert service.returncode == 0


def test_the_brownie_scripts_in_the_readme_are_those_that_there_are_in_the_order_they_build_on_one_another() -> None:
    """That they run, on both nodes, is tested in tests/contracts/test_scripts.py."""
    runs = re.findall(r"^\$ make run SCRIPT=(\w+) NETWORK=(\w+)$", README, re.M)
    networks = re.findall(r"^    id: (\w+)$", (ROOT / "brownie-networks.yaml").read_text(), re.M)
    assert [script for script, _ in runs] == ["deploy", "grant_roles", "seed"]
    assert {network for _, network in runs} <= set(networks)
    assert all((ROOT / "scripts" / f"{script}.py").exists() for script, _ in runs)


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    """Nobody is sent to a target that is not there."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", README))
    assert {"demo", "test"} <= named <= targets


def places() -> Iterator[Path]:
    """The paths in the README's tree: names up to two spaces, indented below the folder that they are in."""
    folder = ROOT
    for line in fenced("").splitlines():
        names = re.split(r"  +", line.strip())[0].split()
        if not line.startswith(" "):
            folder = ROOT / names[0]
        yield from ((folder if line.startswith("  ") else ROOT) / name for name in names)


def test_every_place_in_the_tree_exists() -> None:
    """The layout that a newcomer reads is the one on disk."""
    assert len(list(places())) > 20
    assert [place for place in places() if not place.exists()] == []


def test_every_link_leads_somewhere() -> None:
    """No link of the README is broken."""
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]*)\)", README)]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
