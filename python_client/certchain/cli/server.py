"""`certchain server`: the certification server as a service."""

from certchain.cli.argument import Hosts
from certchain.cli.command import command, noun
from certchain.cli.log.serve import Host, Port
from certchain.cli.party import Cast
from certchain.cli.recogniser import home_recogniser
from certchain.cli.serving import serve_over_tls
from certchain.cli.workspace import Workspace
from certchain.services import certification_app, room_on_disk
from certchain.services.operator import operator_router

server = noun("server", "The certification server as a service.")


@command(server, "serve", beside_others=True)
def serve_server(workspace: Workspace, host: Host = "127.0.0.1", port: Port = 8443, known_as: Hosts = None) -> None:
    """Certifies over HTTPS, and follows its log for attacks, until Ctrl-C.

    It has this home for itself; operators have homes of their own.
    """
    workspace.alone_in(workspace.home.folder)
    workspace.known_as = [host, *(known_as or ())]
    cast = Cast(workspace)
    role, recogniser = cast.certification_server, home_recogniser(workspace)
    checks = {"ledger": workspace.reader.registrations.service_count, "disk": room_on_disk(workspace.home.folder)}
    app = certification_app(
        role,
        workspace.log.engine,
        checks=checks,
        admit=role.admission.admit_from_batch,
        operator_api=operator_router(role.operations),
    )
    recogniser.start()
    try:
        serve_over_tls(workspace, app, cast.server_certificate.current, host, port)
    finally:
        recogniser.stop()
