"""`certchain log follow`: what is published is shown once it is verified, and a log that is away is waited for."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from certchain.cli.log.follow import Following
from certchain.errors import (
    CheckpointInvalid,
    CheckpointOutdated,
    NotConsistent,
    PeerUnavailable,
    TileInvalid,
    UnknownRecord,
)
from certchain.log import LogSource
from certchain.models.log import TILE_WIDTH
from tests.program import Program
from tests.published import PublishedLog


@pytest.fixture
def log() -> PublishedLog:
    log = PublishedLog().append(700)
    log.publish(300)
    return log


def seen(following: Following) -> list[tuple[int, int]]:
    return [(leaf.index, size) for leaf, size in following.look()]


def test_the_last_leaves_are_shown_and_then_each_that_comes(log: PublishedLog) -> None:
    following = Following(log, log.keys.public)
    assert seen(following) == [(index, 300) for index in range(290, 300)]
    assert seen(following) == []
    log.publish()
    assert seen(following) == [(index, 700) for index in range(300, 700)]


def test_what_was_shown_before_the_log_went_away_is_not_shown_again(log: PublishedLog) -> None:
    following = Following(log, log.keys.public)
    started = following.look()
    assert [next(started)[0].index for _ in range(4)] == [290, 291, 292, 293]
    assert seen(following) == [(index, 300) for index in range(294, 300)]


def test_what_the_logs_server_has_not_signed_is_not_shown(log: PublishedLog) -> None:
    with pytest.raises(CheckpointInvalid):
        seen(Following(log, PublishedLog().keys.public))


def test_another_log_or_an_earlier_one_than_was_followed_is_refused(log: PublishedLog) -> None:
    following = Following(log, log.keys.public)
    seen(following)
    twin = log.twin(200).append(400)
    twin.publish()
    following.source = twin
    with pytest.raises(NotConsistent):
        seen(following)
    following.source = log
    log.publish(299)
    with pytest.raises(CheckpointOutdated):
        seen(following)
    log.publish(301)
    assert seen(following) == [(300, 301)]


@dataclass
class Forged:
    """A log whose leaves are another's."""

    log: PublishedLog
    other: PublishedLog = field(default_factory=lambda: PublishedLog().append(700))

    def checkpoint(self) -> str:
        return self.log.checkpoint()

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self.log.tile(level, index, width)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        return self.other.bundle(index, width)


def test_leaves_that_are_not_of_the_signed_tree_are_not_shown(log: PublishedLog) -> None:
    with pytest.raises(TileInvalid):
        seen(Following(Forged(log), log.keys.public))


@dataclass
class Wavering:
    """A log that is not published at first, and away for a while after."""

    log: LogSource
    answers: Iterator[Exception] = field(
        default_factory=lambda: iter(
            [UnknownRecord("checkpoint", "a"), PeerUnavailable("a", "gone"), PeerUnavailable("a", "gone")]
        )
    )

    def checkpoint(self) -> str:
        for answer in self.answers:
            raise answer
        return self.log.checkpoint()

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self.log.tile(level, index, width)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        return self.log.bundle(index, width)


def test_a_log_that_is_not_published_yet_or_away_is_waited_for(
    sessions: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certchain.cli.log.follow.served_source", lambda workspace, _: Wavering(workspace.log.beside))
    shown = sessions("log", "follow", "--url", "http://a", "--interval", "0.1", "--count", "3")
    assert shown.code == 0
    assert [line.split()[1] for line in shown.out.splitlines()] == ["0", "1", "2"]
    assert shown.err.splitlines() == ["a does not answer: gone. It is waited for."]


def test_whoever_follows_sees_what_was_published_and_then_what_comes(sessions: Program, earlier: list[str]) -> None:
    def later() -> None:
        time.sleep(0.5)
        Program(sessions.home, sessions.chain, sessions.capture).quietly("log", "flush")

    sessions.json("log", "hold", "case-7", "--user", "alice", "--reason", "a court's order").value()
    publisher = threading.Thread(target=later)
    publisher.start()
    published = len(earlier) + 3
    shown = sessions.json("log", "follow", "--count", str(published + 1), "--interval", "0.1")
    publisher.join()
    lines = [json.loads(line) for line in shown.out.splitlines() if "commitment" in line]
    before = [(index, published) for index in range(published)]
    assert [(line["entry"], line["size"]) for line in lines] == [*before, (published, published + 1)]
    assert f"entry {published}  20" in sessions("log", "follow", "--count", str(published + 1)).out


def test_a_log_that_is_not_there_cannot_be_followed(deployed: Program) -> None:
    deployed.json("log", "follow").refusal(69, "StorageUnavailable")
    deployed.json("log", "follow", "--url", "http://127.0.0.1:9").refusal(69, "PeerUnavailable")
    deployed.json("log", "follow", "--url", "ftp://127.0.0.1").refusal(65, "MalformedValue")
