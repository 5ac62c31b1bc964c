"""`certchain user`: the people who control IoT devices."""

from certchain.cli.argument import Name, Number, Reason
from certchain.cli.command import command, noun
from certchain.cli.output import Result, listed
from certchain.cli.party import Cast
from certchain.cli.record import UserRecord
from certchain.cli.workspace import Workspace
from certchain.models.entry import Subject, SubjectKind

user = noun("user", "The people who control IoT devices.")


@command(user, "enrol")
def enrol(workspace: Workspace, name: Name) -> Result:
    """Enrols a user; the chain gets a salted commitment to the name, and not the name."""
    workspace.records.require_new(UserRecord, name)
    number = Cast(workspace).operations().enrol_user(name)
    workspace.records.write(name, UserRecord(number))
    return Result(f"User {name} is enrolled as number {number}.", {"name": name, "number": number})


@command(user, "known")
def known(workspace: Workspace, name: Name, *, number: Number) -> Result:
    """Says who a user is whom another home has enrolled."""
    workspace.records.require_new(UserRecord, name)
    workspace.records.write(name, UserRecord(number))
    return Result(f"User {name} is number {number}.", {"name": name, "number": number})


@command(user, "unlock")
def unlock(workspace: Workspace, name: Name, *, reason: Reason = "") -> Result:
    """Lets a user, by name or number, try again after too many failures: at the certification server, and at each IoT device."""
    subject = Subject(SubjectKind.USER, workspace.records.number(UserRecord, name))
    index = Cast(workspace).operations().unlock(subject, reason)
    return Result(f"User {name} may try again; entry {index} of the log says so.", {"user": name, "entry": index})


@command(user, "list")
def show_all(workspace: Workspace) -> Result:
    """Lists the users that this home knows."""
    users = workspace.records.all(UserRecord)
    values = [{"name": name, "number": record.number} for name, record in users.items()]
    return listed("user", values)
