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
from certchain.cli.demo.stage import stage
from certchain.cli.demo.update import update
from certchain.cli.output import Result
from certchain.cli.workspace import Workspace


def demo(
    workspace: Workspace,
    firmware: Annotated[Path | None, typer.Option(help="A firmware image to use in place of the one from npm.")] = None,
) -> Result:
    """Tells the whole story on a chain in the process, and checks every word of it; leaves nothing behind."""
    started = time.monotonic()
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
    seconds = round(time.monotonic() - started, 1)
    values = {"seconds": seconds, "firmware": {"origin": image.origin, "licence": image.licence}, "told": here.told}
    sentence = f"\nEverything held, in {seconds} seconds."
    return Result(sentence, values if workspace.output.as_json else {})
