"""Long random histories of a log in both modes, beside certchain's own Merkle tree, step by step.

Batches are from one entry to some hundreds, so that a history passes through sizes of every shape; among the good calls are
stale, forged and unauthorised ones. After every step the size, the root of every size there ever was, an inclusion and a
consistency proof are compared.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from certchain.merkle import CompactRange, consistency_path, inclusion_path, leaf_hash, root
from certchain.models.digest import Digest
from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import word
from tests.contracts.walk import Walk, settle, walk

LONG = settings(max_examples=8, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FORGED = Digest(word("never appended"))

# A model walks for long, and reaches no branch that the other tests do not.
pytestmark = pytest.mark.skip_coverage

counts = st.one_of(st.integers(1, 9), st.integers(1, 300), st.integers(0, 8).map(lambda bit: 2**bit))
gaps = st.sampled_from([0, 0, 0, 0, -3, -1, 1, 3])
places = st.floats(min_value=0, max_value=1, exclude_max=True)


class History(Walk):
    """The log is its leaves, in their order: no root ever changes, and the size never falls."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.leaves: list[Digest] = []
        self.tree = CompactRange()
        self.roots = {0: self.tree.root()}
        self.place = 0.0

    @property
    def size(self) -> int:
        """How many entries the log has by now."""
        return len(self.leaves)

    def next_leaves(self, count: int) -> list[Digest]:
        """So many more."""
        return [leaf_hash(number.to_bytes(8)) for number in range(self.size, self.size + count)]

    def take(self, leaves: list[Digest]) -> None:
        """The log has grown by these."""
        self.leaves += leaves
        self.tree.extend(leaves)
        self.roots[self.size] = self.tree.root()

    def refused_as_thief(self, act: Callable[[dict[str, Any]], Any], function: str) -> None:
        """Whoever has no permission is told so, whatever they bring."""
        selector = bytes.fromhex(self.contract.signatures[function].removeprefix("0x"))
        with reverts("Permissioned_NotAuthorised", self.actors.thief, selector):
            act({"from": self.actors.thief})

    def known(self) -> set[int]:
        """The sizes whose roots the contract has."""
        return set(self.roots)

    @rule(place=places)
    def look_elsewhere(self, place: float) -> None:
        """The proofs after the following steps are of another entry and an older size."""
        self.place = place

    @invariant()
    def size_and_roots_are_the_trees(self) -> None:
        assert self.contract.size() == self.size
        assert bytes(self.contract.root()) == self.tree.root().value
        for size, expected in self.roots.items():
            if size in self.known():
                assert bytes(self.contract.rootAt(size)) == expected.value
            else:
                with reverts("Log_UnknownSize", size):
                    self.contract.rootAt(size)

    @invariant()
    def an_entry_is_included_and_no_other(self) -> None:
        if not self.leaves:
            return
        index = int(self.place * self.size)
        path = _values(inclusion_path(self.leaves, index))
        self.contract.checkInclusion(self.leaves[index].value, index, self.size, path)
        with reverts("Log_NotIncluded", FORGED.value, index, self.size):
            self.contract.checkInclusion(FORGED.value, index, self.size, path)

    @invariant()
    def an_older_tree_is_the_beginning_and_no_other(self) -> None:
        old_size = int(self.place * (self.size + 1))
        path = _values(consistency_path(self.leaves, old_size, self.size))
        self.contract.checkConsistency(old_size, root(self.leaves[:old_size]).value, self.size, path)
        with reverts("Log_NotConsistent", old_size, self.size):
            self.contract.checkConsistency(old_size, FORGED.value, self.size, path)


class RecordedHistory(History):
    """Every leaf hash goes through the contract."""

    def append(self, expected: int, frontier: tuple[Digest, ...], leaves: list[Digest], sender: dict[str, Any]) -> Any:
        """A call of the contract."""
        return self.contract.append(expected, _values(frontier), _values(leaves), sender)

    @rule(count=counts, gap=gaps)
    def grow(self, count: int, gap: int) -> None:
        expected, leaves, sender = max(0, self.size + gap), self.next_leaves(count), {"from": self.actors.server}
        refusal = None if expected == self.size else ("Log_SizeMismatch", expected, self.size)
        if settle(refusal, lambda: self.append(expected, self.tree.frontier, leaves, sender)):
            self.take(leaves)

    @rule(count=counts)
    def grow_as_the_thief(self, count: int) -> None:
        leaves = self.next_leaves(count)
        self.refused_as_thief(lambda sender: self.append(self.size, self.tree.frontier, leaves, sender), "append")

    @precondition(lambda self: self.leaves)
    @rule(place=places)
    def forge_the_past(self, place: float) -> None:
        frontier = [*self.tree.frontier]
        frontier[int(place * len(frontier))] = FORGED
        with reverts("Log_FrontierMismatch", self.size):
            self.append(self.size, tuple(frontier), self.next_leaves(1), {"from": self.actors.server})


class AnchoredHistory(History):
    """The contract gets sizes and roots, each with its proof."""

    def known(self) -> set[int]:
        return {0, self.size}

    def anchor(self, expected: int, leaves: list[Digest], sender: dict[str, Any], forged: int | None = None) -> Any:
        """A call of the contract; with one hash of the proof forged, if asked for."""
        grown = [*self.leaves, *leaves]
        path = _values(consistency_path(grown, self.size, len(grown)))
        if forged is not None:
            path[forged] = FORGED.value
        return self.contract.anchor(expected, len(grown), root(grown).value, path, sender)

    @rule(count=counts, gap=gaps)
    def grow(self, count: int, gap: int) -> None:
        expected, leaves, sender = max(0, self.size + gap), self.next_leaves(count), {"from": self.actors.server}
        refusal = None if expected == self.size else ("Log_SizeMismatch", expected, self.size)
        if settle(refusal, lambda: self.anchor(expected, leaves, sender)):
            self.take(leaves)

    @rule(count=counts)
    def grow_as_the_thief(self, count: int) -> None:
        leaves = self.next_leaves(count)
        self.refused_as_thief(lambda sender: self.anchor(self.size, leaves, sender), "anchor")

    @precondition(lambda self: self.leaves)
    @rule(count=counts, place=places)
    def forge_the_proof(self, count: int, place: float) -> None:
        leaves = self.next_leaves(count)
        length = len(consistency_path([*self.leaves, *leaves], self.size, self.size + count))
        with reverts("Log_NotConsistent", self.size, self.size + count):
            self.anchor(self.size, leaves, {"from": self.actors.server}, forged=int(place * length))

    @precondition(lambda self: self.leaves)
    @rule(place=places)
    def shrink(self, place: float) -> None:
        size = int(place * (self.size + 1))
        with reverts("Log_NotLarger", size, self.size):
            self.contract.anchor(self.size, size, root(self.leaves[:size]).value, [], {"from": self.actors.server})


def test_a_recorded_log_is_its_leaves_in_their_order(chain: Any, recorded_log: Any, actors: Actors) -> None:
    """After any sequence of good, stale, forged and unauthorised appends the log equals the tree of the good ones."""
    walk(RecordedHistory, chain, recorded_log, actors, limits=LONG)


def test_an_anchored_log_is_its_tree_at_every_step(chain: Any, anchored_log: Any, actors: Actors) -> None:
    """After any sequence of good, stale, forged and unauthorised anchors the log equals the tree of the good ones."""
    walk(AnchoredHistory, chain, anchored_log, actors, limits=LONG)


def _values(hashes: tuple[Digest, ...] | list[Digest]) -> list[bytes]:
    return [each.value for each in hashes]
