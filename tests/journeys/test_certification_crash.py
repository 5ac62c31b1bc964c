"""Every step C1 to C16 is killed on each side in turn: the system serves again, and no control is without a durable entry (5.6)."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest

from tests.crash_centre import Centre, centre
from tests.crash_scene import CHAIN, FORKS, KEEPERS, LOCK, PATIENCE, PHONE, SERVER, Failed

CERTIFY, GUESS, FLUSH = "certify", "guess", "flush"


@dataclass(frozen=True)
class Kill:
    """One row: at which step, whom, and when in words; ``at`` stands still at ``point`` of the deed, and ``victim`` is killed then."""

    step: str
    victim: str
    when: str
    at: str
    point: str
    deed: str = CERTIFY

    def __str__(self) -> str:
        return f"{self.step}: {self.victim}, {self.when}"


def asked(asks: str, answers: str, message: str, step: str, answer_step: str, deed: str = CERTIFY) -> tuple[Kill, ...]:
    """A message and its answer: each of the two is killed wherever one of them has it."""
    return (
        Kill(step, asks, f"before it sends the {message}", asks, f"sending {message}", deed),
        Kill(step, asks, f"while the {answers} has the {message}", answers, f"asked {message}", deed),
        Kill(step, answers, f"on receiving the {message}", answers, f"asked {message}", deed),
        Kill(answer_step, answers, f"before it answers the {message}", answers, f"answering {message}", deed),
        Kill(answer_step, asks, f"while the {message} is being answered", answers, f"answering {message}", deed),
        Kill(answer_step, asks, f"on receiving the answer to the {message}", asks, f"told of {message}", deed),
    )


def around(step: str, victim: str, seam: str, what: str, deed: str = CERTIFY) -> tuple[Kill, ...]:
    """Something that one side does with its disk or the chain."""
    return (
        Kill(step, victim, f"before {what}", victim, f"before {seam}", deed),
        Kill(step, victim, f"after {what}", victim, f"after {seam}", deed),
    )


SESSION = (
    Kill("C1", PHONE, "before it opens the channel", PHONE, "opening the channel"),
    Kill("C1", PHONE, "while the device looks up who opens the channel", LOCK, "asked who opens the channel"),
    Kill("C1", LOCK, "while it looks up who opens the channel", LOCK, "asked who opens the channel"),
    *asked(PHONE, LOCK, "Login", "C1", "C2"),
    *around("C2", LOCK, "login book.write logins", "the attempt is counted"),
    *asked(PHONE, LOCK, "Login", "C1", "C2", GUESS)[3:],
    *asked(LOCK, SERVER, "LoginFailure", "C2", "C2", GUESS),
    *around("C2", SERVER, "database.count_failure", "the failure is counted", GUESS),
    *around("C2", SERVER, "log.append", "the failure is durable in the log", GUESS),
    *asked(PHONE, LOCK, "UserDeviceStatement", "C3", "C7"),
    *asked(LOCK, SERVER, "CertificationRequest", "C4", "C6"),
    *around("C5", SERVER, "database.app door", "the app is looked up"),
    *around("C8", PHONE, "chain.method_factors", "the method is read"),
    *asked(PHONE, LOCK, "Certification", "C9", "C14"),
    *asked(LOCK, SERVER, "CertificationForward", "C10", "C13"),
    *around("C11", SERVER, "chain.method_factors", "the method is read"),
    *asked(SERVER, KEEPERS, "ShareQuestion", "C12", "C12"),
    *around("C13", SERVER, "log.append", "the entry is durable"),
    *asked(PHONE, LOCK, "Command", "C15", "C15"),
    Kill("C15", LOCK, "before it carries the command out", LOCK, "before the command"),
    Kill("C15", LOCK, "after it has carried the command out", LOCK, "after the command"),
    *around("C16", SERVER, "notes.write signed", "the checkpoint is kept", FLUSH),
    *around("C16", SERVER, "notes.write checkpoint", "the checkpoint is published", FLUSH),
    *around("C16", SERVER, "chain.append", "the transaction", FLUSH),
    *around("C16", SERVER, "outbox.put", "the transaction is in the outbox", FLUSH),
    *around("C16", SERVER, "outbox.remove", "the transaction's outcome is known", FLUSH),
    *around("C16", SERVER, "notes.write anchored", "the anchored checkpoint is kept", FLUSH),
    Kill("C1", CHAIN, "while the device looks up who opens the channel", LOCK, "asked who opens the channel"),
    Kill("C11", CHAIN, "before the method is read", SERVER, "before chain.method_factors"),
    Kill("C16", CHAIN, "before the transaction", SERVER, "before outbox.put", FLUSH),
    Kill("C16", CHAIN, "after the transaction", SERVER, "before outbox.remove", FLUSH),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    FORKS.set_forkserver_preload(["tests.crash_parties"])
    with centre(Path(tmp_path_factory.mktemp("centre"))) as found:
        yield found


@pytest.mark.parametrize("row", SESSION, ids=str)
def test_whoever_is_killed_at_a_step_comes_again_and_certifies(home: Centre, row: Kill) -> None:
    """What is on the disks, on the chain and in people's hands agrees, and a new session of the pair is certified."""
    wrong = home.refused.count(("C2", "LoginRefused"))
    if row.deed == FLUSH:
        home.certify()
    deed = {CERTIFY: (CERTIFY, home.secret), GUESS: (CERTIFY, "guessed"), FLUSH: (FLUSH,)}[row.deed]

    home.kill_at(row.at, row.point, row.victim, deed)

    home.certify()
    home.examine()
    assert {failed.kind for failed in home.interrupted} <= {"outage", "refusal"}, home.interrupted
    if row.deed == GUESS:
        told = home.refused.count(("C2", "LoginRefused")) - wrong
        assert told in {1, 2}, "a wrong login is in the log, once for each time that the server took the report"
        assert home.book().unreported == ()
