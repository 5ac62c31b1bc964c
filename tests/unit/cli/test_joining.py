"""Homes that join another's network: by its card, with certificates of its CA, each party with keys of its own."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from certchain.cli import rotation
from certchain.cli.enrolling import CERTIFICATE, PARTY_KEYS, TLS_KEY
from certchain.encoding.message import from_cbor, to_cbor
from certchain.models.certification import Signed
from certchain.models.enrolment import EnrolmentAnswer, EnrolmentRequest
from tests.program import CHEAP_KEYS, Program

URL = "https://127.0.0.1:8443"
PHONE = ("--model", "P8", "--platform", "android")
LOCK = ("--manufacturer", "Acme", "--model", "bolt", "--serial", "7")
Homes = Callable[[str], Program]


@pytest.fixture
def empty(deployed: Program, tmp_path: Path) -> Homes:
    """Makes homes that belong to no network yet, beside the centre's."""

    def make(name: str) -> Program:
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        (home / "config.toml").write_text(CHEAP_KEYS)
        return replace(deployed, home=home)

    return make


@pytest.fixture
def card(deployed: Program, tmp_path: Path) -> Path:
    """The network's card."""
    path = tmp_path / "network.json"
    deployed.json("network", "card", "--out", str(path), "--server", URL, "--node", "http://127.0.0.1:9").value()
    return path


@pytest.fixture
def joined(empty: Homes, card: Path) -> Homes:
    """Makes homes that have joined."""

    def make(name: str) -> Program:
        program = empty(name)
        program.json("network", "join", str(card)).value()
        return program

    return make


def requested(program: Program, *words: str) -> Path:
    """The file that a party asks with."""
    path = program.home.parent / f"{words[0]}-{words[2]}.request"
    program.json(*words, "--out", str(path)).value()
    return path


def enrolled(centre: Program, request: Path, *options: str) -> Path:
    """The file that it is answered with."""
    answer = request.with_suffix(".answer")
    centre.json("enrol", str(request), "--out", str(answer), *options).value()
    return answer


# ------------------------------------------------------------------------------------------------------------- the network


def test_a_home_joins_by_a_card_in_which_nothing_is_secret(joined: Homes, card: Path, deployed: Program) -> None:
    home = joined("party").home
    settings = (home / "config.toml").read_text()
    assert f'certification_server = "{URL}"' in settings
    assert json.loads(card.read_text())["server_url"] == URL
    assert (home / "deployment.json").read_text() == (deployed.home / "deployment.json").read_text()
    assert "private" not in card.read_text().lower()


def test_a_home_of_a_network_joins_no_other(joined: Homes, deployed: Program, card: Path) -> None:
    joined("party").json("network", "join", str(card)).refusal(65, "RecordExists")
    deployed.json("network", "join", str(card)).refusal(65, "RecordExists")


def test_a_server_without_tls_is_on_no_card(deployed: Program, tmp_path: Path) -> None:
    wrong = ("network", "card", "--out", str(tmp_path / "card"), "--server", "http://127.0.0.1:8443", "--node", URL)
    deployed.json(*wrong).refusal(65, "MalformedValue")


@pytest.mark.parametrize("change", ["chain_id", "ca", "format", "server_url", "text"])
def test_a_card_that_was_changed_is_refused_and_nothing_is_kept(empty: Homes, card: Path, change: str) -> None:
    """Its CA is of the network that its contracts make; what is no card is none."""
    said = json.loads(card.read_text())
    if change == "chain_id":
        said["deployment"] = said["deployment"].replace('"chain_id": 0', '"chain_id": 1')
    elif change == "ca":
        said["ca"] = said["ca"][:-8] + "AAAAAAA="
    elif change == "format":
        said["format"] = "certchain/network-card/v0"
    elif change == "server_url":
        del said["server_url"]
    card.write_text("{" if change == "text" else json.dumps(said))
    party = empty("party")
    ended = party.json("network", "join", str(card))
    assert ended.code in {65, 76, 78}, ended.err
    assert not (party.home / "deployment.json").exists()
    party.json("network", "join", str(card.parent / "nowhere")).refusal(69, "StorageUnavailable")


