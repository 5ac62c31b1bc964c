"""Every digest, transcript and signed preimage of the protocol is the known one."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certchain.encoding import binding, custody, leaf
from certchain.encoding import digest as protocol
from certchain.encoding import subject_key as sealed_keys
from certchain.encoding.leaf import body_context, entry_commitment, leaf_bytes
from certchain.encoding.subject_key import subject_key_context
from certchain.models.application import RegistrationHash
from certchain.models.certification import (
    DeviceInformation,
    ManifestFile,
    Transcript,
    UserDeviceInformation,
)
from certchain.models.custody import KeyShare, ShareQuestion
from certchain.models.digest import Digest
from certchain.models.entry import Subject, SubjectKind
from certchain.models.identifier import Party, PartyKind, ServiceId
from certchain.models.log import LogLeaf
from certchain.models.production import DeviceDescription
from certchain.models.registration import PublicKeys

FOLDER = Path(__file__).parents[2] / "vectors"
VECTORS: list[dict[str, Any]] = json.loads((FOLDER / "protocol.json").read_text(encoding="utf-8"))["vectors"]

Arguments = dict[str, Any]


def keys(arguments: Arguments) -> PublicKeys:
    return PublicKeys(**in_bytes(arguments))


def in_bytes(arguments: Arguments, *texts: str) -> Arguments:
    """Every text is bytes in hexadecimal, but those named."""
    return {
        name: bytes.fromhex(value) if isinstance(value, str) and name not in texts else value
        for name, value in arguments.items()
    }


def session(arguments: Arguments) -> Transcript:
    return Transcript(**in_bytes(arguments))


def registration(method: int, salt: str, factors: list[str]) -> bytes:
    hashes = [Digest(bytes.fromhex(factor)) for factor in factors]
    return protocol.registration_hash(method, bytes.fromhex(salt), hashes).value  # type: ignore[arg-type]


def manifest(app: str, version: str, files: list[Arguments]) -> bytes:
    listed = [ManifestFile(file["path"], file["size"], Digest(bytes.fromhex(file["digest"]))) for file in files]
    return protocol.manifest_digest(app, version, listed).value


def statement(network: str, kind: str, signer: Arguments, body: str) -> bytes:
    party = Party(PartyKind(signer["kind"]), signer["number"])
    return protocol.statement(bytes.fromhex(network), kind, party, bytes.fromhex(body))


def key_data(user_device: int, device: int, committed: str) -> bytes:
    return protocol.key_data_context(user_device, device, Digest(bytes.fromhex(committed)))  # type: ignore[arg-type]


def share(committed: str, division: int, index: int, value: str) -> bytes:
    divided = KeyShare(index, bytes.fromhex(value))
    return custody.share_commitment(Digest(bytes.fromhex(committed)), division, divided).value


def deposit(network: str, server: int, custodian: int, committed: str, division: int) -> bytes:
    parties = ServiceId(server), ServiceId(custodian), Digest(bytes.fromhex(committed))
    return custody.share_deposit_context(bytes.fromhex(network), *parties, division)


def answer(network: str, nonce: str, **named: Any) -> bytes:
    parties = ServiceId(named["server"]), ServiceId(named["custodian"]), Digest(bytes.fromhex(named["committed"]))
    question = ShareQuestion(*parties, named["division"], bytes.fromhex(nonce))
    return custody.share_answer_context(bytes.fromhex(network), question)


def kept_share(server: int, custodian: int, committed: str, division: int) -> bytes:
    parties = ServiceId(server), ServiceId(custodian), Digest(bytes.fromhex(committed))
    return custody.kept_share_context(*parties, division)


def subject_key(kind: str, number: int, period: int, key: int) -> bytes:
    return subject_key_context(Subject(SubjectKind(kind), number), period, key)


FUNCTIONS: dict[str, Callable[[Arguments], bytes]] = {
    "first-factor": lambda a: protocol.first_factor(UserDeviceInformation(**a["information"]), keys(a["keys"])).value,
    "second-factor": lambda a: protocol.second_factor(**in_bytes(a)).value,
    "third-factor": lambda a: protocol.third_factor(DeviceInformation(**a["information"]), keys(a["keys"])).value,
    "device-description": lambda a: protocol.description_digest(DeviceDescription(**a)).value,
    "registration": lambda a: registration(**a),
    "manifest": lambda a: manifest(**a),
    "application": lambda a: protocol.application_digest(**in_bytes(a)).value,
    "app-release": lambda a: protocol.app_release_digest(**in_bytes(a)).value,
    "log-entry": lambda a: entry_commitment(**in_bytes(a)).value,
    "log-leaf": lambda a: leaf_bytes(LogLeaf(a["index"], a["at"], Digest(bytes.fromhex(a["commitment"])))),
    "log-body": lambda a: body_context(**a),
    "subject-key": lambda a: subject_key(**a),
    "share": lambda a: share(**a),
    "https-channel": lambda a: binding.https_binding(**in_bytes(a)),
    "share-deposit-seal": lambda a: deposit(**a),
    "share-answer-seal": lambda a: answer(**a),
    "share-kept": lambda a: kept_share(**a),
    "network": lambda a: protocol.network(a["chain_id"], ["0x" + contract for contract in a["contracts"]]).value,
    "intent": lambda a: protocol.intent(**in_bytes(a)).value,
    "transcript": lambda a: protocol.transcript(session(a)),
    "login": lambda a: protocol.login_proof(**in_bytes(a)),
    "statement": lambda a: statement(**a),
    "key-data": lambda a: key_data(**a),
    "second-factor-seal": lambda a: protocol.second_factor_context(**in_bytes(a)),
    "enrolment-seal": lambda a: protocol.enrolment_context(bytes.fromhex(a["network"]), keys(a["keys"])),
    "grant-seal": lambda a: protocol.grant_context(**in_bytes(a)),
    "ver-id-seal": lambda a: protocol.ver_id_context(**in_bytes(a)),
    "submission-seal": lambda a: protocol.submission_context(**in_bytes(a)),
    "control": lambda a: protocol.control_context(**in_bytes(a, "direction")),
    "certification-hash": lambda a: (
        protocol.certification_hash(RegistrationHash(bytes.fromhex(a["registration"])), session(a["session"])).value
    ),
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_answer_is_the_known_one(vector: dict[str, Any]) -> None:
    expected = vector.get("preimage", vector["digest"])

    assert FUNCTIONS[vector["domain"]](vector["arguments"]).hex() == expected


def test_every_digest_of_the_package_has_a_known_answer() -> None:
    known = {vector["domain"] for vector in VECTORS}
    shared = json.loads((FOLDER / "preimage.json").read_text(encoding="utf-8"))["vectors"]
    named = {vector["domain"] for vector in shared if vector["function"] != "digest"}

    assert set(FUNCTIONS) == known
    assert domains() <= known | named


def domains() -> set[str]:
    """Every domain that stands in the sources of digests and leaves."""
    source = "".join(
        Path(module.__file__ or "").read_text(encoding="utf-8")
        for module in (protocol, binding, custody, leaf, sealed_keys)
    )
    return {
        piece.split('"')[1]
        for call in ("digest(", "preimage(")
        for piece in source.split(call)[1:]
        if '"' in piece[:12]
    } - {""}


def test_the_transcript_s_digest_is_the_known_one() -> None:
    vector = next(vector for vector in VECTORS if vector["domain"] == "transcript")

    assert protocol.transcript_digest(session(vector["arguments"])).value.hex() == vector["digest"]


@pytest.mark.parametrize("field", ["network", "session", "challenge", "binding"])
def test_another_value_in_the_transcript_makes_another_certification_hash(field: str) -> None:
    arguments = dict(next(vector for vector in VECTORS if vector["domain"] == "transcript")["arguments"])
    r = RegistrationHash(bytes(32))
    known = protocol.certification_hash(r, session(arguments))
    arguments[field] = "00" * (len(arguments[field]) // 2)

    assert protocol.certification_hash(r, session(arguments)) != known
    assert protocol.certification_hash(RegistrationHash(b"\x01" * 32), session(arguments)) != known


def test_the_order_in_which_files_are_listed_does_not_matter_and_their_names_do() -> None:
    first, second = ManifestFile("a", 1, Digest(bytes(32))), ManifestFile("b", 1, Digest(bytes(32)))
    renamed = ManifestFile("c", 1, Digest(bytes(32)))

    assert protocol.manifest_digest("app", "1", [first, second]) == protocol.manifest_digest(
        "app", "1", [second, first]
    )
    assert protocol.manifest_digest("app", "1", [first, second]) != protocol.manifest_digest(
        "app", "1", [first, renamed]
    )


def test_the_files_of_known_answers_are_what_the_generator_writes() -> None:
    for name, content in runpy.run_path(str(FOLDER / "generate.py"))["files"]().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == content, name
