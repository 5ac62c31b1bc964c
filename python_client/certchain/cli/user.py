"""`certchain user`: the people who control IoT devices."""

from certchain.cli.argument import Name
from certchain.cli.command import command, noun
from certchain.cli.output import Result, listed
from certchain.cli.party import Cast
from certchain.cli.record import UserRecord
from certchain.cli.workspace import Workspace

user = noun("user", "The people who control IoT devices.")


@command(user, "enrol")
def enrol(workspace: Workspace, name: Name) -> Result:
    """Enrols a user; the chain gets a salted commitment to the name, and not the name."""
    workspace.records.require_new(UserRecord, name)
    number = Cast(workspace).certification_server.enrolment.enrol_user(name)
    workspace.records.write(name, UserRecord(number))
    return Result(f"User {name} is enrolled as number {number}.", {"name": name, "number": number})


@command(user, "list")
def show_all(workspace: Workspace) -> Result:
    """Lists the users that this home knows."""
    users = workspace.records.all(UserRecord)
    values = [{"name": name, "number": record.number} for name, record in users.items()]
    return listed("user", values)
