"""A witness keeps C2SP tlog-witness to the letter, asked in the process or over HTTP: when it cosigns, and what it answers when not."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests

from certchain.channel.witness import HttpWitness
from certchain.config import SystemClock
from certchain.encoding.checkpoint import checkpoint_body_text
from certchain.encoding.note import key_id, parse_note, parse_signatures, signed_note
from certchain.encoding.witness import add_checkpoint_text
from certchain.errors import (
    CertchainError,
    CheckpointInvalid,
    MalformedMessage,
    NotConsistent,
    ProofLength,
    UnknownLog,
    WitnessConflict,
    WitnessRefused,
)
from certchain.keys import KeyPair
from certchain.models.digest import Digest
from certchain.models.note import AddCheckpoint, CheckpointBody, KeyType, NoteKey, NoteSignature
from certchain.roles.witness import Witness, origin_hash
from certchain.services import running, witness_app
from certchain.storage import MemoryFileStore
from certchain.verification.checkpoint import add_cosignatures, verify_cosignatures
from tests.published import PublishedLog

NAME = "witness.example/one"


@dataclass
class Asked:
    """A witness that knows one log, and how it is asked."""

    log: PublishedLog
    witness: Witness
    keys: KeyPair
    client: Any
    url: str = ""

    @property
    def key(self) -> dict[str, bytes]:
        return {NAME: self.keys.public.signing}

    def refuses(self, request: AddCheckpoint, status: int, *errors: type[CertchainError]) -> CertchainError:
        """The error in the process, and the status over HTTP, where a refusal is told by its status alone."""
        kept = self.witness._store.names()
        if not self.url:
            with pytest.raises(errors) as raised:
                self.client.add_checkpoint(request)
        else:
            assert self.post(add_checkpoint_text(request).encode()).status_code == status
            with pytest.raises((WitnessRefused, *errors)) as raised:
                self.client.add_checkpoint(request)
        assert self.witness._store.names() == kept
        return raised.value

    def post(self, body: bytes) -> requests.Response:
        return requests.post(f"{self.url}/add-checkpoint", body, timeout=5)


@pytest.fixture(params=["in the process", "over HTTP"])
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    log, keys = PublishedLog().append(700), KeyPair.generate()
    witness = Witness(NAME, keys, {log.origin: [log.key]}, MemoryFileStore(), SystemClock())
    with ExitStack() as stack:
        if request.param == "in the process":
            yield Asked(log, witness, keys, witness)
        else:
            url = stack.enter_context(running(witness_app(witness)))
            client = HttpWitness(url)
            stack.callback(client.close)
            yield Asked(log, witness, keys, client, url)


def test_a_checkpoint_that_continues_the_one_before_is_cosigned(asked: Asked) -> None:
    """From nothing, then from where it was; also when the log has not grown."""
    for old, new in ((0, 0), (0, 1), (1, 300), (300, 512), (512, 512), (512, 700)):
        request = asked.log.request(old, new)
        lines = asked.client.add_checkpoint(request)
        note = add_cosignatures(request.checkpoint, lines, asked.key)
        (cosignature,) = verify_cosignatures(note, asked.key, 1)
        assert abs(cosignature.at - SystemClock().now()) < 5


def test_the_answer_is_one_signature_line_of_a_time_and_a_signature(asked: Asked) -> None:
    (line,) = parse_signatures(asked.client.add_checkpoint(asked.log.request(0, 5)))
    assert (line.name, len(line.signature)) == (NAME, 8 + 64)
    assert line.key_id == key_id(NoteKey(NAME, KeyType.COSIGNATURE, asked.keys.public.signing))


def test_any_log_with_an_ed25519_key_is_witnessed() -> None:
    """Its checkpoint need not have our signer line; what it has besides is signed for as it is."""
    keys, theirs = KeyPair.generate(), KeyPair.generate()
    key = NoteKey("other.example/log", KeyType.ED25519, theirs.public.signing)
    text = checkpoint_body_text(CheckpointBody("other.example/log", 3, Digest(bytes(32)), ("an extension", "another")))
    note = signed_note(text, [NoteSignature(key.name, key_id(key), theirs.sign(text.encode()))])
    witness = Witness(NAME, keys, {key.name: [key]}, MemoryFileStore(), SystemClock())
    line = witness.add_checkpoint(AddCheckpoint(0, (), note))
    verify_cosignatures(note + line, {NAME: keys.public.signing}, 1)


def test_one_of_several_keys_of_a_log_is_enough() -> None:
    """So a log can change its key; a signature of a stranger beside it does not matter."""
    log, newer, keys = PublishedLog().append(3), KeyPair.generate(), KeyPair.generate()
    other = NoteKey(log.origin, KeyType.ED25519, newer.public.signing)
    witness = Witness(NAME, keys, {log.origin: [other, log.key]}, MemoryFileStore(), SystemClock())
    request = log.request(0, 3)
    stranger = parse_note(PublishedLog("stranger").append(1).publish())[1]
    text, own = parse_note(request.checkpoint)
    assert witness.add_checkpoint(replace(request, checkpoint=signed_note(text, (*stranger, *own))))
    kept = parse_note(witness.checkpoint(origin_hash(log.origin)))[1]
    assert [line.name for line in kept] == [log.origin, NAME]


def test_a_log_that_is_not_known_is_refused(asked: Asked) -> None:
    other = PublishedLog("someone/else").append(3)
    error = asked.refuses(other.request(0, 3), 404, UnknownLog)
    assert error.values() == {"origin": "someone/else"}


def test_a_log_by_another_s_name_is_refused(asked: Asked) -> None:
    """The thief of a name has not the key: no signature by the log's, or one that is said to be and is not."""
    thief = PublishedLog().append(3)
    asked.refuses(thief.request(0, 3), 403, CheckpointInvalid)
    request = asked.log.request(0, 3)
    text, (own,) = parse_note(request.checkpoint)
    forged = replace(own, signature=bytes(64))
    asked.refuses(replace(request, checkpoint=signed_note(text, [forged])), 403, CheckpointInvalid)
    asked.refuses(replace(request, checkpoint=signed_note(text, [own, forged])), 403, CheckpointInvalid)


