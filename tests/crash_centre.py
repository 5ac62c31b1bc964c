"""All the parties of a household on one network, each a process that can be killed; and what has to be true of their disks at any time."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from certchain.encoding.checkpoint import log_origin
from certchain.keys import KeyPair
from certchain.ledger.node import free_port
from certchain.log import LogReader, PublishedLog
from certchain.merkle import tree_root
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import DeviceId, MethodNumber, ServiceId, UserDeviceId, UserId, service_party
from certchain.models.registration import Factor, Registration, RegistrationStatus
from certchain.roles.auditor import Auditor, FollowedLog
from certchain.roles.iot_device.login import BOOK
from certchain.roles.vendor import Vendor
from certchain.storage import DirectoryFileStore, DirectoryReader, SqlSubjectKeys, open_log_store
from certchain.storage.kept import kept
from certchain.verification.login import LoginBook
from certchain.verification.statement import Identity
from tests import crash_parties
from tests.crash_parties import GRANTED, OBEYED, noted, opened_server
from tests.crash_scene import (
    CHAIN,
    CUSTODIANS,
    KEEPERS,
    LOCK,
    PHONE,
    SERVER,
    Actor,
    Failed,
    Gate,
    Node,
    Scene,
    deployed,
)
from tests.tls import Certificates

SECRET = "correct horse battery staple"


@dataclass
class Centre:
    """The scene, its processes, and what they have said."""

    scene: Scene
    node: Node
    actors: dict[str, Actor]
    auditor: Auditor
    secret: str = SECRET
    seen: int = 0
    certified: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    interrupted: list[Failed] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.node if name == CHAIN else self.actors[name]

    @property
    def phone(self) -> Actor:
        return self.actors[PHONE]

    @property
    def server(self) -> Actor:
        return self.actors[SERVER]

    def certify(self) -> None:
        """A new session of the pair is certified, and a command of it obeyed."""
        session, index, said = self.phone.do("certify", self.secret)
        assert said == f"done: {session}"
        self.acknowledged[session] = index
        assert noted(self.scene.disk(LOCK) / OBEYED).count(session) == 1

    def register(self, secret: str, *, directly: bool = False) -> int:
        registration: int = self.phone.do("register", secret, directly)
        self.secret = secret
        return registration

    def book(self) -> LoginBook:
        """The device's login book, as it is on the disk."""
        return kept(DirectoryReader(self.scene.disk(LOCK) / "store"), BOOK, LoginBook)

    def live_registrations(self) -> list[Registration]:
        """The pair's, by the chain: those that are neither superseded nor revoked."""
        ledger = self.scene.ledger("authority").registrations
        found = [ledger.registration(number) for number in ledger.registrations_of(self.scene.phone)]
        over = {RegistrationStatus.SUPERSEDED, RegistrationStatus.REVOKED}
        return [each for each in found if each.status not in over]

    def kill_at(self, at: str, point: str, victim: str, deed: tuple[Any, ...], wait: float = 0.0) -> Any:
        """Has a deed done until one side stands still at a point; there another side, or the same, is killed, and started again.

        Returns what came of the deed, if whoever did it lives, and has been told; ``None`` otherwise.
        """
        still, doer = self[at], self.server if deed[0] == "flush" else self.phone
        still.arm(point)
        number = doer.begin(*deed)
        while not (reached := still.heard()) and not (doer is not still and ended(doer, number)):
            still.wait(doer)
        assert reached, f"nothing came to {point!r}: {doer.inbox}"
        still.expect("reached")
        time.sleep(wait)
        self[victim].kill()
        if victim == CHAIN:
            self.node.start()
        if still.process is not None:
            still.release()
        if victim != CHAIN:
            self[victim].start()
        if victim in {SERVER, KEEPERS, CHAIN} and doer.process is not None and doer is not self[victim]:
            return self.finish(doer, number)
        return None

    def finish(self, doer: Actor, number: int) -> Any:
        """What was interrupted has either worked or was refused."""
        try:
            result = doer.outcome(number)
        except Failed as failed:
            self.interrupted.append(failed)
            return None
        if isinstance(result, tuple):
            self.acknowledged[result[0]] = result[1]
        return result

    def examine(self) -> None:
        """No control was granted without a durable entry, none is missing and none there twice; the chain has them, and audits agree."""
        self.server.do("flush")
        disk = self.scene.disk(SERVER)
        keys = SqlSubjectKeys(disk / "keys.sqlite", self.scene.sealing_key("subjects"))
        with closing(open_log_store(disk / "log", write=False)) as store, closing(keys):
            size = store.size()
            for logged in LogReader(store, keys, log_origin(self.scene.deployment.identity)).entries(self.seen, size):
                assert logged.body is not None
                self._take(logged.leaf.index, logged.body.entry)
            self.seen = size
            self._compare_granted()
            log = self.scene.ledger("authority").login_log
            assert log.size() == size
            assert log.root() == tree_root(store, size)
            self._audit(store, size)

    def _take(self, index: int, entry: object) -> None:
        if not isinstance(entry, LoginEntry):
            return
        if entry.outcome is LoginOutcome.REFUSED:
            self.refused.append((entry.step, entry.reason))
            return
        session = (entry.session or b"").hex()
        assert session not in self.certified, "a session is in the log twice"
        self.certified[session] = index

    def _compare_granted(self) -> None:
        """By the device's own durable list, and by what was acknowledged to the user device."""
        granted = dict(line.split() for line in noted(self.scene.disk(LOCK) / GRANTED))
        obeyed = noted(self.scene.disk(LOCK) / OBEYED)
        assert len(set(obeyed)) == len(obeyed), "a command was obeyed twice"
        assert set(obeyed) <= set(granted)
        for session, index in [*granted.items(), *self.acknowledged.items()]:
            assert self.certified.get(session) == int(index), "control without an entry"

    def _audit(self, store: Any, size: int) -> None:
        files = DirectoryReader(self.scene.disk(SERVER) / "notes")
        log = FollowedLog(
            origin=log_origin(self.scene.deployment.identity),
            server=self.scene.server,
            keys=(self.scene.identity(SERVER).keys.public,),
            source=PublishedLog(store, files),
            chain=self.scene.ledger("authority").login_log,
        )
        report = self.auditor.audit(log)
        assert (report.size, report.on_chain) == (size, size)

    def close(self) -> None:
        for actor in self.actors.values():
            actor.close()