# ----------------------------------------------------------------------------------------------------------------- parties


def test_each_kind_of_party_is_enrolled_once(joined: Homes, deployed: Program, app_folder: Path) -> None:
    """It asks, the centre enrols it, it takes up the answer; a second answer is not taken up."""
    party = joined("party")
    app = ("--app", "door", "--app-version", "1.0", "--app-folder", str(app_folder))
    for noun, name, asked, installed in (
        ("device", "porch", LOCK, ()),
        ("user-device", "phone", PHONE, app),
        ("custodian", "keeper", (), ()),
    ):
        answer = enrolled(deployed, requested(party, noun, "request", name, *asked))
        accept = (noun, "accept", name, str(answer), *installed)
        value = party.json(*accept).value()
        assert (value["name"], value["number"]) == (name, 10 if noun == "custodian" else 1)
        party.json(*accept).refusal(65, "RecordExists")
        party.json(noun, "request", name, *asked, "--out", str(answer)).refusal(65, "RecordExists")


def test_an_answer_is_for_whom_it_is_for(joined: Homes, deployed: Program) -> None:
    """Neither for another home, nor for another party, nor for keys that were made since."""
    alice, boris = joined("alice"), joined("boris")
    answer = enrolled(deployed, requested(alice, "device", "request", "porch", *LOCK))
    requested(boris, "device", "request", "porch", *LOCK)
    boris.json("device", "accept", "porch", str(answer)).refusal(76, "SealInvalid")
    boris.json("device", "accept", "hall", str(answer)).refusal(78, "KeyFileUnreadable")
    (alice.home / "device" / "porch" / PARTY_KEYS).unlink()
    requested(alice, "device", "request", "porch", *LOCK)
    alice.json("device", "accept", "porch", str(answer)).refusal(76, "SealInvalid")
    assert not (alice.home / "device" / "porch" / "record.toml").exists()


def test_an_answer_whose_certificate_is_for_another_key_is_not_taken_up(joined: Homes, deployed: Program) -> None:
    party = joined("party")
    answer = enrolled(deployed, requested(party, "custodian", "request", "keeper"))
    (party.home / "service" / "keeper" / TLS_KEY).unlink()
    requested(party, "custodian", "request", "keeper")
    ended = party.json("custodian", "accept", "keeper", str(answer))
    assert ended.code == 76, ended.err
    assert not (party.home / "service" / "keeper" / CERTIFICATE).exists()


def test_what_is_no_answer_and_no_request_is_refused(joined: Homes, deployed: Program, card: Path) -> None:
    party = joined("party")
    request = requested(party, "device", "request", "porch", *LOCK)
    party.json("device", "accept", "porch", str(card)).refusal(65, "MalformedMessage")
    party.json("device", "accept", "porch", str(request)).refusal(65, "MalformedMessage")
    out = ("--out", str(request.with_suffix(".answer")))
    deployed.json("enrol", str(card), *out).refusal(65, "MalformedMessage")
    deployed.json("enrol", "nowhere", *out).refusal(69, "StorageUnavailable")


def test_a_request_whose_signature_was_changed_enrols_nobody(joined: Homes, deployed: Program) -> None:
    request = requested(joined("party"), "device", "request", "porch", *LOCK)
    signed = from_cbor(Signed, request.read_bytes())
    body = replace(from_cbor(EnrolmentRequest, signed.body), certificate_request=b"mine")
    request.write_bytes(to_cbor(replace(signed, body=to_cbor(body))))
    deployed.json("enrol", str(request), "--out", str(request)).refusal(76, "SignatureInvalid")


def test_services_are_enrolled_where_the_authority_is_and_others_by_operators(joined: Homes) -> None:
    """A joined home has neither."""
    party, olga = joined("party"), joined("olga")
    out = ("--out", str(olga.home / "answer"))
    service = requested(party, "custodian", "request", "keeper")
    assert olga.json("enrol", str(service), *out).code in {65, 78}
    lock = requested(party, "device", "request", "porch", *LOCK)
    olga.json("enrol", str(lock), *out).refusal(65, "UnknownRecord")


