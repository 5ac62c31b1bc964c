"""Entries come in over HTTP from whoever has the token, are durable when they are answered, and otherwise are not in the log."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cbor2
import pytest
import requests

from certchain.encoding.entry import entry_bytes, read_entry
from certchain.encoding.message import to_cbor
from certchain.errors import (
    CertchainError,
    LedgerUnavailable,
    LogBacklogFull,
    LogBusy,
    MalformedValue,
    StorageUnavailable,
)
from certchain.models.entry import ErasureEntry, HoldEntry, RetentionEntry, Subject, SubjectKind
from certchain.services import Submission, engine_app, running
from tests.logbook import Logbook, login

TOKEN = "t" * 32
ALICE = Subject(SubjectKind.USER, 1)


@dataclass
class Submitted:
    """A log's service, and someone who submits to it."""

    book: Logbook
    url: str

    def post(self, body: bytes, token: str | None = TOKEN, **headers: str) -> requests.Response:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return requests.post(f"{self.url}/entries", body, headers=headers, timeout=10)

    def refuses(self, reply: requests.Response, status: int, error: str) -> None:
        """Nothing of it is in the log."""
        assert (reply.status_code, reply.json()["error"]) == (status, error)
        assert self.book.store.size() == 0


@pytest.fixture
def submitted() -> Iterator[Submitted]:
    book = Logbook()
    with running(engine_app(book.engine, TOKEN)) as url:
        yield Submitted(book, url)


def body(*entries: Any) -> bytes:
    return to_cbor(tuple(entry_bytes(entry) for entry in entries))


def test_entries_are_in_the_log_when_they_are_answered(submitted: Submitted) -> None:
    entries = [login(number) for number in (1, 2, 3)]
    first = submitted.post(body(*entries))
    assert first.headers["Content-Type"] == "application/cbor"
    assert cbor2.loads(first.content) == {"first_index": 0, "count": 3, "behind": 3}
    second = submitted.post(body(login(4)))
    assert cbor2.loads(second.content) == {"first_index": 3, "count": 1, "behind": 4}
    kept = [logged.body.entry for logged in submitted.book.everything() if logged.body]
    assert kept[:3] == entries


def test_a_thousand_entries_at_once_are_the_most(submitted: Submitted) -> None:
    entries = [login() for _ in range(1001)]
    submitted.refuses(submitted.post(body(*entries)), 413, "RequestTooLarge")
    assert cbor2.loads(submitted.post(body(*entries[:1000])).content)["count"] == 1000


def test_those_who_submit_at_once_get_places_of_their_own(submitted: Submitted) -> None:
    places: list[int] = []

    def submit() -> None:
        for _ in range(5):
            answer = cbor2.loads(submitted.post(body(*[login() for _ in range(20)])).content)
            places.extend(range(answer["first_index"], answer["first_index"] + answer["count"]))

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(places) == list(range(800))


@pytest.mark.parametrize("token", [None, "", "t" * 31, "t" * 33, "T" * 32, "é" * 32])
def test_without_the_token_nothing_is_taken(submitted: Submitted, token: str | None) -> None:
    header = None if token is None else token.encode().decode("latin-1")
    reply = submitted.post(body(login()), header)
    submitted.refuses(reply, 401, "TokenRefused")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_another_way_to_show_the_token_is_refused(submitted: Submitted) -> None:
    submitted.refuses(submitted.post(body(login()), None, Authorization=f"Basic {TOKEN}"), 401, "TokenRefused")
    submitted.refuses(submitted.post(body(login()), None, Authorization=TOKEN), 401, "TokenRefused")
    submitted.refuses(requests.post(f"{submitted.url}/entries?token={TOKEN}", timeout=5), 401, "TokenRefused")


def test_a_short_token_is_no_token() -> None:
    book = Logbook()
    with pytest.raises(MalformedValue):
        Submission(book.engine.writer, lambda: 0, "t" * 31)
    assert TOKEN not in repr(Submission(book.engine.writer, lambda: 0, TOKEN))


