"""Reading a contract many times at one moment: what its views said is said again for as long as its storage has not changed.

That is known from the chain itself: a block's state commits to a contract's whole storage by one root (EIP-1186). While the root is the
same, so is whatever a view makes of storage alone, and a suspension or a rotated key always changes it. The head of the chain is asked
for at each moment anew: nothing here is older than the moment at which it is read.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from certchain.ledger.chain.answer import Block
from certchain.ledger.chain.bound import BoundContract

Answer = TypeVar("Answer")

MOST_ANSWERS = 50_000
"""How many answers are remembered; then it begins anew."""


@dataclass(frozen=True, slots=True)
class State:
    """A contract at a block: its storage's root, ``None`` where the node does not tell it, and what its views said."""

    block: Block
    root: bytes | None
    answers: dict[tuple[object, ...], Any] = field(default_factory=dict)


class Shared(Generic[Answer]):
    """One question for many who ask at once. Who comes while one is under way waits for the next: no answer is older than its asker."""

    def __init__(self, question: Callable[[], Answer]) -> None:
        self._question = question
        self._turn = threading.Condition()
        self._under_way = False
        self._begun = self._ended = 0
        self._outcome: Callable[[], Answer]

    def ask(self) -> Answer:
        """The answer to a question that was put after this was called. Raises what the question raises, for all who wait for it."""
        with self._turn:
            wanted = self._begun + 1
            while self._under_way and self._ended < wanted:
                self._turn.wait()
            if self._ended >= wanted:
                outcome = self._outcome
            else:
                self._under_way, self._begun = True, wanted
                outcome = None
        return (outcome or self._put())()

    def _put(self) -> Callable[[], Answer]:
        try:
            outcome = _given(self._question())
        except BaseException as problem:  # raised again, by everyone who waits for it
            outcome = _raised(problem)
        with self._turn:
            self._under_way, self._ended, self._outcome = False, self._begun, outcome
            self._turn.notify_all()
        return outcome


@dataclass(frozen=True, slots=True)
class SteadyContract(BoundContract):
    """A contract whose views depend on its storage alone. Outside of a moment it is read as it is, each time."""

    _now: threading.local = field(default_factory=threading.local, repr=False)
    _known: list[State] = field(default_factory=list, repr=False)
    _head: "list[Shared[State]]" = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._head.append(Shared(self._state))

    @classmethod
    def of(cls, contract: BoundContract) -> "SteadyContract":
        """The same contract."""
        return cls(contract.artifact, contract.address, contract.connection, contract.sender)

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Within, this thread reads the contract as it is at one block: the chain's head, asked for after this began.

        A moment within another is a later one; after it the outer goes on.
        """
        outer: State | None = getattr(self._now, "state", None)
        self._now.state = self._head[0].ask()
        try:
            yield
        finally:
            self._now.state = outer

    def read(self, function: str, *arguments: object, block: int | None = None) -> Any:
        """See ``BoundContract.read``."""
        state: State | None = getattr(self._now, "state", None)
        if state is None or state.root is None or block is not None:
            return BoundContract.read(self, function, *arguments, block=block)
        asked = (function, *arguments)
        if asked not in state.answers:
            if len(state.answers) >= MOST_ANSWERS:
                state.answers.clear()
            state.answers[asked] = BoundContract.read(self, function, *arguments, block=state.block.number)
        return state.answers[asked]

    def _state(self) -> State:
        """The contract as it is at the head, with what is known of it if nothing has changed. One thread at a time."""
        head = self.connection.head()
        known = self._known[0] if self._known else None
        if known is None or known.block != head:
            root = self.connection.storage_root(self.address, head)
            same = known is not None and root is not None and root == known.root
            known = State(head, root, known.answers) if same and known is not None else State(head, root)
            self._known[:] = [known]
        return known


def _given(answer: Answer) -> Callable[[], Answer]:
    return lambda: answer


def _raised(problem: BaseException) -> Callable[[], Any]:
    def again() -> Any:
        raise problem

    return again