# --------------------------------------------------------------------------------------------------------------- operators


def test_an_operators_home_takes_an_operators_certificate_only(joined: Homes, deployed: Program) -> None:
    olga = joined("olga")
    request, certificate = olga.home / "olga.request", olga.home / "olga.der"
    olga.json("operator", "request", "--out", str(request)).value()
    issue = ("operator", "issue", str(request), "--name", "olga", "--out", str(certificate))
    assert deployed.json(*issue).value()["name"] == "olga"
    assert olga.json("operator", "accept", str(certificate)).value() == {"name": "olga"}

    answer = enrolled(deployed, requested(olga, "custodian", "request", "keeper"))
    olga.json("custodian", "accept", "keeper", str(answer)).value()
    keeper = olga.home / "service" / "keeper"
    (keeper / TLS_KEY).rename(olga.home / "operator" / TLS_KEY)
    olga.json("operator", "accept", str(keeper / CERTIFICATE)).refusal(76, "CertificateInvalid")


def test_another_operators_certificate_is_of_no_use(joined: Homes, deployed: Program) -> None:
    olga, otto = joined("olga"), joined("otto")
    request, certificate = olga.home / "olga.request", olga.home / "olga.der"
    olga.json("operator", "request", "--out", str(request)).value()
    otto.json("operator", "request", "--out", str(otto.home / "otto.request")).value()
    deployed.json("operator", "issue", str(request), "--name", "olga", "--out", str(certificate)).value()
    assert otto.json("operator", "accept", str(certificate)).code == 76
    otto.json("operator", "accept", str(request)).refusal(76, "CertificateInvalid")
    olga.json(*("operator", "issue", str(request), "--name", "olga"), "--out", str(certificate)).refusal(
        78, "KeyFileUnreadable"
    )


# -------------------------------------------------------------------------------------------------------------- fresh keys


@pytest.fixture
def phone(joined: Homes, deployed: Program, app_folder: Path) -> Program:
    """A home with an enrolled phone."""
    party = joined("alice")
    app = ("--app", "door", "--app-version", "1.0", "--app-folder", str(app_folder))
    answer = enrolled(deployed, requested(party, "user-device", "request", "phone", *PHONE))
    party.json("user-device", "accept", "phone", str(answer), *app).value()
    return party


def keys_of(program: Program) -> tuple[bytes, ...]:
    folder = program.home / "user-device" / "phone"
    return tuple((folder / name).read_bytes() for name in (PARTY_KEYS, TLS_KEY, CERTIFICATE))


def test_fresh_keys_are_taken_once_they_are_in_force(phone: Program, deployed: Program) -> None:
    before = keys_of(phone)
    request = requested(phone, "user-device", "request-fresh", "phone")
    assert keys_of(phone) == before
    answer = enrolled(deployed, request, "--instead-of", "1")
    assert phone.json("user-device", "accept-fresh", "phone", str(answer)).value()["number"] == 1
    assert not set(before) & set(keys_of(phone))
    assert len(phone.json("user-device", "show", "phone").value()["keys"]) == 2
    phone.json("user-device", "accept-fresh", "phone", str(answer)).refusal(78, "KeyFileUnreadable")


def test_a_device_gets_fresh_keys_too(joined: Homes, deployed: Program) -> None:
    party = joined("lock")
    answer = enrolled(deployed, requested(party, "device", "request", "porch", *LOCK))
    party.json("device", "accept", "porch", str(answer)).value()
    answer = enrolled(deployed, requested(party, "device", "request-fresh", "porch"), "--instead-of", "1")
    assert party.json("device", "accept-fresh", "porch", str(answer)).value()["number"] == 1


def test_an_answer_under_another_number_gives_no_fresh_keys(phone: Program, deployed: Program) -> None:
    """As when the operator enrols them as somebody else."""
    before = keys_of(phone)
    answer = enrolled(deployed, requested(phone, "user-device", "request-fresh", "phone"))
    phone.json("user-device", "accept-fresh", "phone", str(answer)).refusal(76, "WrongSigner")
    assert keys_of(phone) == before


