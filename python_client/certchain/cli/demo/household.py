"""The first half of the story: enrolment, registration by three factors, certification, control."""

import shutil
from dataclasses import replace
from pathlib import Path

from certchain.channel import Channel
from certchain.cli import app, device, product, user, user_device
from certchain.cli.demo.stage import Stage, short
from certchain.cli.demo.wiretap import Wiretap
from certchain.cli.deploy import deploy
from certchain.cli.record import CUSTODIANS, DeviceRecord, UserRecord
from certchain.cli.witness import init as init_witness
from certchain.cli.witness import opened_witness
from certchain.encoding.digest import user_name_commitment
from certchain.encoding.note import vkey
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, UserDeviceId, UserId
from certchain.models.note import KeyType, NoteKey
from certchain.models.registration import Factor, RegistrationStatus
from certchain.roles import user_device as app_source
from certchain.services import running, witness_app

ALICE, PHONE, PORCH, HALL, HUB = "alice", "phone", "porch-lock", "hall-lock", "prime-hub"
SECRET = "correct horse battery staple"  # noqa: S105 - a secret of the story
APP, APP_VERSION = "door", "1.0"
WITNESS = "witness.example"


def network(stage: Stage) -> None:
    """The contracts, and the services."""
    stage.scene("1. A network")
    deployed = stage.run(deploy)
    stage.tell(
        "deploy",
        "Six contracts are on a chain in this process; each of their functions asks for the role that may call it.",
    )
    stage.tell("enrol", f"The services are on it: {_numbered(deployed['services'])}.")
    factors = stage.workspace.reader.registrations.method_factors(MethodNumber(1))
    stage.require("method 1 has three factors", set(factors) == set(Factor))
    stage.tell("method", "Combination method 1: hash of the user device, then of the user, then of the IoT device.")


def witness(stage: Stage) -> None:
    """Before the log's first entry; it speaks HTTP, as one of another organisation would."""
    log = NoteKey(stage.cast.log.origin, KeyType.ED25519, stage.cast.log.server_keys.signing)
    key = str(stage.run(init_witness, "witness", WITNESS, [vkey(log)])["key"])
    app = witness_app(opened_witness(stage.workspace, "witness"))
    url = stage.workspace.closing.enter_context(running(app))
    stage.workspace.configuration = replace(stage.workspace.configuration, witnesses={key: url}, witness_quorum=1)
    stage.tell(
        "witness",
        "A witness signs what the log publishes, if the log has only grown; without that, nothing is published.",
    )


def household(stage: Stage) -> None:
    """Alice, her phone with its app, and two locks of one product."""
    stage.scene("2. Enrolment")
    alice = UserId(int(str(stage.run(user.enrol, ALICE)["number"])))
    name, salt = stage.workspace.database.user(alice)
    on_chain = stage.workspace.reader.registrations.user_name_commitment(alice)
    stage.require("the chain has Alice's name only as a commitment", user_name_commitment(salt, name) == on_chain)
    stage.tell(
        "user", f"Alice is user {alice}: the chain has {short(on_chain)}, a salted commitment, and not her name."
    )
    _enrol_phone(stage)
    stage.run(product.register, HUB, line="Pybricks", hardware_model="SPIKE Prime hub")
    for lock in (PORCH, HALL):
        number = stage.run(device.enrol, lock, manufacturer="LEGO", model="SPIKE Prime hub", serial=lock, product=HUB)[
            "number"
        ]
        stage.tell("device", f"The {lock} is IoT device {number}; the chain has its keys' thumbprint.")


