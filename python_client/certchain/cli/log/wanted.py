"""Which entries of the log a command is about: the options that say so, the same for each command."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from certchain.cli.log.argument import Device, Since, Until, User, UserDevice, number, seconds
from certchain.cli.output import Result
from certchain.cli.record import DeviceRecord, UserDeviceRecord, UserRecord
from certchain.cli.workspace import Workspace
from certchain.models.entry import LoginOutcome
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.query import EntryFilter, RowKind

Given = ParamSpec("Given")

_Outcome = Annotated[LoginOutcome | None, typer.Option(help="How the login ended.", show_default=False)]
_Kind = Annotated[RowKind | None, typer.Option(help="What kind of entry.", show_default=False)]


def choosing(function: Callable[Concatenate[Workspace, EntryFilter, Given], Result]) -> Callable[..., Result]:
    """Has a command take these options, and gives it what they come to as its second argument."""
    workspace, _, *own = inspect.signature(function).parameters.values()
    _, *options = inspect.signature(_wanted).parameters.values()

    @wraps(function)
    def run(workspace: Workspace, **given: Any) -> Result:
        wanted = _wanted(workspace, **{option.name: given.pop(option.name) for option in options})
        return function(workspace, wanted, **given)  # type: ignore[call-arg]

    run.__signature__ = inspect.Signature([workspace, *own, *options])  # type: ignore[attr-defined]
    return run


def _wanted(
    workspace: Workspace,
    *,
    user: User = None,
    user_device: UserDevice = None,
    device: Device = None,
    outcome: _Outcome = None,
    kind: _Kind = None,
    since: Since = None,
    until: Until = None,
) -> EntryFilter:
    """Raises ``UnknownRecord`` for a name that this home does not know, ``MalformedValue`` for what is no time."""
    of_user, of_user_device, of_device = (
        number(workspace, UserRecord, user),
        number(workspace, UserDeviceRecord, user_device),
        number(workspace, DeviceRecord, device),
    )
    return EntryFilter(
        user=None if of_user is None else UserId(of_user),
        user_device=None if of_user_device is None else UserDeviceId(of_user_device),
        device=None if of_device is None else DeviceId(of_device),
        outcome=outcome,
        kind=kind,
        since=seconds("since", since),
        until=seconds("until", until),
    )
