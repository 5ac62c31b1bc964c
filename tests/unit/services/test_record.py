"""An operator's log has a line of JSON for everything, says who asked, and shows no secret, by whatever name it comes."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from certchain.channel.https import HttpsChannel
from certchain.encoding.base_64 import to_base64
from certchain.encoding.message import from_cbor
from certchain.errors import LoginRefused
from certchain.keys import ServerTls
from certchain.models.certification import CertificationForward
from certchain.services import certification_app, running, set_up_log
from certchain.services.record import HIDDEN, SECRET_NAMES
from certchain.verification.registration import combine
from tests.household import SECRET, Household
from tests.tls import Certificates

LOG = logging.getLogger("certchain.tests")


@contextmanager
def logged(level: int = logging.INFO) -> Iterator[io.StringIO]:
    """What is logged within, whose set-up is undone afterwards."""
    root = logging.getLogger()
    before, at = list(root.handlers), root.level
    quiet = {name: logging.getLogger(name).level for name in ("asyncio", "urllib3", "web3", "alembic")}
    stream = io.StringIO()
    set_up_log(level, stream)
    try:
        yield stream
    finally:
        root.handlers = before
        root.setLevel(at)
        for name, was in quiet.items():
            logging.getLogger(name).setLevel(was)


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_a_line_of_json() -> None:
    with logged() as stream:
        LOG.info("Device %d is enrolled.\nReally.", 7)
        LOG.debug("of no interest")
    (record,) = records(stream)
    assert record["event"] == "Device 7 is enrolled.\nReally."
    assert (record["level"], record["logger"]) == ("info", "certchain.tests")
    assert record["timestamp"].endswith("Z")


@pytest.mark.parametrize("name", [*SECRET_NAMES, "api_key", "Key", "sealing_keys", "PASSWORD"])
def test_what_has_a_secrets_name_is_not_shown(name: str) -> None:
    with logged() as stream:
        LOG.info(
            "said", extra={name: "hunter2", "kind": "Login", "inner": {name: ["hunter2"], "n": [1, {name: b"hunter2"}]}}
        )
    assert "hunter2" not in stream.getvalue()
    (record,) = records(stream)
    assert record[name] == HIDDEN
    assert record["kind"] == "Login"
    assert record["inner"]["n"][0] == 1


def test_bytes_and_models_are_not_shown_whatever_their_name() -> None:
    with logged() as stream:
        LOG.info("said", extra={"it": b"hunter2", "that": [bytearray(b"hunter2")], "model": Certificates})
    assert "hunter2" not in stream.getvalue()
    (record,) = records(stream)
    assert (record["it"], record["that"], record["model"]) == ("(7 bytes)", ["(7 bytes)"], "(type)")


def fail(passphrase: str) -> None:
    """With the passphrase at hand."""
    raise RuntimeError("it failed") from None


def test_a_fault_is_shown_with_where_it_was_and_without_what_was_at_hand() -> None:
    passphrase = "hunter2"
    with logged() as stream:
        try:
            fail(passphrase)
        except RuntimeError:
            LOG.exception("A message failed.")
    (record,) = records(stream)
    assert "RuntimeError: it failed" in record["exception"]
    assert "in fail" in record["exception"]
    assert "hunter2" not in stream.getvalue()


def test_libraries_that_talk_much_are_heard_when_they_warn() -> None:
    with logged() as stream:
        logging.getLogger("urllib3.connectionpool").info("Starting new connection")
        logging.getLogger("urllib3.connectionpool").warning("Connection pool is full")
    assert [record["event"] for record in records(stream)] == ["Connection pool is full"]


class Listening:
    """The certification server, and what it was told."""

    def __init__(self, role: Any) -> None:
        self.role = role
        self.told: list[Any] = []

    def answer(self, conversation: Any, message: Any) -> object:
        self.told.append(message)
        return self.role.answer(conversation, message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.role, name)


def test_a_whole_certification_over_https_leaves_no_secret_in_the_log() -> None:
    """Nor a salt, R, A, a key or a user's name, in any form; and each record of a message says who sent it."""
    with logged(logging.DEBUG) as stream:
        home = Household()
        server = Listening(home.server.role)
        certificates = Certificates(home.server.identity.network)
        tls = certificates.server(home.server.identity.party), certificates.identity(home.lock.identity.party)
        with running(certification_app(server, home.server.log), tls=ServerTls(tls[0])) as url:  # type: ignore[arg-type]
            home.lock.to_server = HttpsChannel(url, tls[1], home.server.identity.party)
            home.lock.restart()
            home.register()
            home.certify().command(b"unlock the door")
            with pytest.raises(LoginRefused):
                home.certify("guessed wrongly")
            home.lock.to_server.close()
    text = stream.getvalue()
    messages = [record for record in records(stream) if record["event"] == "message"]
    assert {"RegistrationForward", "CertificationRequest", "CertificationForward"} <= {
        each["kind"] for each in messages
    }
    assert {record["peer"] for record in messages} == {"device 1"}
    assert {record["outcome"] for record in messages} == {"answered"}
    for word in (SECRET, "guessed wrongly", "Alice", "unlock the door"):
        assert word not in text
    secrets = {**secrets_of(home), **{f"TLS key {n}": each.key.private_bytes() for n, each in enumerate(tls)}}
    (certified,) = [said for said in server.told if getattr(said, "kind", "") == "CertificationForward"]
    secrets["A"] = from_cbor(CertificationForward, certified.body).certification.certification_hash.value
    for name, secret in secrets.items():
        for form in (
            secret.hex(),
            secret.hex().upper(),
            to_base64(secret),
            repr(secret)[2:-1],
            str(int.from_bytes(secret)),
        ):
            assert form not in text, name


def secrets_of(home: Household) -> dict[str, bytes]:
    """What the parties keep to themselves, by what it is."""
    found = {"the sealing key": home.server.sealing_key.private_bytes()}
    for identity in (home.server.identity, home.lock.identity, home.phone.identity):
        private = identity.keys.private_bytes()
        found |= {f"signing key of {identity.party}": private[:32], f"exchange key of {identity.party}": private[32:]}
    equipment = home.server.role._equipment
    registration = equipment.latest_registration(home.phone.id, home.lock.id)
    assert registration is not None
    kept = equipment.key_data(registration)
    assert kept.second_factor is not None
    factors = equipment.on_record(home.lock.id, home.phone.id).factors(kept.second_factor)
    order = equipment.ledger.registrations.method_factors(registration.method)
    found["the key data's key"] = equipment.custody.key(registration).private_bytes()
    found["R"] = combine(registration.method, order, kept.salt, factors).value
    found |= {"the salt": kept.salt, "the second factor": kept.second_factor.value}
    found["the name's salt"] = home.server.database.user(home.alice)[1]
    return found
