"""How a party of this home runs as a service of its own: HTTPS, structured logs, its certificate renewed, stopped in good order."""

from collections.abc import Callable

from fastapi import FastAPI

from certchain.cli.renewal import renewing
from certchain.cli.self_check import require_unchanged
from certchain.cli.workspace import Workspace
from certchain.keys import ServerTls, TlsIdentity
from certchain.services import serve, set_up_log


def serve_over_tls(
    workspace: Workspace, app: FastAPI, current: Callable[[], TlsIdentity], host: str, port: int
) -> None:
    """Serves until Ctrl-C or a termination; says where, once it answers. ``current`` gives the certificate, renewed when that is due.

    Raises what ``require_unchanged`` raises.
    """

    def announce(line: str) -> None:
        workspace.output.line(f"{line}; stop it with Ctrl-C.", {"address": line.rpartition(" ")[2]})

    require_unchanged(workspace)
    set_up_log()
    tls = ServerTls(current())
    with renewing(tls, current):
        serve(app, host, port, announce, tls)
