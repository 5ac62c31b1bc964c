"""A mirror's service follows its source by itself, says what keeps it from being in step, and serves what it has."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from certchain.errors import PeerUnavailable
from certchain.roles.mirror import Mirror
from certchain.services import mirror_app, running
from tests.published import PublishedLog


@dataclass
class Following:
    log: PublishedLog
    source: "Source"
    url: str

    def status(self) -> Any:
        return requests.get(f"{self.url}/status", timeout=5).json()

    def until(self, holds: Callable[[Any], bool]) -> Any:
        """The status, once it is as it should be."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            status = self.status()
            if holds(status):
                return status
            time.sleep(0.02)
        raise AssertionError(status)


class Source(PublishedLog):
    """A log that is away when a test says so."""

    away = False
    broken = False

    def checkpoint(self) -> str:
        if self.broken:
            raise ZeroDivisionError
        if self.away:
            raise PeerUnavailable("the log", "it is gone")
        return super().checkpoint()


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Following]:
    source = Source().append(300)
    source.publish()
    with running(mirror_app(Mirror(source, tmp_path, source.verify), interval=0.05)) as url:
        yield Following(source, source, url)


def test_a_mirror_follows_while_it_is_served(following: Following) -> None:
    assert following.until(lambda status: status.get("size") == 300)["problem"] is None
    following.source.append(400).publish()
    following.until(lambda status: status["size"] == 700)
    assert requests.get(f"{following.url}/tile/0/001", timeout=5).content == following.log.tile(0, 1)


def test_a_source_that_is_away_is_waited_for(following: Following) -> None:
    synced = following.until(lambda status: status.get("synced_at"))["synced_at"]
    following.source.away = True
    status = following.until(lambda status: status["problem"])
    assert (status["problem"], status["size"]) == ("PeerUnavailable", 300)
    assert abs(status["synced_at"] - synced) < 10
    assert requests.get(f"{following.url}/tile/0/000", timeout=5).ok
    following.source.away = False
    following.until(lambda status: status["problem"] is None)


def test_a_fork_is_named_and_not_served(following: Following) -> None:
    following.until(lambda status: status.get("size") == 300)
    fork = following.log.twin(200).append(300)
    following.source.note = fork.publish()
    following.source.store = fork.store
    status = following.until(lambda status: status["problem"])
    assert (status["problem"], status["size"]) == ("NotConsistent", 300)


def test_a_fault_does_not_end_it(following: Following, caplog: pytest.LogCaptureFixture) -> None:
    following.source.broken = True
    following.until(lambda status: status.get("problem") == "InternalServerError")
    following.source.broken = False
    following.until(lambda status: status["problem"] is None)
    assert "ZeroDivisionError" in caplog.text