def test_fresh_keys_are_for_who_is_described_and_services_have_none(
    phone: Program, joined: Homes, deployed: Program
) -> None:
    other = requested(joined("other"), "user-device", "request", "tablet", "--model", "T1", "--platform", "android")
    out = ("--out", str(other.with_suffix(".answer")), "--instead-of", "1")
    deployed.json("enrol", str(other), *out).refusal(76, "InformationChanged")
    keeper = requested(joined("keeper"), "custodian", "request", "keeper")
    deployed.json("enrol", str(keeper), *out).refusal(65, "MalformedValue")
    phone.json("user-device", "request-fresh", "nobody", "--out", str(other)).refusal(65, "UnknownRecord")


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_an_interruption_at_any_step_is_made_good_by_the_same_command(
    phone: Program, deployed: Program, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    """The power fails after so many files were put in their place."""
    answer = enrolled(deployed, requested(phone, "user-device", "request-fresh", "phone"), "--instead-of", "1")
    replace_file, done = Path.replace, list[Path]()

    def failing(path: Path, target: Path) -> Path:
        if path.parent.name == "fresh":
            if len(done) == taken:
                raise OSError("the power failed")
            done.append(path)
        return replace_file(path, target)

    accept = ("user-device", "accept-fresh", "phone", str(answer))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing)
        phone.json(*accept).refusal(69, "StorageUnavailable")
    assert phone.json(*accept).value()["number"] == 1
    assert not rotation.is_certified(phone.home / "user-device" / "phone")
    assert len(keys_of(phone)) == 3


# ------------------------------------------------------------------------------------------------------------ known parties


def test_parties_of_other_homes_are_known_by_number_and_address(joined: Homes) -> None:
    party = joined("alice")
    assert party.json("user", "known", "alice", "--number", "3").value() == {"name": "alice", "number": 3}
    party.json("user", "known", "alice", "--number", "3").refusal(65, "RecordExists")
    known = ("device", "known", "porch", "--number", "1", "--address")
    assert party.json(*known, "coap://127.0.0.1:5683").value()["address"] == "coap://127.0.0.1:5683"
    for wrong in ("http://127.0.0.1:5683", "coap://127.0.0.1", "coap://:5683", "coap://127.0.0.1:x"):
        party.json(*known, wrong).refusal(65, "MalformedValue")
    party.json("user", "known", "zoe", "--number", "0").refusal(2, "UsageError")


def test_an_operator_of_the_centres_home_names_parties_by_name_or_number(registered: Program) -> None:
    """As those of other homes are named by number."""
    for user, phone, lock in (("alice", "phone", "porch-lock"), ("1", "1", "1")):
        permit = ("registration", "permit", "--user", user, "--user-device", phone, "--device", lock)
        assert registered.json(*permit).value() == {"user": 1, "user_device": 1, "device": 1}
        registered.json("user", "unlock", user, "--reason", "she called").value()
        registered.json("device", "let-in", lock, "--reason", "looked at it").value()
    registered.json("registration", "redivide", "1").value()
    assert registered.json("user-device", "lost", "1", "--reason", "stolen").value()["suspended"] == [1]
    assert registered.json("user-device", "lost", "phone").value()["suspended"] == []
    for wrong in (("user", "unlock", "99"), ("device", "let-in", "hall"), ("user-device", "lost", "99")):
        assert registered.json(*wrong).code == 65
    assert registered.json("registration", "redivide", "99").code == 65


def test_a_device_joins_by_its_place_only_after_it_has_asked(joined: Homes, card: Path) -> None:
    party = joined("lock")
    party.json("device", "join", "porch", "--membership", str(card)).refusal(65, "MalformedMessage")
    party.json("device", "join", "porch", "--membership", "nowhere").refusal(69, "StorageUnavailable")


def test_an_answer_is_read_as_such(joined: Homes, tmp_path: Path) -> None:
    """One that was made up opens with no key."""
    party = joined("lock")
    requested(party, "device", "request", "porch", *LOCK)
    made_up = tmp_path / "made-up"
    made_up.write_bytes(to_cbor(EnrolmentAnswer(bytes(200))))
    party.json("device", "accept", "porch", str(made_up)).refusal(76, "SealInvalid")
