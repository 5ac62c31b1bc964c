"""`certchain demo --live`: the same story with every party in a process and a home of its own, over sockets of this machine."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from certchain.cli import app, batch, custodian, device, enrolment, joining, operator, registration, user, user_device
from certchain.cli.demo.place import Place, World, is_unrecorded
from certchain.cli.demo.process import Running
from certchain.cli.demo.teller import Teller
from certchain.cli.deploy import deploy
from certchain.cli.log.audit import audit as audit_log
from certchain.cli.output import Output
from certchain.cli.record import UserDeviceRecord
from certchain.cli.self_check import checked
from certchain.cli.stopping import interrupted_by_termination
from certchain.config import read_configuration, write_configuration
from certchain.errors import (
    CertchainError,
    DemoFailed,
    LoginRefused,
    RegistrationNotActive,
    SharesMissing,
    VerificationFailed,
)
from certchain.ledger.node import Program, free_port, start_node
from certchain.models.alert import AlertRule, RecordedAlert
from certchain.roles import user_device as app_source
from certchain.storage.production_list import COLUMNS

APP, APP_VERSION = "door", "1.0"
LOCAL = "127.0.0.1"
LOCKS = ("porch-lock", "hall-lock")
KEEPER = "keeper"
"""What a custodian is called in its own home."""
CUSTODIANS = 5
NEEDED = 3
"""Of the shares of key data of high risk, which is what the locks are."""
_AGAIN_AFTER = 2  # seconds for alerts to be raised, looked at as often as that
_LOOKS = 30


@dataclass(slots=True)
class Person:
    """Somebody with a user device in a home of its own, and the lock that is theirs."""

    name: str
    place: Place
    device: str
    lock: str
    secret: str = field(default_factory=secrets.token_urlsafe, repr=False)

    @property
    def pair(self) -> tuple[str, ...]:
        """The options that name user device and lock."""
        return "--user-device", self.device, "--device", self.lock


@dataclass(slots=True, kw_only=True)
class Live(Teller):
    """The places, as far as they are there."""

    world: World
    centre: Place
    olga: Place
    card: Path
    url: str
    node: str
    people: list[Person] = field(default_factory=list)
    custodians: list[Place] = field(default_factory=list)

    def certify(self, person: Person, order: str, secret: str = "") -> str:
        """One session from the user device's process; returns what the lock answered."""
        command = ("session", "certify", *person.pair, "--command", order)
        return str(self.world.user_device(person.place, secret or person.secret, *command)["answer"])

    def certification_refused(self, kind: type[CertchainError], person: Person, secret: str = "") -> None:
        """The same, when it has to be refused."""
        refusal = self.refused(kind, lambda: self.certify(person, "unlock", secret))
        self.tell("", f"refused: {type(refusal).__name__}: {refusal}")

    def serve_custodian(self, place: Place) -> Running:
        """Starts a custodian at the port that it had before, if it had one."""
        before = self.world.running.get(place.name)
        port = before.address.rpartition(":")[2] if before else str(free_port())
        return self.world.start(place, "custodian", "serve", KEEPER, "--port", port)

    def serve(self) -> None:
        """Starts the certification server, and waits until it answers."""
        self.world.start(self.centre, "server", "serve", "--port", self.url.rpartition(":")[2]).await_address()


def tell_live(output: Output, stay: Callable[[Live], None] = lambda _: None) -> Live:
    """The story, scene by scene, and then ``stay``; everything it started is stopped when it ends, however it ends."""
    with _stage(output) as live:
        organisations(live)
        factory(live)
        certification_server(live)
        locks(live)
        households(live)
        registrations(live)
        certifications(live)
        outages(live)
        theft(live)
        audit(live)
        stay(live)
    return live


