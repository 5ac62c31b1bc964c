"""A command imports what it uses: the program starts fast, and each part of the tree is where the tree says."""

import subprocess
import sys

import pytest

from certchain.cli import main
from certchain.cli.application import BESIDE_OTHERS, NOUNS, VERBS, application
from certchain.cli.loading import Commands

FEW_NEED = {"certchain.cli.demo", "certchain.ledger.embedded", "certchain.services", "eth_tester", "fastapi", "paho"}


@pytest.mark.parametrize("words", [("method", "list"), ("session", "certify"), ("registration", "register")])
def test_a_command_imports_neither_the_demo_nor_the_services(words: tuple[str, ...]) -> None:
    asked = f"import sys; from certchain.cli import main; main([*{words}, '--help']); sys.stderr.write('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "Usage" in run.stdout
    assert not FEW_NEED & set(run.stderr.splitlines())


@pytest.mark.parametrize("name", [*NOUNS, *VERBS, *BESIDE_OTHERS])
def test_each_part_is_called_what_the_tree_calls_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"Usage: certchain {name} " in capsys.readouterr().out


def test_the_whole_tree_is_shown_and_a_wrong_name_is_not_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*NOUNS, *VERBS, *BESIDE_OTHERS))
    assert main(["metod"]) == 2
    assert "Did you mean 'method'?" in capsys.readouterr().err


def test_a_command_can_be_put_in_the_place_of_another_and_taken_back() -> None:
    """As of any group of Typer's."""
    commands = Commands({"deploy": lambda: "made"})
    assert (commands["deploy"], list(commands), len(commands)) == ("made", ["deploy"], 1)
    commands["deploy"] = "another"
    assert commands["deploy"] == "another"
    del commands["deploy"]
    assert commands["deploy"] == "made"
    assert "deploy" in application.commands
