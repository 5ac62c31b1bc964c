"""Parties in homes of their own, each service and IoT device a process: what works there, what is refused, and how it ends."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from certchain.cli import device, enrolment, fresh, registration, user, user_device
from certchain.cli.demo import live
from certchain.cli.demo.founding import proof as place_in_batch
from certchain.cli.demo.place import Place
from certchain.cli.demo.process import run
from certchain.cli.demo.town import KEEPER, LOCKS, Live, founded, set_up
from certchain.cli.enrolling import CERTIFICATE
from certchain.cli.file import read_file
from certchain.cli.output import Output
from certchain.cli.party import Cast
from certchain.cli.record import CERTIFICATION_SERVER, UserDeviceRecord
from certchain.cli.renewal import PartyCertificate
from certchain.cli.workspace import Workspace
from certchain.config import Home, SystemClock
from certchain.errors import (
    CertchainError,
    KeyFileUnreadable,
    PeerUnavailable,
    RegistrationNotActive,
    RegistrationRefused,
    SealInvalid,
    UnknownRecord,
)
from certchain.models.identifier import UserDeviceId, service_party, user_device_party

LATER = 25 * 24 * 3600
"""Seconds after which a certificate of 30 days is due."""


@pytest.fixture(scope="module")
def town() -> Iterator[Live]:
    """The live demonstration, up to the registrations."""
    with founded(Output(as_json=True)) as town:
        for scene in ("organisations", "factory", "certification_server", "locks", "households", "registrations"):
            getattr(live, scene)(town)
        yield town


def said(place: Place, *arguments: str) -> tuple[int, dict[str, object]]:
    """A command of a person, as a process, beside whatever runs in this home."""
    return run((*arguments, "--home", str(place.home.folder)), {"CERTCHAIN_PASSPHRASE": place.passphrase})


def number_of(place: Place, name: str) -> int:
    return int(place.ask(lambda workspace: workspace.records.read(UserDeviceRecord, name).number))


@pytest.mark.parametrize("served", ["centre", "custodian-1", LOCKS[1]])
def test_a_folder_has_one_process(town: Live, served: str) -> None:
    """A second one waits ten seconds for the first, and gives up."""
    commands = {
        "centre": ("server", "serve"),
        "custodian-1": ("custodian", "serve", KEEPER),
        LOCKS[1]: ("device", "run", LOCKS[1]),
    }
    code, shown = said(town.world.places[served], *commands[served], "--port", "0")
    assert (code, shown["error"]) == (69, "StorageUnavailable")
    assert "another command is at work in" in str(shown["sentence"])


def test_alerts_subscribers_and_the_public_log_are_read_beside_the_running_server(town: Live) -> None:
    assert said(town.centre, "alert", "list")[0] == 0
    assert said(town.centre, "subscriber", "add", "watch", "mqtt://127.0.0.1:1883/alerts")[0] == 0
    assert said(town.centre, "subscriber", "list")[0] == 0
    beside = replace(town.centre, name="public-log")
    running = town.world.start(beside, "log", "serve", "--port", "0")
    assert running.await_address().startswith("http://127.0.0.1:")
    running.stop()
    assert running.process.returncode == 0


def test_an_operator_works_by_number_from_a_home_of_her_own(town: Live) -> None:
    boris = town.people[1]
    assert town.olga.do(user.unlock, "2", reason="he called")["user"] == "2"
    assert town.olga.do(device.let_in, "2", reason="looked at it")["device"] == "2"
    town.olga.do(registration.redivide, 2)
    assert town.certify(boris, "lock") == "locked"
    town.olga.do(registration.suspend, 2)
    with pytest.raises(RegistrationNotActive):
        town.certify(boris, "lock")
    town.olga.do(registration.reinstate, 2)
    assert town.certify(boris, "status") == "locked"
    with pytest.raises(UnknownRecord):
        town.olga.do(user.unlock, "99", reason="nobody")


def test_nobody_operates_from_a_home_without_an_operators_certificate(town: Live) -> None:
    with pytest.raises(UnknownRecord):
        town.people[0].place.do(registration.suspend, 2)


def test_a_place_in_a_batch_is_taken_once(town: Live) -> None:
    """Even by a device that tells the same of itself, under other keys; and without a place there is no joining."""
    lock = town.world.places[LOCKS[0]]
    proof = place_in_batch(town, LOCKS[0])
    (lock.home.folder / "device" / LOCKS[0] / "record.toml").rename(lock.home.folder / "kept")
    try:
        again = lock.do(enrolment.join_device, LOCKS[0], membership=proof)
        assert again["number"] == 1  # the same device, whose answer was lost
    finally:
        (lock.home.folder / "kept").replace(lock.home.folder / "device" / LOCKS[0] / "record.toml")
    with pytest.raises(CertchainError):
        lock.do(enrolment.join_device, "another", membership=proof)


@dataclass(frozen=True)
class Later:
    """A clock that is some weeks ahead."""

    def now(self) -> int:
        return SystemClock().now() + LATER


def certificate_of(workspace: Workspace, name: str) -> PartyCertificate:
    """A user device's certificate, some weeks from now."""
    workspace.clock = Later()
    party = user_device_party(UserDeviceId(workspace.records.read(UserDeviceRecord, name).number))
    cast = Cast(workspace)
    folder = workspace.records.folder(UserDeviceRecord, name)
    server = service_party(cast.service(CERTIFICATION_SERVER))
    return PartyCertificate(workspace, folder, cast._party_identity(party), server)


