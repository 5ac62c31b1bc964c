"""Asking custodians at once: the first good answers count, nobody waits for the slow, and no queue grows behind the silent."""

import threading
import time

import pytest

from certchain.errors import PeerUnavailable, ShareWrong
from certchain.models.identifier import ServiceId
from certchain.roles.certification_server import inquiry
from certchain.roles.certification_server.inquiry import Inquiry
from certchain.roles.certification_server.trouble import CustodianTroubles, Troubles

MINA, NOAH, OLGA = (ServiceId(number) for number in (5, 6, 7))


def gone() -> str:
    raise PeerUnavailable("It", "it is gone")


def lying() -> str:
    raise ShareWrong(NOAH, "it lies")


@pytest.fixture
def silence() -> threading.Event:
    return threading.Event()


def test_enough_good_answers_are_all_that_is_waited_for(silence: threading.Event) -> None:
    inquiry = Inquiry(Troubles(), 30)
    started = time.monotonic()
    answers = inquiry.ask({MINA: lambda: "a", NOAH: lambda: silence.wait(30) or "b", OLGA: lambda: "c"}, 2)
    assert time.monotonic() - started < 5
    assert (answers.good, answers.troubles) == ({MINA: "a", OLGA: "c"}, {})
    silence.set()
    inquiry.settle()


def test_each_trouble_has_its_kind_and_its_name() -> None:
    inquiry = Inquiry(Troubles(), 5)
    answers = inquiry.ask({MINA: gone, NOAH: lying, OLGA: lambda: "c"}, 2)
    assert answers.good == {OLGA: "c"}
    assert answers.complaint.startswith(f"custodian {MINA}: ")
    assert answers.complaint.endswith(f"custodian {NOAH}: it lies")
    assert inquiry.troubles.counted() == {MINA: CustodianTroubles(0, 1), NOAH: CustodianTroubles(1, 0)}


def test_a_full_line_takes_no_more(silence: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is bounded, also while every question has time left."""
    monkeypatch.setattr(inquiry, "MOST_WAITING", 1)
    asking = Inquiry(Troubles(), 0.05)
    for _ in range(inquiry.AT_ONCE):
        asking.ask({MINA: lambda: silence.wait(30) or "late"}, 1)
    asking = Inquiry(asking.troubles, 30, asking._lines)
    waiting = threading.Thread(target=lambda: asking.ask({MINA: lambda: "soon"}, 1))
    waiting.start()
    while not asking._lines[MINA]._waiting:
        time.sleep(0.001)
    assert asking.ask({MINA: lambda: "never"}, 1).troubles == {MINA: "it has not answered earlier questions"}
    silence.set()
    waiting.join(5)
    asking.settle()


def test_a_question_whose_time_is_over_is_not_asked(silence: threading.Event) -> None:
    asking, asked = Inquiry(Troubles(), 0.05), list[int]()
    for _ in range(inquiry.AT_ONCE):
        asking.ask({MINA: lambda: silence.wait(30) or "late"}, 1)
    asking.ask({MINA: lambda: asked.append(1) or "never"}, 1)
    silence.set()
    asking.settle()
    assert asked == []
    assert asking.ask({MINA: lambda: "again"}, 1).good == {MINA: "again"}
    asking.settle()