@contextmanager
def _stage(output: Output) -> Iterator[Live]:
    """A chain on anvil, and the certification centre's home."""
    with ExitStack() as closing:
        closing.enter_context(interrupted_by_termination())
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="certchain-live-")))
        node = closing.enter_context(start_node(Program.ANVIL, folder / "node", free_port()))
        world = World(folder, is_unrecorded(checked))
        closing.callback(world.stop)
        centre, olga = world.place("centre"), world.place("olga")
        _set(centre, network="anvil", networks={"anvil": node.url}, log_batch_age=_AGAIN_AFTER)
        url, card = f"https://{LOCAL}:{free_port()}", folder / "network.json"
        yield Live(output=output, world=world, centre=centre, olga=olga, card=card, url=url, node=node.url)


def _set(place: Place, **settings: Any) -> None:
    before = read_configuration(place.home.configuration)
    write_configuration(place.home.configuration, replace(before, **settings))


def organisations(live: Live) -> None:
    """The centre deploys; five custodians and an operator join from homes of their own."""
    live.scene("1. A network, and organisations that join it")
    live.centre.do(deploy)
    live.centre.do(joining.card, out=live.card, server=live.url)
    live.tell("deploy", f"The contracts are on a chain of its own process, anvil at {live.node}.")
    live.tell("card", f"A file of {live.card.stat().st_size:,} bytes says what another home has to know to join.")
    started = dict(_custodian(live, number) for number in range(1, CUSTODIANS + 1))
    _set(live.centre, custodians={number: running.await_address() for number, running in started.items()})
    live.tell(
        "custody", f"{CUSTODIANS} custodians, each a process with keys and a store of its own, answer over HTTPS."
    )
    request, certificate = live.world.folder / "olga.request", live.world.folder / "olga.der"
    live.olga.do(joining.join_network, live.card)
    live.olga.do(operator.request, out=request)
    live.centre.do(operator.issue, request, name="olga", out=certificate)
    live.olga.do(operator.accept, certificate)
    live.tell("operator", "Olga is an operator: what she does goes over HTTPS, and on record where it concerns people.")


def _custodian(live: Live, number: int) -> tuple[str, Running]:
    """A custodian of another organisation; the authority, at the centre, enrols it."""
    place = live.world.place(f"custodian-{number}")
    live.custodians.append(place)
    request, answer = live.world.folder / f"{place.name}.request", live.world.folder / f"{place.name}.answer"
    place.do(joining.join_network, live.card)
    place.do(custodian.request, KEEPER, out=request)
    live.centre.do(enrolment.enrol, request, out=answer, known_as=[LOCAL])
    enrolled = place.do(custodian.accept, KEEPER, answer)
    return str(enrolled["number"]), live.serve_custodian(place)