def kept_certificate(place: Place, name: str) -> bytes:
    return read_file(place.home.folder / "user-device" / name / CERTIFICATE)


def test_a_certificate_that_is_due_is_renewed_at_the_next_request(town: Live) -> None:
    boris = town.people[1]
    before = kept_certificate(boris.place, boris.device)
    renewed = boris.place.ask(lambda workspace: certificate_of(workspace, boris.device).current().certificate)
    assert before != renewed == kept_certificate(boris.place, boris.device)
    assert town.certify(boris, "status") == "locked"


@contextmanager
def stopped(town: Live, name: str) -> Iterator[None]:
    """Without a service, which has to end well on a termination; then it is back where it was."""
    running = town.world.running[name]
    running.stop()
    assert running.process.returncode == 0
    yield
    if name == "centre":
        town.serve()
    elif name in LOCKS:
        port = running.address.rpartition(":")[2]
        town.world.start(town.world.places[name], "device", "run", name, "--port", port).await_address()
    else:
        town.serve_custodian(town.world.places[name]).await_address()


def test_without_the_server_a_certificate_that_is_due_is_used_until_it_ends(
    town: Live, caplog: pytest.LogCaptureFixture
) -> None:
    boris = town.people[1]
    before = kept_certificate(boris.place, boris.device)
    with stopped(town, "centre"):
        kept = boris.place.ask(lambda workspace: certificate_of(workspace, boris.device).current().certificate)
    assert before == kept == kept_certificate(boris.place, boris.device)
    assert "The certificate is not renewed" in caplog.text


@pytest.mark.parametrize("name", ["custodian-1", LOCKS[1]])
def test_a_service_ends_well_and_comes_back(town: Live, name: str) -> None:
    """Its place keeps what it had: the next session finds it as it was."""
    with stopped(town, name):
        pass
    assert town.certify(town.people[1], "status") == "locked"


def test_services_log_json_without_a_secret(town: Live) -> None:
    for name in ("centre", "custodian-1", LOCKS[1]):
        lines = town.world._log(town.world.places[name]).read_text().splitlines()
        assert all(isinstance(json.loads(line), dict) for line in lines)
        for secret in (town.world.places[name].passphrase, *(person.secret for person in town.people)):
            assert secret not in "".join(lines)


@pytest.mark.parametrize("name", ["custodian-2", LOCKS[0]])
def test_an_installation_that_nothing_vouches_for_serves_only_if_that_was_said(town: Live, name: str) -> None:
    place = town.world.places[name]
    command = ("device", "run", name) if name in LOCKS else ("custodian", "serve", KEEPER)
    with stopped(town, name):
        set_up(place, unrecorded_installation=False)
        if town.world.unrecorded:
            assert said(place, *command, "--port", "0")[1]["error"] == "InstallationUnrecorded"
        set_up(place, unrecorded_installation=town.world.unrecorded)


def test_the_whole_way_back_after_a_loss(town: Live) -> None:
    """Lost, suspended, fresh keys, a permit, superseded with all three factors, certified; who has the old phone stays out."""
    alice, folder = town.people[0], town.world.folder
    number = number_of(alice.place, alice.device)
    thief = replace(alice.place, home=Home(folder / "thief"))
    shutil.copytree(alice.place.home.folder, thief.home.folder)
    assert town.olga.do(user_device.lost, str(number), reason="stolen")["suspended"] == [1]
    with pytest.raises(RegistrationNotActive):
        town.certify(alice, "lock")

    request, answer = folder / "fresh.request", folder / "fresh.answer"
    alice.place.do(fresh.request_user_device, alice.device, out=request)
    with pytest.raises(SealInvalid):  # the answer of then
        alice.place.do(fresh.accept_user_device, alice.device, town.world.folder / "phone.answer")
    town.olga.do(enrolment.enrol, request, out=answer, instead_of=number)
    with pytest.raises(KeyFileUnreadable):
        thief.do(fresh.accept_user_device, alice.device, answer)
    assert alice.place.do(fresh.accept_user_device, alice.device, answer)["number"] == number

    superseded = ("registration", "supersede", "--user", alice.name, *alice.pair, "--via", "server")
    with pytest.raises(RegistrationRefused):
        town.world.user_device(alice.place, alice.secret, *superseded)
    town.olga.do(registration.permit, user="1", user_device=str(number), device="1")
    again = town.world.user_device(alice.place, alice.secret, *superseded)
    assert (again["status"], again["version"], again["previous"]) == ("active", 2, 1)
    assert town.certify(alice, "unlock") == "unlocked"
    with pytest.raises(PeerUnavailable, match="it refused the key exchange"):  # EDHOC asks for the keys in force
        town.certify(replace(alice, place=thief), "unlock")