def ended(doer: Actor, number: int) -> bool:
    doer.heard()
    return any(word[0] in {"done", "failed"} and word[1] == number for word in doer.inbox)


@contextmanager
def centre(folder: Path) -> Iterator[Centre]:
    """Everyone enrolled, the app allowed, Alice's user device registered for her lock, and all processes running."""
    with deployed(folder) as (node, deployment, accounts):
        scene = enrolled(prepared(folder, node, deployment, accounts))
        lives = {
            SERVER: crash_parties.server,
            KEEPERS: crash_parties.keepers,
            LOCK: crash_parties.lock,
            PHONE: crash_parties.phone,
        }
        actors = {name: Actor(name, scene, (crash_parties.live, party)) for name, party in lives.items()}
        auditor = Auditor(scene.ledger("authority").registrations, DirectoryFileStore(folder / "auditor"))
        found = Centre(scene, node, actors, auditor)
        try:
            for name in (KEEPERS, SERVER, LOCK, PHONE):
                actors[name].start()
            found.server.do("permit")
            found.register(SECRET)
            yield found
        finally:
            found.close()


def prepared(folder: Path, node: Node, deployment: Any, accounts: dict[str, bytes]) -> Scene:
    """Keys and addresses; nobody but the services is enrolled yet."""
    app = folder / "app"
    app.mkdir()
    (app / "main.js").write_text("open('the door')")
    scene = Scene(
        folder=folder,
        node=node.node.url,
        deployment=deployment,
        keys={},
        accounts=accounts,
        tls={},
        ca=b"",
        ports={},
        server=ServiceId(0),
        custodians=(),
        lock=DeviceInformation(DeviceId(0), "Acme", "bolt", "front door"),
        phone=UserDeviceId(0),
        phone_information=UserDeviceInformation("Pixel 9", "Android", "a1"),
        alice=UserId(0),
        method=MethodNumber(0),
        app=app,
    )
    registrations = scene.ledger("authority").registrations
    keys = [KeyPair.generate() for _ in range(CUSTODIANS + 1)]
    services = [registrations.enrol_service(each.public) for each in keys]
    names = [SERVER, *map(str, services[1:])]
    private = dict(zip(names, (each.private_bytes() for each in keys), strict=True))
    private |= {name: KeyPair.generate().private_bytes() for name in (PHONE, LOCK, "vendor")}
    private |= {f"sealing {name}": KeyPair.generate().private_bytes()[:32] for name in ("subjects", *names)}
    method = registrations.define_method((Factor.SECOND, Factor.FIRST, Factor.THIRD))
    ports = {name: free_port() for name in (*names, LOCK)}
    custodians = tuple(services[1:])
    return replace(scene, keys=private, ports=ports, server=services[0], custodians=custodians, method=method)


def enrolled(scene: Scene) -> Scene:
    """Through the certification server's role, on the server's disk."""
    vendor = KeyPair.from_private_bytes(scene.keys["vendor"])
    service = scene.ledger("authority").registrations.enrol_service(vendor.public)
    release = Vendor(Identity(scene.deployment.identity, service_party(service), vendor)).release(
        "door", "1.0", scene.app
    )
    public = {name: KeyPair.from_private_bytes(scene.keys[name]).public for name in (PHONE, LOCK)}
    with opened_server(scene, Gate(None), {}) as (role, _):
        lock = scene.lock
        device = role.enrolment.enrol_device(lock.manufacturer, lock.model, lock.serial, public[LOCK])
        phone = role.enrolment.enrol_user_device(scene.phone_information, public[PHONE])
        alice = role.enrolment.enrol_user("Alice")
        role.apps.allow(release.release, "Olga", "released")
    scene = replace(scene, lock=replace(lock, device=device), phone=phone, alice=alice)
    authority = Certificates(scene.deployment.identity)
    identities = {
        name: authority.identity(scene.party(name)) if name in {LOCK, PHONE} else authority.server(scene.party(name))
        for name in (LOCK, PHONE, SERVER, *map(str, scene.custodians))
    }
    tls = {name: (each.key.private_bytes(), each.certificate) for name, each in identities.items()}
    return replace(scene, tls=tls, ca=authority.ca.certificate.der)
