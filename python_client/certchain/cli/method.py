"""`certchain method`: the combination methods, which are defined once and for good."""

from typing import Annotated

import typer

from certchain.cli.command import command, noun
from certchain.cli.output import Result, listed
from certchain.cli.record import AUTHORITY
from certchain.cli.workspace import Workspace
from certchain.errors import MalformedValue
from certchain.ledger import Ledger
from certchain.models.identifier import MethodNumber
from certchain.models.registration import Factor

method = noun("method", "The combination methods: which factor hashes make a registration hash, in which order.")

_FACTORS = {factor.name.lower(): factor for factor in Factor}


@command(method, "define")
def define(
    workspace: Workspace,
    factors: Annotated[list[str], typer.Argument(help="One to three of first, second and third, in order.")],
) -> Result:
    """Defines the next combination method."""
    unknown = [name for name in factors if name not in _FACTORS]
    if unknown:
        raise MalformedValue(f"factor {unknown[0]!r}", f"the factors are {', '.join(_FACTORS)}")
    ledger = workspace.ledger(AUTHORITY)
    number = ledger.registrations.define_method([_FACTORS[name] for name in factors])
    return Result(f"Combination method {number} is defined.", _values(ledger, number))


@command(method, "list")
def show_all(workspace: Workspace) -> Result:
    """Lists the combination methods."""
    ledger = workspace.reader
    numbers = range(1, ledger.registrations.method_count() + 1)
    values = [_values(ledger, MethodNumber(number)) for number in numbers]
    return listed("combination method", values)


@command(method, "show")
def show(workspace: Workspace, number: Annotated[int, typer.Argument(help="The method's number.", min=1)]) -> Result:
    """Shows a combination method."""
    return Result(f"Combination method {number}:", _values(workspace.reader, MethodNumber(number)))


def _values(ledger: Ledger, number: MethodNumber) -> dict[str, object]:
    return {
        "number": number,
        "factors": [factor.name.lower() for factor in ledger.registrations.method_factors(number)],
    }
