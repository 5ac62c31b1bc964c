"""`certchain device run`: an IoT device as a process of its own."""

from typing import Annotated

import typer

from certchain.channel.coap import CoapEndpoint
from certchain.cli.argument import Name
from certchain.cli.command import command
from certchain.cli.device import device
from certchain.cli.log.serve import Host
from certchain.cli.party import Cast
from certchain.cli.record import DeviceRecord
from certchain.cli.self_check import require_unchanged
from certchain.cli.stopping import stopped_by_signals
from certchain.cli.workspace import Workspace
from certchain.services import set_up_log

CoapPort = Annotated[int, typer.Option("--port", min=0, max=65535, help="Its UDP port; 0 for any free one.")]


@command(device, "run", beside_others=True)
def run(workspace: Workspace, name: Name, host: Host = "127.0.0.1", port: CoapPort = 5683) -> None:
    """Runs an IoT device of this home, which answers over CoAP, until Ctrl-C; it has its folder for itself."""
    require_unchanged(workspace)
    workspace.alone_in(workspace.records.folder(DeviceRecord, name))
    cast = Cast(workspace)
    identity, role = cast.device_identity(name), cast.device(name)
    set_up_log()
    endpoint = CoapEndpoint(identity, role.answer, workspace.reader.registrations.public_keys, host=host, port=port)
    with stopped_by_signals() as stopping, endpoint:
        address = f"coap://{endpoint.address}"
        workspace.output.line(f"Listening at {address}; stop it with Ctrl-C.", {"address": address})
        stopping.wait()