def test_an_old_size_above_the_checkpoint_s_is_refused(asked: Asked) -> None:
    asked.client.add_checkpoint(asked.log.request(0, 300))
    asked.refuses(replace(asked.log.request(0, 5), old_size=6), 400, MalformedMessage)


@pytest.mark.parametrize("old", [0, 299, 301, 500])
def test_a_request_from_another_size_is_told_the_size(asked: Asked, old: int) -> None:
    """A stale one, and one from the future; then the log can ask again."""
    asked.client.add_checkpoint(asked.log.request(0, 300))
    error = asked.refuses(asked.log.request(old, 700), 409, WitnessConflict)
    assert error.values() == {"expected_size": old, "actual_size": 300}
    asked.client.add_checkpoint(asked.log.request(300, 700))


def test_an_old_checkpoint_is_not_cosigned_again(asked: Asked) -> None:
    """Replayed, it is stale, whichever old size is claimed."""
    first = asked.log.request(0, 300)
    asked.client.add_checkpoint(first)
    asked.client.add_checkpoint(asked.log.request(300, 700))
    asked.refuses(first, 409, WitnessConflict)
    asked.refuses(replace(first, old_size=300), 409, WitnessConflict)
    asked.refuses(replace(first, old_size=700), 400, MalformedMessage)


def test_a_fork_is_not_cosigned(asked: Asked) -> None:
    """The log's own key has signed both futures, and its proof fits the other one."""
    asked.client.add_checkpoint(asked.log.request(0, 600))
    fork = asked.log.twin(300).append(500)
    asked.refuses(fork.request(600, 800), 422, NotConsistent)
    asked.client.add_checkpoint(asked.log.request(600, 700))


def test_another_root_for_the_same_size_is_not_cosigned(asked: Asked) -> None:
    asked.client.add_checkpoint(asked.log.request(0, 600))
    asked.refuses(asked.log.twin(599).append(1).request(600, 600), 422, NotConsistent)


