"""What every command has in common: `--json` and `--home`, a workspace to work in, and a result that is shown."""

import functools
import inspect
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from certchain.cli.output import Output, Result
from certchain.cli.workspace import Opener, Workspace, held_home
from certchain.config import Home, find_home

Given = ParamSpec("Given")
Command = Callable[Concatenate[Workspace, Given], Result | None]

_COMMON = {
    "ctx": typer.Context,
    "json": Annotated[bool, typer.Option("--json", help="Show one JSON value and nothing else.")],
    "verbose": Annotated[bool, typer.Option("--verbose", help="Say each step of the protocol as a role takes it.")],
    "home": Annotated[
        Path | None,
        typer.Option("--home", help="The home folder; else CERTCHAIN_HOME, else ~/.certchain.", show_default=False),
    ],
}
_DEFAULTS = {"ctx": inspect.Parameter.empty, "json": False, "verbose": False, "home": None}


@dataclass(slots=True)
class Call:
    """One run of the program: how it opens its workspace, and what the common options turned out to be."""

    opener: Opener
    home: Home = field(default_factory=lambda: find_home(os.environ))
    output: Output = field(default_factory=Output)


def noun(name: str, sentence: str) -> typer.Typer:
    """A noun that verbs are added to."""
    return typer.Typer(name=name, help=sentence, no_args_is_help=True, add_completion=False)


def command(app: typer.Typer, verb: str, beside_others: bool = False) -> Callable[[Command[Given]], Command[Given]]:
    """Adds a function as a command. Its first argument is the workspace; the others are the command's own.

    It holds the home folder alone, except one that runs ``beside_others``, which must not open a role or a store there.
    """

    def add(function: Command[Given]) -> Command[Given]:
        app.command(verb)(_with_workspace(function, beside_others))
        return function

    return add


def _with_workspace(function: Command[Given], beside_others: bool) -> Callable[..., None]:
    """The function as Typer calls it, with the common options in the place of the workspace."""

    @functools.wraps(function)
    def run(ctx: typer.Context, json: bool, verbose: bool, home: Path | None, **arguments: Any) -> None:
        call: Call = ctx.obj
        call.output = Output(as_json=json)
        call.home = Home(home) if home else call.home
        alone = nullcontext() if beside_others else held_home(call.home)
        with _steps_told(verbose), alone, call.opener(call.home, call.output) as workspace:
            result = function(workspace, **arguments)  # type: ignore[call-arg]
        if result is not None:
            call.output.show(result)

    own = list(inspect.signature(function).parameters.values())[1:]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=_DEFAULTS[name])
        for name, kind in _COMMON.items()
    ]
    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + common
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__  # Typer would look for the workspace
    return run


@contextmanager
def _steps_told(verbose: bool) -> Iterator[None]:
    """While within, what the roles log goes to stderr, or nowhere."""
    log = logging.getLogger("certchain")
    handler = logging.StreamHandler() if verbose else logging.NullHandler()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO if verbose else level)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
