"""The page of a log's service in a real browser: it follows the log, and does not show as checked what is not of the log."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from certchain.config import SystemClock
from certchain.keys import KeyPair
from certchain.models.log import TILE_WIDTH
from certchain.roles.witness import Witness
from certchain.services import log_app, running
from certchain.storage import MemoryFileStore
from tests.browser import page
from tests.published import PublishedLog

SIZE = 256 * 256 + 3
"""The newest entries are in a bundle of three, and in full ones below full tiles of two levels."""


@dataclass
class Shown:
    """A log as a server shows it to the page: ``turns`` says what happens before it is asked for the n-th time."""

    log: PublishedLog
    anchored: str | None = None
    turns: dict[int, Callable[["Shown"], None]] = field(default_factory=dict)
    changed: tuple[str, int] | None = None
    asked: int = 0

    def turn(self) -> dict[str, int]:
        self.asked += 1
        self.turns.get(self.asked, lambda _: None)(self)
        return {}

    def checkpoint(self) -> str:
        return self.log.checkpoint()

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._row(("tile", level), self.log.tile(level, index, width))

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._row(("bundle", index), self.log.bundle(index, width))

    def _row(self, place: tuple[str, int], row: bytes) -> bytes:
        return row[:-1] + bytes([row[-1] ^ 1]) if place == self.changed else row


def published(size: int) -> PublishedLog:
    log = PublishedLog().append(size)
    log.publish()
    return log


def visit(shown: Shown, profile: Path, seconds: int = 5) -> str:
    with running(log_app(shown, anchored=lambda: shown.anchored, more_status=shown.turn)) as url:
        return page(url, profile, seconds)


def state(html: str) -> str:
    """What the page says it found, and its sentence."""
    (found,) = re.findall(r'<body data-state="([a-z]+)"', html)
    (verdict,) = re.findall(r'id="verdict"[^>]*>([^<]*)<', html)
    return f"{found}: {verdict}"


def text(html: str, element: str) -> str:
    (found,) = re.findall(rf'<([a-z]+)[^>]* id="{element}">(.*?)</\1>', html, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", found[1]).strip()


def test_the_page_shows_the_log_and_has_found_its_newest_entries_in_the_tree(tmp_path: Path) -> None:
    log, keys = published(SIZE), KeyPair.generate()
    witness = Witness("witness.example/one", keys, {log.origin: [log.key]}, MemoryFileStore(), SystemClock())
    log.cosigned(witness.add_checkpoint(log.request(0, SIZE)), {witness.name: keys.public.signing})
    html = visit(Shown(log, anchored=log.signed(65_000)), tmp_path)
    assert state(html).startswith("checked: ✓ The newest 20 entries")
    assert (text(html, "size"), text(html, "anchored"), text(html, "origin")) == ("65,539", "65,000", log.origin)
    assert f"\n{text(html, 'root')}\n" in log.note
    assert "witness.example/one" in text(html, "cosignatures")
    leaves = text(html, "leaves")
    for sealed in log.store.entries(SIZE - 20, 20):
        assert sealed.leaf.commitment.value.hex() in leaves
    assert leaves.count("✓ found") == 20


def test_the_page_follows_the_log_while_it_grows(tmp_path: Path) -> None:
    """It compares what there is with what there was."""
    log = PublishedLog().append(1000)
    log.publish(300)
    html = visit(
        Shown(log, turns={2: lambda shown: shown.log.publish(700), 3: lambda shown: shown.log.publish(1000)}),
        tmp_path,
        9,
    )
    assert "continues the log that this page saw first, at 300 entries" in state(html)
    assert text(html, "size") == "1,000"


def fork(shown: Shown) -> None:
    shown.log = shown.log.twin(200).append(800)
    shown.log.publish()


def other(shown: Shown) -> None:
    shown.log = PublishedLog("another/log").append(900)
    shown.log.publish()


BAD_TURNS: dict[str, tuple[Callable[[Shown], object], str]] = {
    "a fork": (fork, "not in it any more"),
    "the log as it was": (lambda shown: shown.log.publish(200), "has 200 now"),
    "another log": (other, "another log"),
}


@pytest.mark.parametrize("bad", BAD_TURNS)
def test_the_page_warns_when_the_log_does_not_continue(bad: str, tmp_path: Path) -> None:
    """And asks no more: what comes after does not make it good."""
    turn, sentence = BAD_TURNS[bad]
    first = published(300)
    again = {2: turn, 3: lambda shown: setattr(shown, "log", first)}
    html = visit(Shown(first, turns=again), tmp_path, 9)  # type: ignore[arg-type]
    assert state(html).startswith("failed: ✗ Do not rely on this log:")
    assert sentence in state(html)


@pytest.mark.parametrize("changed", [("tile", 0), ("tile", 1), ("tile", 2), ("bundle", 256), ("bundle", 255)])
def test_the_page_warns_when_a_row_is_not_of_the_tree(changed: tuple[str, int], tmp_path: Path) -> None:
    """At the right edge, below it, or among the leaves that it would show."""
    html = visit(Shown(published(SIZE), changed=changed), tmp_path)
    assert state(html).startswith("failed:")
    assert "found" not in text(html, "leaves")


def test_a_log_that_has_nothing_is_shown_to_have_nothing(tmp_path: Path) -> None:
    assert state(visit(Shown(published(0)), tmp_path)) == "checked: ✓ The log is empty."


def test_a_name_that_is_markup_is_shown_as_text(tmp_path: Path) -> None:
    """Whoever chooses the name of a log or a witness does not choose what runs in the page."""
    name = "<img/src=x/onerror=document.body.dataset.state='owned'>"
    log, keys = PublishedLog(f"log/{name}").append(3), KeyPair.generate()
    log.publish()
    witness = Witness(name, keys, {log.origin: [log.key]}, MemoryFileStore(), SystemClock())
    log.cosigned(witness.add_checkpoint(log.request(0, 3)), {name: keys.public.signing})
    html = visit(Shown(log), tmp_path)
    assert state(html).startswith("checked:")
    assert "<img" not in html
    assert html.count("&lt;img/src=x") == 2


def test_the_page_may_run_only_its_own_script_and_talk_only_to_its_server() -> None:
    with running(log_app(published(3))) as url:
        reply = requests.get(url, timeout=5)
    policy = dict(part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert all(re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", policy[kind]) for kind in ("script-src", "style-src"))
    assert not re.findall(r"(?:https?:)?//[a-z]", reply.text)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