def test_a_path_of_another_length_is_not_cosigned(asked: Asked) -> None:
    """Nor any path at all where none is needed: from nothing, and to the same size."""
    more = (Digest(bytes(32)),)
    asked.refuses(replace(asked.log.request(0, 300), path=more), 422, ProofLength)
    asked.client.add_checkpoint(asked.log.request(0, 300))
    asked.refuses(replace(asked.log.request(300, 300), path=more), 422, ProofLength)
    longer = asked.log.request(300, 700)
    asked.refuses(replace(longer, path=longer.path + more), 422, ProofLength)
    asked.refuses(replace(longer, path=longer.path[:-1]), 422, ProofLength)
    asked.refuses(replace(longer, path=more * len(longer.path)), 422, NotConsistent)


def test_an_empty_log_has_the_empty_root() -> None:
    """RFC 6962, 2.1: the hash of nothing; any other is refused."""
    log = PublishedLog()
    witness = Witness(NAME, KeyPair.generate(), {log.origin: [log.key]}, MemoryFileStore(), SystemClock())
    text, _ = parse_note(log.signed(0))
    lines = text.split("\n")
    lines[2] = "A" * 43 + "="
    wrong = "\n".join(lines)
    signature = NoteSignature(log.origin, key_id(log.key), log.keys.sign(wrong.encode()))
    with pytest.raises(NotConsistent):
        witness.add_checkpoint(AddCheckpoint(0, (), signed_note(wrong, [signature])))
    witness.add_checkpoint(log.request(0, 0))


def test_monitors_get_the_latest_checkpoint_with_both_signatures(asked: Asked) -> None:
    hashed = origin_hash(asked.log.origin)
    with pytest.raises(UnknownLog):
        asked.witness.checkpoint(hashed)
    for old, new in ((0, 300), (300, 700)):
        request = asked.log.request(old, new)
        lines = asked.client.add_checkpoint(request)
        assert asked.witness.checkpoint(hashed) == request.checkpoint + lines
        if asked.url:
            reply = requests.get(f"{asked.url}/{hashed}/checkpoint", timeout=5)
            assert (reply.status_code, reply.text) == (200, request.checkpoint + lines)
            assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    with pytest.raises(UnknownLog):
        asked.witness.checkpoint(origin_hash("someone/else"))


MALFORMED = {
    "nothing": b"",
    "no UTF-8": b"old 0\n\n\xff\xfe\n",
    "a leading zero": b"old 00\n\nx\n",
    "a sign": b"old -1\n\nx\n",
    "no number": b"old x\n\nx\n",
    "a number beyond all logs": b"old " + b"9" * 19 + b"\n\nx\n",
    "no empty line": b"old 0\nx\n",
    "no checkpoint": b"old 0\n\n",
    "64 hashes": b"old 1\n" + b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 64 + b"\nx\n",
    "a short hash": b"old 1\nAAAA\n\nx\n",
    "a note without a checkpoint": b"old 0\n\nhello\n\n\xe2\x80\x94 a AAAAAAAA\n",
    "carriage returns": b"old 0\r\n\r\nx\r\n",
}


@pytest.mark.parametrize("asked", ["over HTTP"], indirect=True)
@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in MALFORMED.items()])
def test_what_is_no_request_gets_400(asked: Asked, body: bytes) -> None:
    reply = asked.post(body)
    assert (reply.status_code, reply.json()["error"]) == (400, "MalformedMessage")


@pytest.mark.parametrize("asked", ["over HTTP"], indirect=True)
def test_statuses_and_media_types_are_those_of_the_specification(asked: Asked) -> None:
    accepted = asked.post(add_checkpoint_text(asked.log.request(0, 300)).encode())
    assert (accepted.status_code, accepted.text[:2]) == (200, "— ")
    conflict = asked.post(add_checkpoint_text(asked.log.request(0, 300)).encode())
    assert (conflict.status_code, conflict.content) == (409, b"300\n")
    assert conflict.headers["Content-Type"] == "text/x.tlog.size"
    assert asked.post(b"a" * 300_000).status_code == 413
    assert requests.get(f"{asked.url}/add-checkpoint", timeout=5).status_code == 405
    assert requests.get(f"{asked.url}/..%2f..%2fetc/checkpoint", timeout=5).status_code == 404
    assert requests.get(f"{asked.url}/{'0' * 64}/checkpoint", timeout=5).status_code == 404
