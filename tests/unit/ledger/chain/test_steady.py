"""A contract read at one moment: one question for many reads, and nothing older than the moment."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from certchain.errors import LedgerUnavailable, UnknownRegistration
from certchain.ledger.chain import steady
from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.steady import Shared
from certchain.ledger.node import Program
from certchain.models.identifier import RegistrationId
from certchain.models.registration import RegistrationStatus
from tests.world import World, require_program, world

ACTIVE, SUSPENDED = RegistrationStatus.ACTIVE, RegistrationStatus.SUSPENDED
PATIENCE = 30.0


@pytest.fixture(scope="module", params=["anvil", "ganache", "eth-tester", "memory"])
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Nodes that tell a contract's storage root, one that does not, and the twin in memory."""
    if request.param in {"anvil", "ganache"}:
        require_program(Program(request.param))
    with world(request.param, tmp_path_factory.mktemp("chain")) as made:
        yield made


@pytest.fixture(scope="module")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    require_program(Program.ANVIL)
    with world("anvil", tmp_path_factory.mktemp("anvil")) as made:
        yield made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods of the questions to nodes, from now on."""
    methods: list[str] = []
    ask: Callable[..., Any] = Connection._raw

    def noted(self: Connection, method: str, *params: object) -> Any:
        methods.append(method)
        return ask(self, method, *params)

    monkeypatch.setattr(Connection, "_raw", noted)
    return methods


def test_a_suspension_is_seen_at_the_next_moment(chain: World) -> None:
    """Whatever was read before, and however often."""
    registrations, number = chain["server"].registrations, chain.registration()
    for _ in range(3):
        with registrations.moment():
            assert registrations.registration(number).status is ACTIVE
    registrations.suspend(number)
    with registrations.moment():
        assert registrations.registration(number).status is SUSPENDED


def test_what_another_thread_changes_within_a_moment_is_seen_after_it(anvil: World) -> None:
    """Within, everything is of one block; the other thread, at no moment, sees what it has done."""
    registrations, number = anvil["server"].registrations, anvil.registration()

    def suspend() -> None:
        registrations.suspend(number)
        assert registrations.registration(number).status is SUSPENDED

    with registrations.moment():
        thread = threading.Thread(target=suspend)
        thread.start()
        thread.join(PATIENCE)
        assert registrations.registration(number).status is ACTIVE
    assert registrations.registration(number).status is SUSPENDED


def test_a_moment_within_another_is_a_later_one_and_ends_by_itself(anvil: World) -> None:
    registrations, number = anvil["server"].registrations, anvil.registration()
    with registrations.moment():
        assert registrations.registration(number).status is ACTIVE
        thread = threading.Thread(target=lambda: registrations.suspend(number))
        thread.start()
        thread.join(PATIENCE)
        with registrations.moment():
            assert registrations.registration(number).status is SUSPENDED
        assert registrations.registration(number).status is ACTIVE


def test_while_the_storage_is_the_same_only_the_head_is_asked_for(anvil: World, asked: list[str]) -> None:
    registrations, number = anvil["server"].registrations, anvil.registration()
    for _ in range(2):
        with registrations.moment():
            registrations.registration(number)
    asked.clear()
    anvil.grow(1)  # the log's contract changes, and a block is mined
    with registrations.moment():
        assert registrations.registration(number).status is ACTIVE
    assert [method for method in asked if method in {"eth_getProof", "eth_getBlockByNumber"}] == [
        "eth_getBlockByNumber",
        "eth_getProof",
    ]
    asked.clear()
    with registrations.moment():
        registrations.registration(number)
    assert asked == ["eth_getBlockByNumber"]


def test_a_refusal_is_not_remembered(chain: World) -> None:
    """A registration that is not there at one moment may be at the next."""
    registrations = chain["server"].registrations
    coming = RegistrationId(registrations.registration_count() + 1)
    with registrations.moment(), pytest.raises(UnknownRegistration):
        registrations.registration(coming)
    assert chain.registration() == coming
    with registrations.moment():
        assert registrations.registration(coming).id == coming


def test_what_is_remembered_has_a_bound(anvil: World, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "MOST_ANSWERS", 1)
    registrations, numbers = anvil["server"].registrations, [anvil.registration() for _ in range(2)]
    asked.clear()
    with registrations.moment():
        for number in (*numbers, *numbers):
            assert registrations.registration(number).id == number
    assert asked.count("eth_call") == 4


def test_a_node_that_is_silent_ends_the_moment_before_it_begins(anvil: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before does not stand in for it."""
    registrations, number = anvil["server"].registrations, anvil.registration()
    with registrations.moment():
        registrations.registration(number)

    def silent(*_: object) -> Any:
        raise LedgerUnavailable("nothing answers")

    monkeypatch.setattr(Connection, "head", silent)
    with pytest.raises(LedgerUnavailable), registrations.moment():
        pytest.fail("there is no moment")


# ------------------------------------------------------------------------------------------------------------- one question


class Answering:
    """A question that is answered when it is let, with how often it was put."""

    def __init__(self) -> None:
        self.put = 0
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)

    def __call__(self) -> int:
        self.put += 1
        mine = self.put
        self.begun.release()
        assert self.let.acquire(timeout=PATIENCE)
        if mine == 3:
            raise LedgerUnavailable("nothing answers")
        return mine


def asking(shared: "Shared[int]", found: list[object]) -> threading.Thread:
    def ask() -> None:
        try:
            found.append(shared.ask())
        except LedgerUnavailable as problem:
            found.append(problem)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_who_comes_while_a_question_is_under_way_gets_the_answer_to_the_next() -> None:
    """The first may have been answered before they came: to them it would be old."""
    question, first, later = Answering(), list[object](), list[object]()
    shared = Shared(question)
    threads = [asking(shared, first)]
    assert question.begun.acquire(timeout=PATIENCE)
    threads += [asking(shared, later) for _ in range(5)]
    while len(shared._turn._waiters) < 5:  # type: ignore[attr-defined]
        threading.Event().wait(0.01)
    question.let.release(2)
    for thread in threads:
        thread.join(PATIENCE)
    assert (first, later) == ([1], [2] * 5)


def test_a_failure_is_everyones_who_waited_for_it_and_nobody_elses() -> None:
    question, failed = Answering(), list[object]()
    question.put, shared = 2, Shared(question)
    question.let.release(2)
    asking(shared, failed).join(PATIENCE)
    assert [type(each) for each in failed] == [LedgerUnavailable]
    assert shared.ask() == 4