ENTRY = entry_bytes(login())
MALFORMED = {
    "nothing": b"",
    "no CBOR": b"\xff\x00",
    "JSON": b'["a"]',
    "no array": cbor2.dumps(ENTRY),
    "a text in it": cbor2.dumps([ENTRY.hex()]),
    "an entry that is not one": cbor2.dumps([ENTRY, b"entry"]),
    "an entry with something behind it": cbor2.dumps([ENTRY + b"\x00"]),
    "an entry in another spelling": cbor2.dumps([cbor2.dumps({**cbor2.loads(ENTRY), "more": 1})]),
    "something behind the array": cbor2.dumps([ENTRY]) + b"\x00",
    "an array without an end": b"\x9f" + cbor2.dumps(ENTRY) + b"\xff",
    "an array that promises more": b"\x9b" + b"\xff" * 8,
    "arrays in arrays": b"\x81" * 100_000,
}


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in MALFORMED.items()])
def test_what_is_no_array_of_entries_is_refused_whole(submitted: Submitted, content: bytes) -> None:
    submitted.refuses(submitted.post(content), 400, "MalformedMessage")


def test_no_entries_are_none_to_take(submitted: Submitted) -> None:
    submitted.refuses(submitted.post(cbor2.dumps([])), 400, "MalformedValue")


@pytest.mark.parametrize(
    "entry", [HoldEntry(ALICE, "case 1", "court"), ErasureEntry(ALICE, 2**40, "asked"), RetentionEntry(1, "law")]
)
def test_a_token_does_not_speak_for_the_log_itself(submitted: Submitted, entry: Any) -> None:
    """Or whoever found it could have everything erased, or lift a hold."""
    reply = submitted.post(body(login(), entry))
    submitted.refuses(reply, 400, "MalformedMessage")
    assert "not a login" in reply.json()["detail"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(submitted: Submitted) -> None:
    submitted.refuses(submitted.post(bytes(1 << 21)), 413, "RequestTooLarge")
    submitted.refuses(submitted.post(iter([bytes(1 << 16)] * 20)), 413, "RequestTooLarge")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status", "after"),
    [
        (LogBusy(20_000, 20_000), 429, "1"),
        (LogBacklogFull(7, 7), 503, "30"),
        (StorageUnavailable("No space left"), 503, "5"),
    ],
)
def test_what_can_be_tried_again_says_when(
    submitted: Submitted, monkeypatch: pytest.MonkeyPatch, error: CertchainError, status: int, after: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(type(submitted.book.engine.writer), "submit_bodies", refuse)
        reply = submitted.post(body(login()))
    submitted.refuses(reply, status, type(error).__name__)
    assert reply.headers["Retry-After"] == after
    assert submitted.post(body(login())).status_code == 200


def test_a_full_disk_is_said_to_be_so_and_loses_nothing(submitted: Submitted) -> None:
    submitted.book.engine.keeper.stop()  # which would touch the fuse, too
    submitted.book.fuse.fault = lambda: StorageUnavailable("No space left on device")
    submitted.book.fuse.arm(3)  # the keys are issued; the store takes no more
    submitted.refuses(submitted.post(body(login())), 503, "StorageUnavailable")
    submitted.book.fuse.disarm()
    assert cbor2.loads(submitted.post(body(login())).content)["first_index"] == 0


def test_the_service_publishes_what_it_takes_and_brings_it_to_the_chain(submitted: Submitted) -> None:
    submitted.post(body(login()))
    submitted.book.flush()
    status = requests.get(f"{submitted.url}/status", timeout=5).json()
    assert (status["size"], status["anchored_size"]) == (1, 1)
    assert (status["durable_size"], status["chain_size"], status["behind"]) == (1, 1, 0)
    assert not status["publication_held_up"]
    assert not status["anchor_held_up"]
    assert read_entry(ENTRY)


def test_the_status_says_that_the_chain_holds_it_up_and_not_where_the_chain_is(submitted: Submitted) -> None:
    submitted.book.engine.keeper.stop()  # which would touch the fuse, too
    submitted.post(body(login()))
    submitted.book.fuse.fault = lambda: LedgerUnavailable("no answer from http://192.0.2.1:8545")
    submitted.book.fuse.arm(1)
    with pytest.raises(LedgerUnavailable):
        submitted.book.flush()
    reply = requests.get(f"{submitted.url}/status", timeout=5)
    assert reply.json()["publication_held_up"] or reply.json()["anchor_held_up"]
    assert "192.0.2.1" not in reply.text


def test_a_service_without_a_token_takes_nothing() -> None:
    book = Logbook()
    with running(engine_app(book.engine)) as url:
        assert requests.post(f"{url}/entries", body(login()), timeout=5).status_code == 404
    assert book.store.size() == 0