def factory(live: Live) -> None:
    """Two locks are made, each with keys of its own; the manufacturer anchors both in one transaction."""
    live.scene("2. A factory")
    lines = [",".join(COLUMNS)]
    for lock in LOCKS:
        place = live.world.place(lock)
        place.do(joining.join_network, live.card)
        described = {"manufacturer": "Acme", "model": "bolt", "serial": lock}
        made = place.do(enrolment.request_device, lock, out=live.world.folder / f"{lock}.request", **described)
        lines.append(",".join([*described.values(), _hex(made["signing_key"]), _hex(made["exchange_key"])]))
    listed = live.world.folder / "batch.csv"
    listed.write_text("\n".join(lines) + "\n")
    anchored = live.centre.do(batch.anchor, listed)
    for lock in LOCKS:
        live.centre.do(batch.prove, listed, number=anchored["batch"], out=_proof(live, lock), serial=lock)
    live.tell(
        "batch", f"Production batch {anchored['batch']} of {anchored['devices']} locks is on the chain, as one hash."
    )
    folder = live.world.folder / "app"
    shutil.copytree(Path(str(app_source.__file__)).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    live.centre.do(app.release, APP, version=APP_VERSION, folder=folder, out=live.world.folder / "release.json")
    live.tell("app", f"The vendor has signed version {APP_VERSION} of the app, file by file.")


def _hex(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _proof(live: Live, lock: str) -> Path:
    return live.world.folder / f"{lock}.place"


def certification_server(live: Live) -> None:
    """The server starts, and Olga does what has to be done there."""
    live.scene("3. The certification server")
    live.serve()
    live.tell("server", f"It answers at {live.url}: TLS 1.3, and both sides known by the network's own certificates.")
    live.olga.do(app.allow, str(live.world.folder / "release.json"), reason="released")
    live.tell("operator", "Olga allows the app; that she did is entry 0 of the log.")


def locks(live: Live) -> None:
    """Each lock enrols by its place in the batch, once, and runs."""
    live.scene("4. Two IoT devices, as processes of their own")
    for lock in LOCKS:
        place = live.world.places[lock]
        enrolled = place.do(enrolment.join_device, lock, membership=_proof(live, lock))
        live.tell("enrol", f"The {lock} is IoT device {enrolled['number']}: its place in the batch was proof enough.")
        live.world.start(place, "device", "run", lock, "--port", "0")
    copy = live.world.place("copy")
    copy.do(joining.join_network, live.card)
    copy.do(
        enrolment.request_device, "copy", manufacturer="Acme", model="bolt", serial=LOCKS[0], out=_proof(live, "copy")
    )
    refusal = live.refused(
        VerificationFailed, lambda: copy.do(enrolment.join_device, "copy", membership=_proof(live, LOCKS[0]))
    )
    live.tell("copy", "Somebody makes a lock with the same serial number, and shows the same place.")
    live.tell("", f"refused: {type(refusal).__name__}: {refusal}")
    for lock in LOCKS:
        live.tell("device", f"The {lock} answers at {live.world.running[lock].await_address()}.")


def households(live: Live) -> None:
    """Alice with a phone and Boris with a tablet, each in a home of their own."""
    live.scene("5. Two user devices")
    for name, kind, lock in (("alice", "phone", LOCKS[0]), ("boris", "tablet", LOCKS[1])):
        place = live.world.place(f"{name}-{kind}")
        request, answer = live.world.folder / f"{kind}.request", live.world.folder / f"{kind}.answer"
        place.do(joining.join_network, live.card)
        place.do(enrolment.request_user_device, kind, model="P8", platform="android", out=request)
        live.olga.do(enrolment.enrol, request, out=answer)
        installed = {"app": APP, "app_version": APP_VERSION, "app_folder": live.world.folder / "app"}
        number = place.do(enrolment.accept_user_device, kind, answer, **installed)["number"]
        enrolled = live.olga.do(user.enrol, name)["number"]
        place.do(user.known, name, number=enrolled)
        made = live.world.places[lock].do(device.show, lock)["number"]
        place.do(device.known, lock, number=made, address=live.world.running[lock].address)
        live.people.append(Person(name, place, kind, lock))
        live.olga.do(registration.permit, user=str(enrolled), user_device=str(number), device=str(made))
        live.tell("enrol", f"{name.title()} is user {enrolled}, the {kind} user device {number}; Olga has let them in.")


def registrations(live: Live) -> None:
    """Both ways in."""
    live.scene("6. Registration, both ways")
    alice, boris = live.people
    by_lock = live.world.user_device(alice.place, alice.secret, *_register(alice, "device"))
    live.tell(
        "device",
        f"Alice's application goes to her lock over CoAP (EDHOC, OSCORE), which forwards it: registration {by_lock['number']}.",
    )
    directly = live.world.user_device(boris.place, boris.secret, *_register(boris, "server"))
    live.tell("server", f"Boris's goes to the certification server over HTTPS: registration {directly['number']}.")
    live.tell("custody", f"Each key is divided among the {CUSTODIANS} custodians; {NEEDED} shares rebuild it.")
    again = live.refused(
        CertchainError, lambda: live.world.user_device(boris.place, boris.secret, *_register(boris, "device"))
    )
    live.tell("", f"refused a second time: {type(again).__name__}: {again}")


def _register(person: Person, via: str) -> tuple[str, ...]:
    return ("registration", "register", "--user", person.name, *person.pair, "--via", via)


def certifications(live: Live) -> None:
    """C1 to C15, twice at a time."""
    live.scene("7. Certification and control")
    with ThreadPoolExecutor(len(live.people)) as pool:
        answers = list(pool.map(lambda person: live.certify(person, "unlock"), live.people))
    live.require("both locks obeyed", answers == ["unlocked", "unlocked"])
    live.tell(
        "C1-C15",
        "Alice and Boris are certified at the same time, each from a process of their own, and their locks obey.",
    )
    live.tell("secret", "Somebody has Alice's phone, and guesses.")
    live.certification_refused(LoginRefused, live.people[0], "guessed")


def outages(live: Live) -> None:
    """Power failures: of custodians, of the server, of a lock."""
    live.scene("8. Power failures")
    alice = live.people[0]
    for place in live.custodians[: CUSTODIANS - NEEDED]:
        live.world.running[place.name].kill()
    _restart_server(live)
    live.require("the lock obeyed", live.certify(alice, "lock") == "locked")
    live.tell(
        "custody",
        f"{CUSTODIANS - NEEDED} custodians and the server lose power; with the other {NEEDED}, Alice is certified.",
    )
    live.world.running[live.custodians[-1].name].kill()
    _restart_server(live)
    live.tell("custody", "One more is gone, and the server has forgotten the keys that it had rebuilt.")
    live.certification_refused(SharesMissing, alice)
    for place in (*live.custodians[: CUSTODIANS - NEEDED], live.custodians[-1]):
        live.serve_custodian(place).await_address()
    live.require("the lock obeyed", live.certify(alice, "unlock") == "unlocked")
    live.tell("custody", "They are back, and so is Alice; nobody had to do anything.")
    _restart_lock(live, alice)
    live.require("the bolt is where it was", live.certify(alice, "status") == "unlocked")
    live.tell("device", "Her lock loses power, too: it knows its users, and where its bolt is.")


def _restart_server(live: Live) -> None:
    live.world.running["centre"].kill()
    live.serve()


def _restart_lock(live: Live, person: Person) -> None:
    running = live.world.running[person.lock]
    running.kill()
    port = running.address.rpartition(":")[2]
    live.world.start(live.world.places[person.lock], "device", "run", person.lock, "--port", port).await_address()


def theft(live: Live) -> None:
    """Alice's phone is stolen."""
    live.scene("9. A phone is stolen")
    alice = live.people[0]
    number = alice.place.ask(lambda workspace: workspace.records.read(UserDeviceRecord, alice.device).number)
    suspended = live.olga.do(user_device.lost, str(number), reason="stolen on a train")["suspended"]
    live.tell(
        "lost", f"Alice reports it; Olga says so to the server: registration {suspended} is suspended on the chain."
    )
    live.certification_refused(RegistrationNotActive, alice)
    live.require("the lock obeyed", live.certify(live.people[1], "lock") == "locked")
    live.tell("C1-C15", "Boris goes on as before.")
    raised = _alert(live)
    live.tell(
        "alert",
        f"The try is recognised: alert {raised.number}, {raised.rule.label}, is on the chain.",
    )


def _alert(live: Live) -> RecordedAlert:
    """The first alert that the chain has of the stolen phone. Raises ``DemoFailed``."""
    for _ in range(_LOOKS):
        alerts = live.olga.ask(
            lambda workspace: workspace.reader.alerts.alerts(1, workspace.reader.alerts.alert_count())
        )
        for raised in alerts:
            if raised.rule is AlertRule.SUSPENDED_REGISTRATION:
                return raised  # type: ignore[no-any-return]
        time.sleep(_AGAIN_AFTER)
    raise DemoFailed("an alert is raised")


def audit(live: Live) -> None:
    """Somebody of no party at all."""
    live.scene("10. Anybody audits")
    auditor = live.world.place("anybody")
    auditor.do(joining.join_network, live.card)
    public = live.world.start(replace(live.centre, name="public-log"), "log", "serve", "--port", "0").await_address()
    report = auditor.do(audit_log, url=[public])
    live.tell(
        "audit",
        f"The {report['entries']} entries of the public log are the chain's; no name is in them.",
    )
