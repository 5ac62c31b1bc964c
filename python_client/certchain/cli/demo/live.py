"""`certchain demo --live`: the same story with every party in a process and a home of its own, over sockets of this machine."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from certchain.cli import device, enrolment, joining, registration, user, user_device
from certchain.cli.demo.founding import certification_server, factory, locks, organisations
from certchain.cli.demo.town import (
    AGAIN_AFTER,
    APP,
    APP_VERSION,
    CUSTODIANS,
    LOCKS,
    NEEDED,
    Live,
    Person,
    founded,
)
from certchain.cli.log.audit import audit as audit_log
from certchain.cli.output import Output
from certchain.cli.record import UserDeviceRecord
from certchain.errors import CertchainError, DemoFailed, LoginRefused, RegistrationNotActive, SharesMissing
from certchain.models.alert import AlertRule, RecordedAlert

_LOOKS = 30


def tell_live(output: Output, stay: Callable[[Live], None] = lambda _: None) -> Live:
    """The story, scene by scene, and then ``stay``; everything it started is stopped when it ends, however it ends."""
    with founded(output) as live:
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
        time.sleep(AGAIN_AFTER)
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
