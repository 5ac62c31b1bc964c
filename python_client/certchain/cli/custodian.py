"""`certchain custodian`: who keeps shares of key data, each in a home of its own."""

from certchain.cli.argument import Name
from certchain.cli.command import command, noun
from certchain.cli.log.serve import Host, Port
from certchain.cli.party import Cast
from certchain.cli.record import CERTIFICATION_SERVER, ServiceRecord
from certchain.cli.renewal import PartyCertificate
from certchain.cli.serving import serve_over_tls
from certchain.cli.workspace import Workspace
from certchain.models.identifier import service_party
from certchain.services import custodian_app, room_on_disk

custodian = noun("custodian", "Who keeps shares of key data, each in a home of its own.")


@command(custodian, "serve", beside_others=True)
def serve_custodian(workspace: Workspace, name: Name, host: Host = "127.0.0.1", port: Port = 8444) -> None:
    """Keeps shares for the certification server, and gives them back to it, over HTTPS until Ctrl-C."""
    folder, cast = workspace.records.folder(ServiceRecord, name), Cast(workspace)
    server = service_party(cast.service(CERTIFICATION_SERVER))
    workspace.alone_in(folder)
    role = cast.custodians.custodian(name)
    role.tidy()
    certificate = PartyCertificate(workspace, folder, cast.custodians.identity(name), server)
    checks = {"ledger": workspace.reader.registrations.service_count, "disk": room_on_disk(folder)}
    serve_over_tls(workspace, custodian_app(role.answer, checks=checks), certificate.current, host, port)
