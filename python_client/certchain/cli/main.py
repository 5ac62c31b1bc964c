"""The program `certchain`: runs one command, and turns whatever ends it into an exit code and a sentence."""

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from certchain.cli.application import application
from certchain.cli.command import Call
from certchain.cli.output import Output
from certchain.cli.workspace import Opener, open_workspace
from certchain.config import Home
from certchain.errors import CertchainError

USAGE = 2
UNEXPECTED = 70  # EX_SOFTWARE
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None, opener: Opener = open_workspace) -> int:
    """Runs the command that ``arguments`` (by default the program's own) name, and returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    call = Call(opener, output=Output(as_json="--json" in given))
    try:
        code = application(given, prog_name="certchain", standalone_mode=False, obj=call)
        sys.stdout.flush()
    except Exception as problem:
        return _explain(call, problem)
    except KeyboardInterrupt:
        return _interrupted(call)
    if code == INTERRUPTED:  # Typer has caught the interruption
        return _interrupted(call)
    return code if isinstance(code, int) else 0


def _explain(call: Call, problem: Exception) -> int:
    if isinstance(problem, CertchainError):
        return call.output.refuse(problem)
    if isinstance(problem, typer.TyperException):
        return _misused(call, problem.format_message())
    if isinstance(problem, typer.Abort):
        return _interrupted(call)
    if isinstance(problem, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains as it ends
        return PIPE_CLOSED
    return _unexpected(call, problem)


def _misused(call: Call, sentence: str) -> int:
    if sentence:  # else a noun without its verb, which has shown its help
        sentence = f"{sentence.rstrip('.')}."
        call.output.fail("UsageError", sentence, "Run the command with --help to see what it takes.", {}, USAGE)
    return USAGE


def _interrupted(call: Call) -> int:
    return call.output.fail("Interrupted", "Interrupted.", "Run the command again to go on.", {}, INTERRUPTED)


def _unexpected(call: Call, problem: Exception) -> int:
    sentence = f"Something unexpected happened ({type(problem).__name__})."
    advice = _keep_traceback(call.home, problem)
    return call.output.fail("Unexpected", sentence, advice, {"kind": type(problem).__name__}, UNEXPECTED)


def _keep_traceback(home: Home, problem: Exception) -> str:
    """Writes the traceback where it can be asked for, and says where that is."""
    try:
        home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with home.trouble.open("a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(problem)))
    except OSError as full:
        return f"The details could not be kept either: {full}."
    return f"Please report it with the details in {home.trouble}."
