"""What a server answers for a log is of the length that was asked for, or it is refused; a partial tile may have become full."""

import socket

import pytest

from certchain.channel.http import TEXT_LIMIT
from certchain.channel.http_connection import _cut
from certchain.channel.tiles import HttpLogSource
from certchain.encoding.leaf_bundle import BUNDLED_LENGTH
from certchain.errors import CertchainError, MalformedMessage, PeerUnavailable, UnknownRecord, UnknownTile
from tests.crooked import Script, crooked, sending, whole
from tests.published import PublishedLog

LOG = PublishedLog().append(300)


def serving(resources: dict[str, bytes]) -> Script:
    """Static files."""

    def script(connection: socket.socket, path: str) -> None:
        found = resources.get(path)
        connection.sendall(whole(b"", "404 Not Found") if found is None else whole(found))

    return script


def test_a_tile_comes_from_the_path_that_the_specification_says() -> None:
    files = {
        "/log/tile/0/001.p/44": LOG.tile(0, 1, 44),
        "/log/tile/entries/000": LOG.bundle(0),
        "/log/checkpoint": b"note\n",
    }
    with crooked(serving(files)) as server:
        source = HttpLogSource(f"{server.url}/log/", timeout=2)
        assert source.tile(0, 1, 44) == LOG.tile(0, 1, 44)
        assert source.bundle(0) == LOG.bundle(0)
        assert source.checkpoint() == "note\n"
        source.close()


def test_the_full_tile_serves_when_the_partial_one_is_gone() -> None:
    """C2SP tlog-tiles: a log may delete a partial tile once the full one is there."""
    with crooked(serving({"/tile/0/000": LOG.tile(0, 0), "/tile/entries/000": LOG.bundle(0)})) as server:
        source = HttpLogSource(server.url, timeout=2)
        assert source.tile(0, 0, 44) == LOG.tile(0, 0, 44)
        assert source.bundle(0, 44) == LOG.bundle(0, 44)
        assert server.paths == ["/tile/0/000.p/44", "/tile/0/000", "/tile/entries/000.p/44", "/tile/entries/000"]


def test_a_tile_that_is_not_there_is_unknown() -> None:
    with crooked(serving({})) as server:
        source = HttpLogSource(server.url, timeout=2)
        with pytest.raises(UnknownTile):
            source.tile(0, 0, 44)
        with pytest.raises(UnknownTile):
            source.tile(3, 0)
        assert server.paths[2:] == ["/tile/3/000"]


ROW = LOG.tile(0, 0)
WRONG_ROWS: dict[str, tuple[bytes, type[CertchainError]]] = {
    "cut short": (whole(ROW[:-1]), MalformedMessage),
    "too long": (whole(ROW + b"\x00"), MalformedMessage),
    "of nothing": (whole(b""), MalformedMessage),
    "cut off on the way": (whole(ROW)[:-9] + b"", PeerUnavailable),
    "a server's error": (whole(b"oh", "500 Oh"), PeerUnavailable),
    "moved": (whole(b"", "301 Moved", "Location: http://192.0.2.1/"), PeerUnavailable),
    "only in part": (whole(ROW[:64], "206 Partial Content"), PeerUnavailable),
}


@pytest.mark.parametrize("wrong", WRONG_ROWS)
def test_a_row_of_another_length_is_refused(wrong: str) -> None:
    answer, error = WRONG_ROWS[wrong]
    with crooked(sending(answer)) as server, pytest.raises(error):
        HttpLogSource(server.url, timeout=0.3).tile(0, 0)


def test_a_bundle_has_its_length_to_the_byte() -> None:
    assert len(LOG.bundle(0)) == BUNDLED_LENGTH * 256
    with crooked(sending(whole(LOG.bundle(0)[:-1]))) as server, pytest.raises(MalformedMessage):
        HttpLogSource(server.url, timeout=1).bundle(0)


WRONG_CHECKPOINTS: dict[str, tuple[bytes, type[CertchainError]]] = {
    "not UTF-8": (whole(b"\xff\xfe"), MalformedMessage),
    "too long": (whole(b"a" * (TEXT_LIMIT + 1)), MalformedMessage),
    "not there": (whole(b"", "404 Not Found"), UnknownRecord),
    "a server's error": (whole(b"", "503 Oh"), PeerUnavailable),
}


@pytest.mark.parametrize("wrong", WRONG_CHECKPOINTS)
def test_what_cannot_be_a_checkpoint_is_refused(wrong: str) -> None:
    answer, error = WRONG_CHECKPOINTS[wrong]
    with crooked(sending(answer)) as server, pytest.raises(error):
        HttpLogSource(server.url, timeout=1).checkpoint()


def test_a_connection_that_is_closed_already_need_not_be_cut() -> None:
    """The answer came just before the time was over."""
    with socket.socket() as closed:
        _cut(closed)
    assert closed.fileno() == -1
