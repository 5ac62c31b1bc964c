"""`certchain enrol`, and how devices, user devices and custodians of other homes ask for it and take up the answer."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.channel.https import ask_to_be_enrolled
from certchain.cli.argument import File, Hosts, Name, Out
from certchain.cli.command import command
from certchain.cli.device import DeviceModel, Manufacturer, Serial, device
from certchain.cli.enrolling import MOST_BYTES, Candidate, known_ca
from certchain.cli.file import read_file, write_file
from certchain.cli.output import Result, Values
from certchain.cli.party import Cast
from certchain.cli.record import (
    CERTIFICATION_SERVER,
    DeviceRecord,
    ServiceRecord,
    UserDeviceRecord,
)
from certchain.cli.user_device import AppFolder, AppName, AppVersion, Model, Platform, new_instance, user_device
from certchain.cli.workspace import Workspace
from certchain.encoding.document import from_document
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.certification import Signed, UserDeviceInformation
from certchain.models.enrolment import Enrolled, EnrolmentAnswer
from certchain.models.identifier import Party, PartyKind, ServiceId, service_party
from certchain.models.production import DeviceDescription, DeviceMembership
from certchain.verification.enrolment import seal_enrolled, verify_enrolment

InsteadOf = Annotated[
    int | None,
    typer.Option(
        "--instead-of",
        min=1,
        help="The number of an IoT device or user device that is enrolled already: these are its fresh keys, as after a loss.",
        show_default=False,
    ),
]


def enrol(
    workspace: Workspace, file: File, *, out: Out, known_as: Hosts = None, instead_of: InsteadOf = None
) -> Result:
    """Enrols who asks in a file, once you have made sure of who they are; the answer is for their eyes only.

    Services are enrolled in the home that has the authority, devices and user devices in that of the certification server or of an
    operator.
    """
    signed = from_cbor(Signed, read_file(file, MOST_BYTES))
    if instead_of is not None:
        answer = _rotate(workspace, signed, instead_of)
    elif signed.signer.kind is PartyKind.SERVICE:
        answer = _enrol_service(workspace, signed, known_as or [])
    else:
        answer = Cast(workspace).operations().admit(signed)
    write_file(out, to_cbor(answer))
    return Result(f"Give {out} to who asked.", {"kind": signed.signer.kind, "file": out})


def _rotate(workspace: Workspace, signed: Signed, number: int) -> EnrolmentAnswer:
    if signed.signer.kind is PartyKind.SERVICE:
        raise MalformedValue("enrolment", "a service gets fresh keys by being enrolled as another service")
    return Cast(workspace).operations().rotate(Party(signed.signer.kind, number), signed)


def _enrol_service(workspace: Workspace, signed: Signed, hosts: list[str]) -> EnrolmentAnswer:
    network, now = workspace.reader.network, workspace.clock.now()
    request = verify_enrolment(signed, network)
    party = service_party(Cast(workspace).authority(approving=False).enrol_service(signed.keys))
    certificate = workspace.keyring.authority().issue(request.certificate_request, party, now=now, hosts=hosts)
    return seal_enrolled(Enrolled(party, certificate), signed.keys, network)


# ------------------------------------------------------------------------------------------------------------------ devices


@command(device, "request")
def request_device(
    workspace: Workspace, name: Name, *, manufacturer: Manufacturer, model: DeviceModel, serial: Serial, out: Out
) -> Result:
    """Makes the keys of an IoT device of this home, and a request to be enrolled for `certchain enrol`; a batch needs the keys, too."""
    candidate = Candidate(workspace, workspace.records.require_new(DeviceRecord, name), PartyKind.DEVICE)
    return asked(candidate, DeviceDescription(manufacturer, model, serial), out)


@command(device, "accept")
def accept_device(workspace: Workspace, name: Name, file: File) -> Result:
    """Takes up the answer."""
    candidate = Candidate(workspace, workspace.records.require_new(DeviceRecord, name), PartyKind.DEVICE)
    return _device_accepted(workspace, name, candidate, from_cbor(EnrolmentAnswer, read_file(file, MOST_BYTES)))


@command(device, "join")
def join_device(
    workspace: Workspace,
    name: Name,
    *,
    membership: Annotated[
        Path, typer.Option("--membership", help="The device's place in its batch, from `certchain batch prove`.")
    ],
) -> Result:
    """Enrols an IoT device by its place in a production batch, with the certification server itself: no operator is needed."""
    candidate = Candidate(workspace, workspace.records.require_new(DeviceRecord, name), PartyKind.DEVICE)
    place = from_document(DeviceMembership, read_file(membership, MOST_BYTES)).membership
    described = candidate.asked().device
    if described is None:
        raise MalformedMessage("what was asked for is no device")
    server = service_party(ServiceId(workspace.records.read(ServiceRecord, CERTIFICATION_SERVER).number))
    url = workspace.configuration.certification_server
    answer = ask_to_be_enrolled(url, known_ca(workspace), server, candidate.ask(described, place))
    return _device_accepted(workspace, name, candidate, answer)


def _device_accepted(workspace: Workspace, name: str, candidate: Candidate, answer: EnrolmentAnswer) -> Result:
    party, described = candidate.accept(answer), candidate.asked().device
    if described is None:
        raise MalformedMessage("what was asked for is no device")
    record = DeviceRecord(party.number, described.manufacturer, described.model, described.serial, 0)
    workspace.records.write(name, record)
    return enrolled(name, party)


# -------------------------------------------------------------------------------------------------------------- user devices


@command(user_device, "request")
def request_user_device(
    workspace: Workspace,
    name: Name,
    *,
    model: Model,
    platform: Platform,
    out: Out,
) -> Result:
    """Makes the keys of a user device of this home, and a request to be enrolled, for `certchain enrol`."""
    candidate = Candidate(workspace, workspace.records.require_new(UserDeviceRecord, name), PartyKind.USER_DEVICE)
    return asked(candidate, UserDeviceInformation(model, platform, new_instance()), out)


@command(user_device, "accept")
def accept_user_device(
    workspace: Workspace, name: Name, file: File, *, app: AppName, app_version: AppVersion, app_folder: AppFolder
) -> Result:
    """Takes up the answer, and says which app the user device runs."""
    candidate = Candidate(workspace, workspace.records.require_new(UserDeviceRecord, name), PartyKind.USER_DEVICE)
    party, said = (
        candidate.accept(from_cbor(EnrolmentAnswer, read_file(file, MOST_BYTES))),
        candidate.asked().user_device,
    )
    if said is None:
        raise MalformedMessage("what was asked for is no user device")
    installed = app, app_version, str(app_folder.absolute())
    record = UserDeviceRecord(party.number, said.model, said.platform, said.app_instance, *installed)
    workspace.records.write(name, record)
    return enrolled(name, party)


def asked(candidate: Candidate, description: DeviceDescription | UserDeviceInformation | str, out: Path) -> Result:
    """Writes a candidate's request to a file, as a result."""
    signed = candidate.ask(description)
    write_file(out, to_cbor(signed))
    values: Values = {"file": out, "signing_key": signed.keys.signing, "exchange_key": signed.keys.exchange}
    return Result(f"Have whoever runs the network enrol {out}.", values)


def enrolled(name: str, party: Party) -> Result:
    """Who has been enrolled, as a result."""
    return Result(f"{name} is {party}.", {"name": name, "kind": party.kind, "number": party.number})
