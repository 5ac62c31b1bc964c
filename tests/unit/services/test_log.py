"""A log's service shows what its checkpoint covers, as C2SP tlog-tiles has it, and nothing else of the machine that it runs on."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from certchain.errors import StorageUnavailable
from certchain.merkle import tree_root
from certchain.models.log import TILE_WIDTH
from certchain.services import log_app, published_app, running
from certchain.storage import DirectoryFileStore, DirectoryReader, MemoryLogStore
from tests.log_entries import group, leaf_hashes
from tests.published import PublishedLog

SIZE = 256 + 44


@dataclass
class Served:
    log: PublishedLog
    url: str

    def get(self, path: str, **headers: str) -> requests.Response:
        """Asks for a path exactly as it is written."""
        request = requests.Request("GET", self.url, headers=headers).prepare()
        request.url = f"{self.url}{path}"
        with requests.Session() as session:
            return session.send(request, timeout=5, allow_redirects=False)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    log = PublishedLog().append(SIZE)
    log.publish()
    log.append(500)
    with running(log_app(log, anchored=lambda: log.signed(200))) as url:
        yield Served(log, url)


def test_the_checkpoint_is_text_that_is_not_kept(served: Served) -> None:
    reply = served.get("/checkpoint")
    assert (reply.status_code, reply.content.decode()) == (200, served.log.note)
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "level", "index", "width"),
    [
        ("/tile/0/000", 0, 0, 256),
        ("/tile/0/001.p/44", 0, 1, 44),
        ("/tile/1/000.p/1", 1, 0, 1),
        ("/tile/0/000.p/9", 0, 0, 9),
    ],
)
def test_a_tile_is_bytes_that_are_kept_for_ever(served: Served, path: str, level: int, index: int, width: int) -> None:
    reply = served.get(path)
    assert (reply.status_code, reply.content) == (200, served.log.tile(level, index, width))
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert "immutable" in reply.headers["Cache-Control"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br;q=1, gzip;q=0.5", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0", False),
        ("", False),
    ],
)
def test_a_bundle_is_compressed_for_those_who_take_it(served: Served, accepted: str, packed: bool) -> None:
    reply = requests.get(
        f"{served.url}/tile/entries/000", headers={"Accept-Encoding": accepted}, stream=True, timeout=5
    )
    body = reply.raw.read(decode_content=False)
    assert reply.headers.get("Content-Encoding") == ("gzip" if packed else None)
    assert reply.headers["Vary"] == "Accept-Encoding"
    assert (gzip.decompress(body) if packed else body) == served.log.bundle(0)


HOSTILE = [
    *(
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/000.p/01",
        "/tile/0/000.p/-1",
        "/tile/0/000.p/",
        "/tile/0/000.p/9/",
    ),
    *(
        "/tile/00/000",
        "/tile/0/0",
        "/tile/0/0000",
        "/tile/0/x000/000",
        "/tile/0/x00/000",
        "/tile/-1/000",
        "/tile/64/000",
    ),
    *("/tile/0/999", "/tile/0/x999/x999/x999/x999/x999/999", f"/tile/0/{'x999/' * 50}999", f"/tile/{'9' * 5000}/000"),
    *(
        "/tile/0/001",
        "/tile/0/001.p/45",
        "/tile/1/000",
        "/tile/1/000.p/2",
        "/tile/2/000.p/1",
        "/tile/entries/001",
        "/tile/0/002.p/1",
    ),
    *(
        "/tile/../checkpoint",
        "/tile/%2e%2e/checkpoint",
        "/tile/0/..%2f..%2f..%2fetc%2fpasswd",
        "/tile//etc/passwd",
        "/../../etc/passwd",
    ),
    *(
        "/tile/entries/%00",
        "/tile/0/\u0660\u0660\u0660",
        "/tile/0/000%0a",
        "/tile/entries/000.p/\ud83d",
        "/tile/",
        "/tile",
        "/tile/0/000/",
        "/log.html",
    ),
    *("/entries", "/docs", "/openapi.json", "/redoc", "/checkpoint/", "/status/"),
]


@pytest.mark.parametrize("path", HOSTILE)
def test_what_is_no_resource_is_not_found(served: Served, path: str) -> None:
    """Numbers in another spelling, beyond the checkpoint or beyond every log, and ways out of the tree."""
    reply = served.get(path.encode(errors="surrogatepass").decode("latin-1"))
    assert reply.status_code == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "root" not in reply.text


def test_methods_that_change_something_are_refused(served: Served) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for path in ("checkpoint", "tile/0/000", "status", ""):
            assert requests.request(method, f"{served.url}/{path}", timeout=5).status_code == 405
    assert requests.head(f"{served.url}/checkpoint", timeout=5).status_code == 200


def test_the_status_says_how_far_log_and_chain_are(served: Served) -> None:
    status = served.get("/status").json()
    assert (status["origin"], status["size"], status["anchored_size"]) == (served.log.origin, SIZE, 200)
    assert f"\n{status['root']}\n" in served.log.note


def test_a_log_that_has_published_nothing_has_nothing(tmp_path: Path) -> None:
    """Its entries may be durable already."""
    store = MemoryLogStore()
    entries = group(0, 300)
    store.append(entries, leaf_hashes(entries))
    with running(published_app(store, DirectoryReader(tmp_path))) as url:
        for path in ("checkpoint", "tile/0/000", "tile/entries/000"):
            reply = requests.get(f"{url}/{path}", timeout=5)
            assert (reply.status_code, reply.json()["error"]) == (404, "UnknownRecord")
        empty = {"origin": None, "size": None, "root": None, "anchored_size": None}
        assert requests.get(f"{url}/status", timeout=5).json() == empty
        assert requests.get(url, timeout=5).status_code == 200


def test_a_process_beside_the_writer_shows_what_it_publishes(tmp_path: Path) -> None:
    """Checkpoint and anchored are read anew each time."""
    log, files = PublishedLog().append(20), DirectoryFileStore(tmp_path)
    with running(published_app(log.store, DirectoryReader(tmp_path))) as url:
        for size, anchored in ((5, None), (20, 5)):
            files.write("checkpoint", [log.publish(size).encode()])
            if anchored:
                files.write("anchored", [log.signed(anchored).encode()])
            status = requests.get(f"{url}/status", timeout=5).json()
            assert (status["size"], status["anchored_size"]) == (size, anchored)
            assert requests.get(f"{url}/tile/0/000.p/6", timeout=5).ok == (size >= 6)
    assert tree_root(log, 20) is not None


@pytest.mark.parametrize("name", ["checkpoint", "anchored"])
def test_a_file_that_was_spoiled_beside_is_no_mistake_of_the_service(name: str, tmp_path: Path) -> None:
    log, files = PublishedLog().append(20), DirectoryFileStore(tmp_path)
    with running(published_app(log.store, DirectoryReader(tmp_path))) as url:
        for each in ("checkpoint", "anchored"):
            files.write(each, [log.publish(20).encode()])
        assert requests.get(f"{url}/status", timeout=5).json()["anchored_size"] == 20
        files.write(name, [b"\xff\xfe"])
        reply = requests.get(f"{url}/status", timeout=5)
        assert (reply.status_code, reply.json()["error"]) == (503, "StorageUnavailable")


class Broken(PublishedLog):
    """A log whose disk is gone."""

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        raise StorageUnavailable("/secret/folder: Input/output error")

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        raise ZeroDivisionError("/secret/folder")


def test_a_refusal_names_the_error_and_nothing_of_the_machine(caplog: pytest.LogCaptureFixture) -> None:
    """The operator's own log has the rest."""
    log = Broken().append(300)
    log.publish()
    with running(log_app(log)) as url:
        away, fault = (requests.get(f"{url}/tile/{path}/000", timeout=5) for path in ("0", "entries"))
    assert (away.status_code, away.json()["error"], away.headers["Retry-After"]) == (503, "StorageUnavailable", "5")
    assert away.json()["advice"].endswith(".")
    assert (fault.status_code, fault.json()["error"]) == (500, "InternalServerError")
    assert "secret" not in away.text + fault.text + str(away.headers) + str(fault.headers)
    assert "/secret/folder: Input/output error" in caplog.text
