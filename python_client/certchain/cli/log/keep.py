"""What is done to the log: brought to the chain, held, erased."""

from typing import Annotated

import typer

from certchain.cli.command import command
from certchain.cli.log.argument import Device, Reason, User, UserDevice, subject
from certchain.cli.log.noun import log
from certchain.cli.output import Result, listed
from certchain.cli.party import Cast
from certchain.cli.workspace import Workspace
from certchain.log.retention import LONGEST_RETENTION

HoldName = Annotated[str, typer.Argument(help="The hold's name.", show_default=False)]


@command(log, "flush")
def flush(workspace: Workspace) -> Result:
    """Publishes the log, and brings the chain up to it (C16)."""
    appended = Cast(workspace).certification_server.flush()
    values = {"appended": appended, "size": workspace.reader.login_log.size()}
    return Result(f"{appended} entries went to the chain.", values)


@command(log, "hold")
def hold(
    workspace: Workspace,
    name: HoldName,
    reason: Reason,
    *,
    user: User = None,
    user_device: UserDevice = None,
    device: Device = None,
) -> Result:
    """Puts a legal hold on whatever is logged about somebody: nothing of it is erased."""
    held = subject(workspace, user, user_device, device)
    entry = workspace.log.retention.hold(held, name, reason)
    return Result(f"What is logged about {held} is held.", {"subject": held, "hold": name, "entry": entry})


@command(log, "release")
def release(
    workspace: Workspace,
    name: HoldName,
    reason: Reason,
    *,
    user: User = None,
    user_device: UserDevice = None,
    device: Device = None,
) -> Result:
    """Ends a legal hold."""
    held = subject(workspace, user, user_device, device)
    entry = workspace.log.retention.release(held, name, reason)
    return Result(f"The hold {name} on {held} is over.", {"subject": held, "hold": name, "entry": entry})


@command(log, "holds")
def holds(workspace: Workspace) -> Result:
    """Lists the legal holds in force."""
    found = workspace.log.retention.holds()
    rows = [{"subject": each.held, "hold": each.name, "reason": each.reason, "entry": each.index} for each in found]
    return listed("hold", rows)


@command(log, "erase")
def erase(
    workspace: Workspace, reason: Reason, user: User = None, user_device: UserDevice = None, device: Device = None
) -> Result:
    """Erases what was logged about somebody; places, times and proofs of the entries stay."""
    erased = subject(workspace, user, user_device, device)
    entry = workspace.log.retention.erase(erased, reason)
    return Result(f"What was logged about {erased} is erased.", {"subject": erased, "entry": entry})


@command(log, "retention")
def retention(
    workspace: Workspace,
    days: Annotated[
        int | None,
        typer.Option(help="Erase what is older; 0 keeps everything.", min=0, max=LONGEST_RETENTION, show_default=False),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it stays in the log.")] = "policy",
) -> Result:
    """Shows, or sets, after how many days `certchain log expire` erases entries."""
    kept = workspace.log.retention
    if days is not None:
        kept.set_retention(days, reason)
    in_force = kept.retention()
    sentence = f"Entries are erased after {in_force} days." if in_force else "Entries are kept."
    return Result(sentence, {"days": in_force})


@command(log, "expire")
def expire(workspace: Workspace) -> Result:
    """Erases what is older than the retention, except under hold; to be run from time to time."""
    expired = workspace.log.retention.expire()
    return Result(f"Something was erased about {len(expired)} subjects.", {"subjects": list(expired)})