def registration(stage: Stage) -> None:
    """By way of the IoT device, by a method of three factors."""
    stage.scene("3. Registration by three factors")
    alice, phone, lock = (
        UserId(stage.workspace.records.read(UserRecord, ALICE).number),
        UserDeviceId(1),
        porch_id(stage),
    )
    stage.cast.certification_server.registrar.permit(alice, phone, lock)
    to_lock = Wiretap(to_porch(stage))
    grant = stage.cast.user_device(PHONE).register(to_lock, alice, lock, MethodNumber(1), SECRET)
    stage.require("the secret never left the phone", SECRET.encode() not in repr(to_lock.heard).encode())
    stage.tell(
        "apply",
        "The phone signs its application and hands it to the porch-lock, which forwards it under its own signature.",
    )
    found = stage.workspace.reader.registrations.registration(RegistrationId(grant.registration))
    stage.require("the registration is active", found.status is RegistrationStatus.ACTIVE)
    stage.tell(
        "register",
        f"Registration {found.id}, risk {found.risk.name.lower()}, is on the chain as {short(found.commitment)}.",
    )
    stage.tell(
        "", "That is a commitment to R; R itself is nowhere: phone and server each compute it when they need it."
    )


def certification(stage: Stage) -> Wiretap:
    """A session from the login to the command; returns what a listener would have heard."""
    stage.scene("4. Certification and control")
    to_lock = Wiretap(to_porch(stage))
    control = stage.cast.user_device(PHONE).certify(to_lock, porch_id(stage), SECRET)
    leaf, entry = stage.entry(control.outcome.index)
    stage.require("the certification is in the log", (entry.step, entry.outcome.value) == ("C13", "certified"))
    stage.tell(
        "C1-C2",
        "Alice logs in. The lock checks a signature; it has never seen her secret, nor anything to forge it with.",
    )
    stage.tell(
        "C3-C6", "Phone and lock describe themselves and the app's files; nothing differs from the management database."
    )
    stage.tell(
        "C7-C10", "The lock gives 32 random bytes; the phone answers with A = HMAC(R, transcript) and a signature."
    )
    stage.tell(
        "C11-C14",
        f"The server checks both against the chain, writes entry {leaf.index} to the log, and only then says yes.",
    )
    answer = control.command(b"unlock")
    stage.require("the lock obeyed", answer == b"unlocked")
    stage.tell("C15", f"The lock obeys commands under keys of this session: unlock → {answer.decode()}.")
    stage.cast.certification_server.flush()
    size, root = stage.workspace.reader.login_log.size(), stage.workspace.reader.login_log.root()
    stage.require("the chain has the whole log", size == stage.log_size())
    stage.tell("C16", f"The chain has {size} entries of the log, with the root {short(root)}.")
    return to_lock


def to_porch(stage: Stage) -> Channel:
    """A new channel from the phone to the porch lock."""
    return stage.cast.device_channel(PORCH, stage.cast.user_device_party(PHONE))


def porch_id(stage: Stage) -> DeviceId:
    """The porch lock's identifier."""
    return DeviceId(stage.workspace.records.read(DeviceRecord, PORCH).number)


def app_folder(stage: Stage) -> Path:
    """Where the phone's app is installed."""
    return stage.workspace.home.folder / "phone-app"


def _enrol_phone(stage: Stage) -> None:
    """The phone runs a real app: a copy of certchain's own user device."""
    source, folder = Path(str(app_source.__file__)).parent, app_folder(stage)
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    allowed = stage.run(app.allow, APP, version=APP_VERSION, folder=folder)
    installed = {"app": APP, "app_version": APP_VERSION, "app_folder": folder}
    number = stage.run(user_device.enrol, PHONE, model="Phone 7", platform="Android 16", **installed)["number"]
    stage.tell(
        "phone",
        f"Her phone is user device {number}; {allowed['files']} files of its app are in a manifest at the server.",
    )


def _numbered(services: object) -> str:
    if not isinstance(services, dict):
        return ""
    named = ", ".join(f"{name} ({number})" for name, number in services.items() if name not in CUSTODIANS)
    custodians = [services[name] for name in CUSTODIANS]
    return f"{named}, and custodians ({custodians[0]} to {custodians[-1]})"
