"""`certchain session`: certification, and the control of an IoT device that it opens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from certchain.cli.argument import DeviceName, SecretFile, UserDeviceName
from certchain.cli.command import command, noun
from certchain.cli.output import Result
from certchain.cli.party import Cast
from certchain.cli.secret import read_user_secret
from certchain.cli.workspace import Workspace
from certchain.errors import CosignaturesMissing, Unavailable
from certchain.models.identifier import DeviceId
from certchain.roles.user_device import ControlSession

session = noun("session", "Certification, and the control of an IoT device that it opens.")


@command(session, "certify")
def certify(
    workspace: Workspace,
    user_device: UserDeviceName,
    device: DeviceName,
    order: Annotated[
        str | None, typer.Option("--command", help="Lock, unlock or status: what the device is to do.")
    ] = None,
    secret_file: SecretFile = None,
) -> Result:
    """Logs in and is certified (C1 to C14), has the device obey a command (C15), and brings the log to the chain (C16)."""
    cast = Cast(workspace)
    number = DeviceId(cast.device_party(device).number)
    claimant = cast.user_device(user_device)
    with _logged(cast):
        channel = cast.device_channel(device, cast.user_device_party(user_device))
        control = claimant.certify(channel, number, read_user_secret(secret_file))
        answer = control.command(order.encode()).decode() if order else None
    sentence = f"{user_device} is certified for {device}" + (f", and the door is {answer}." if answer else ".")
    waiting = control.outcome.behind if cast.is_joined else cast.log.engine.anchor.behind()
    return Result(sentence, _values(control, order, answer, waiting))


def _values(control: ControlSession, order: str | None, answer: str | None, waiting: int) -> dict[str, object]:
    return {
        "session": control.outcome.session,
        "entry": control.outcome.index,
        "waiting_for_chain": waiting,
        "command": order,
        "answer": answer,
    }


@contextmanager
def _logged(cast: Cast) -> Iterator[None]:
    """C16, however the session ends: what it left in the log goes to the chain, or waits for the next time; elsewhere others do it."""
    try:
        yield
    finally:
        try:
            if not cast.is_joined:
                cast.certification_server.flush()
        except (CosignaturesMissing, Unavailable) as outage:
            cast.workspace.output.note(f"The log waits for the chain: {outage}")
