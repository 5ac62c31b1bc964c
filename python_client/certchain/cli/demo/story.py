"""`certchain demo`: the story, scene by scene."""

import time
from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.demo.attack import attacks
from certchain.cli.demo.audit import audit
from certchain.cli.demo.firmware import find_firmware
from certchain.cli.demo.forgetting import forget
from certchain.cli.demo.household import certification, household, network, registration, witness
from certchain.cli.demo.live import tell_live
from certchain.cli.demo.stage import stage
from certchain.cli.demo.town import Live
from certchain.cli.demo.update import update
from certchain.cli.output import Result, Values
from certchain.cli.stopping import stopped_by_signals
from certchain.cli.workspace import Workspace


def demo(
    workspace: Workspace,
    firmware: Annotated[Path | None, typer.Option(help="A firmware image to use in place of the one from npm.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Certification alone, with each party in a process of its own, on anvil.")
    ] = False,
    stay: Annotated[bool, typer.Option("--stay", help="With --live: leave everything running until Ctrl-C.")] = False,
) -> Result:
    """Tells the whole story on a chain in the process, and checks every word of it; leaves nothing behind."""
    started = time.monotonic()
    if live:
        told = tell_live(workspace.output, _stay if stay else lambda _: None).told
        return _ended(workspace, started, {"told": told})
    image = find_firmware(firmware)
    with stage(workspace.output) as here:
        network(here)
        witness(here)
        household(here)
        registration(here)
        overheard = certification(here)
        attacks(here, overheard)
        update(here, image)
        audit(here)
        forget(here)
    return _ended(
        workspace, started, {"firmware": {"origin": image.origin, "licence": image.licence}, "told": here.told}
    )


def _ended(workspace: Workspace, started: float, values: Values) -> Result:
    seconds = round(time.monotonic() - started, 1)
    sentence = f"\nEverything held, in {seconds} seconds."
    return Result(sentence, {"seconds": seconds, **values} if workspace.output.as_json else {})


def _stay(live: Live) -> None:
    """Leaves everything running until Ctrl-C, for whoever wants to look around."""
    live.tell("", f"The homes are in {live.world.folder}. Everything runs until Ctrl-C.")
    with stopped_by_signals() as stopping:
        stopping.wait()
