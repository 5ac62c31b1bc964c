"""`certchain operator`: the people who work at a certification server from homes of their own."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.argument import File, Out
from certchain.cli.command import command, noun
from certchain.cli.enrolling import CERTIFICATE, MOST_BYTES, TLS_KEY, known_ca, tls_identity
from certchain.cli.file import read_file, write_file
from certchain.cli.output import Result
from certchain.cli.workspace import Workspace
from certchain.encoding.moment import moment
from certchain.errors import CertificateInvalid
from certchain.keys import TlsIdentity
from certchain.models.certificate import Operator

operator = noun("operator", "The people who work at a certification server from homes of their own.")


@command(operator, "request")
def request(workspace: Workspace, *, out: Out) -> Result:
    """Makes an operator's key in this home, and a request for a certificate, which the certification centre issues."""
    write_file(out, workspace.keyring.made_tls_key(folder(workspace) / TLS_KEY).request())
    return Result(f"Have the certification centre issue a certificate for {out}.", {"file": out})


@command(operator, "issue")
def issue(
    workspace: Workspace,
    file: File,
    *,
    name: Annotated[
        str, typer.Option("--name", help="The operator's name, as it stands in the log.", show_default=False)
    ],
    out: Out,
) -> Result:
    """Issues a certificate, in the certification centre's home, to an operator whom the centre knows in person."""
    now = workspace.clock.now()
    certificate = workspace.keyring.authority().issue(read_file(file, MOST_BYTES), Operator(name), now=now)
    write_file(out, certificate)
    until = moment(workspace.keyring.authority().certificate.read(certificate).not_after)
    return Result(f"{name} is an operator until {until}.", {"name": name, "file": out, "until": until})


@command(operator, "accept")
def accept(workspace: Workspace, file: File) -> Result:
    """Takes up the certificate: from now on, commands of this home that operators use go to the certification server."""
    certificate = read_file(file, MOST_BYTES)
    identity = TlsIdentity(workspace.keyring.tls_key(folder(workspace) / TLS_KEY), certificate, known_ca(workspace))
    if not isinstance(identity.certified.name, Operator):
        raise CertificateInvalid("it names no operator")
    write_file(folder(workspace) / CERTIFICATE, certificate)
    return Result(f"This is the home of {identity.certified.name}.", {"name": identity.certified.name.name})


def folder(workspace: Workspace) -> Path:
    """Where an operator's key and certificate are."""
    return workspace.home.store("operator")


def operator_identity(workspace: Workspace) -> TlsIdentity:
    """Whom this home's operator is at the certification server. Raises ``UnknownRecord``."""
    return tls_identity(workspace, folder(workspace))
