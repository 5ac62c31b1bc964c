"""`certchain custodian`: who keeps shares of key data, each in a home of its own."""

from certchain.cli.argument import File, Name, Out
from certchain.cli.command import command, noun
from certchain.cli.enrolling import MOST_BYTES, Candidate
from certchain.cli.enrolment import asked, enrolled
from certchain.cli.file import read_file
from certchain.cli.log.serve import Host, Port
from certchain.cli.output import Result
from certchain.cli.party import Cast
from certchain.cli.record import CERTIFICATION_SERVER, ServiceRecord
from certchain.cli.renewal import PartyCertificate
from certchain.cli.serving import serve_over_tls
from certchain.cli.workspace import Workspace
from certchain.encoding.message import from_cbor
from certchain.models.enrolment import EnrolmentAnswer
from certchain.models.identifier import PartyKind, service_party
from certchain.services import custodian_app, room_on_disk

custodian = noun("custodian", "Who keeps shares of key data, each in a home of its own.")


@command(custodian, "request")
def request(workspace: Workspace, name: Name, *, out: Out) -> Result:
    """Makes the keys of a custodian of this home, and a request to be enrolled, for `certchain enrol` in the authority's home."""
    candidate = Candidate(workspace, workspace.records.require_new(ServiceRecord, name), PartyKind.SERVICE)
    return asked(candidate, name, out)


@command(custodian, "accept")
def accept(workspace: Workspace, name: Name, file: File) -> Result:
    """Takes up the answer."""
    candidate = Candidate(workspace, workspace.records.require_new(ServiceRecord, name), PartyKind.SERVICE)
    party = candidate.accept(from_cbor(EnrolmentAnswer, read_file(file, MOST_BYTES)))
    keys = candidate.keys().public
    workspace.records.write(name, ServiceRecord(party.number, keys.signing.hex(), keys.exchange.hex()))
    return enrolled(name, party)


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
