"""How the live demonstration's network comes to be: organisations, a factory, the certification server, locks."""

import shutil
from pathlib import Path

from certchain.cli import app, batch, custodian, enrolment, joining, operator
from certchain.cli.demo.process import Running
from certchain.cli.demo.town import APP, APP_VERSION, CUSTODIANS, KEEPER, LOCAL, LOCKS, Live, set_up
from certchain.cli.deploy import deploy
from certchain.errors import VerificationFailed
from certchain.roles import user_device as app_source
from certchain.storage.production_list import COLUMNS


def organisations(live: Live) -> None:
    """The centre deploys; five custodians and an operator join from homes of their own."""
    live.scene("1. A network, and organisations that join it")
    live.centre.do(deploy)
    live.centre.do(joining.card, out=live.card, server=live.url)
    live.tell("deploy", f"The contracts are on a chain of its own process, anvil at {live.node}.")
    live.tell("card", f"A file of {live.card.stat().st_size:,} bytes says what another home has to know to join.")
    started = dict(_custodian(live, number) for number in range(1, CUSTODIANS + 1))
    set_up(live.centre, custodians={number: running.await_address() for number, running in started.items()})
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
        live.centre.do(batch.prove, listed, number=anchored["batch"], out=proof(live, lock), serial=lock)
    live.tell(
        "batch", f"Production batch {anchored['batch']} of {anchored['devices']} locks is on the chain, as one hash."
    )
    folder = live.world.folder / "app"
    shutil.copytree(Path(str(app_source.__file__)).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    live.centre.do(app.release, APP, version=APP_VERSION, folder=folder, out=live.world.folder / "release.json")
    live.tell("app", f"The vendor has signed version {APP_VERSION} of the app, file by file.")


def _hex(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def proof(live: Live, lock: str) -> Path:
    """The file with a lock's place in its batch."""
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
        enrolled = place.do(enrolment.join_device, lock, membership=proof(live, lock))
        live.tell("enrol", f"The {lock} is IoT device {enrolled['number']}: its place in the batch was proof enough.")
        live.world.start(place, "device", "run", lock, "--port", "0")
    copy = live.world.place("copy")
    copy.do(joining.join_network, live.card)
    copy.do(
        enrolment.request_device, "copy", manufacturer="Acme", model="bolt", serial=LOCKS[0], out=proof(live, "copy")
    )
    refusal = live.refused(
        VerificationFailed, lambda: copy.do(enrolment.join_device, "copy", membership=proof(live, LOCKS[0]))
    )
    live.tell("copy", "Somebody makes a lock with the same serial number, and shows the same place.")
    live.tell("", f"refused: {type(refusal).__name__}: {refusal}")
    for lock in LOCKS:
        live.tell("device", f"The {lock} answers at {live.world.running[lock].await_address()}.")
