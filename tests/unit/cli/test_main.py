"""The program's ends: exit codes, sentences, and never a traceback."""

import io
import json
import os
import sys
from pathlib import Path

import pytest

from certchain.cli import main
from certchain.cli.deploy import METHODS
from certchain.cli.workspace import opener
from tests.program import MemoryChain, Program


def test_help_is_shown_and_succeeds(certchain: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name in (
        "demo",
        "node",
        "deploy",
        "device",
        "user-device",
        "method",
        "registration",
        "session",
        "product",
        "package",
        "log",
    ):
        assert name in out


def test_a_noun_without_a_verb_shows_its_help_and_is_a_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device"]) == 2
    captured = capsys.readouterr()
    assert "rotate-keys" in captured.out
    assert captured.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("device", "enrol"),
        ("device", "list", "--colour"),
        ("registration", "show", "0"),
        ("log", "query", "--limit", "x"),
    ],
)
def test_a_wrong_use_is_told_with_exit_code_2(certchain: Program, arguments: tuple[str, ...]) -> None:
    certchain.json(*arguments).refusal(2, "UsageError")
    assert "--help" in certchain(*arguments).err


def test_before_a_deployment_every_command_says_what_to_do(certchain: Program) -> None:
    refusal = certchain.json("method", "list").refusal(78, "NotDeployed")
    assert refusal["advice"] == "Run `certchain deploy` first."


def test_a_damaged_configuration_is_named(certchain: Program) -> None:
    (certchain.home / "config.toml").write_text("colour = 1\n")
    refusal = certchain.json("method", "list").refusal(78, "ConfigurationInvalid")
    assert "colour" in refusal["sentence"]


def test_what_nobody_expected_is_a_sentence_and_its_traceback_is_kept(certchain: Program) -> None:
    certchain.chain.down = RuntimeError("boom")
    refusal = certchain.json("method", "list").refusal(70, "Unexpected")
    assert "boom" not in refusal["sentence"]
    assert "RuntimeError: boom" in (certchain.home / "trouble.log").read_text()


def test_a_traceback_that_cannot_be_kept_is_no_second_error(certchain: Program, tmp_path: Path) -> None:
    (certchain.home / "trouble.log").mkdir()
    certchain.chain.down = RuntimeError("boom")
    assert "could not be kept" in certchain.json("method", "list").refusal(70, "Unexpected")["advice"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), EOFError()])
def test_an_interruption_ends_with_130(certchain: Program, interruption: BaseException) -> None:
    certchain.chain.down = interruption
    certchain.json("method", "list").refusal(130, "Interrupted")


def test_an_interruption_at_any_moment_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[main.__module__], "application", interrupted)
    assert main(["method", "list"]) == 130
    assert capsys.readouterr().err.startswith("Error: Interrupted.")


def test_a_reader_that_went_away_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            return pipe

    pipe = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    chain = MemoryChain()
    monkeypatch.setattr(sys, "stdout", Closed())
    code = main(["device", "list", "--json", "--home", str(tmp_path)], opener(chain.open))
    os.close(pipe)
    assert code == 141


def test_the_environment_says_which_home_folder_it_is(
    deployed: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CERTCHAIN_HOME", str(deployed.home))
    assert main(["method", "list", "--json"], opener(deployed.chain.open)) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(METHODS)


def test_the_programs_own_arguments_are_taken_when_none_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["certchain", "--help"])
    assert main() == 0
    assert "certchain" in capsys.readouterr().out


def test_verbose_says_the_roles_steps(household: Program) -> None:
    quiet = household("user", "enrol", "bob")
    loud = household("user", "enrol", "carol", "--verbose")
    assert quiet.err == ""
    assert "User 3 is enrolled." in loud.err
