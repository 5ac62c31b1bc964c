"""What the first difference between a log and the chain looks like."""

import pytest

from certchain.errors import LogInconsistent
from certchain.models.digest import Digest
from certchain.verification.log import verify_leaves, verify_root


def leaves(text: str) -> list[Digest]:
    return [Digest(letter.encode() * 32) for letter in text]


@pytest.mark.parametrize("offered", ["abcd", "abcde"])
def test_the_same_leaves_are_verified_whatever_follows(offered: str) -> None:
    chain = leaves("abcd")
    assert verify_leaves(0, chain, leaves(offered)) is chain


@pytest.mark.parametrize(
    ("offered", "index", "what"),
    [
        ("abxd", 12, "changed"),
        ("abd", 12, "removed"),
        ("abde", 12, "removed"),
        ("abxcd", 12, "inserted"),
        ("bacd", 10, "reordered"),
        ("abdc", 12, "reordered"),
        ("ab", 12, "missing"),
        ("", 10, "missing"),
        ("xyzw", 10, "changed"),
        ("bcd", 10, "removed"),
        ("xabcd", 10, "inserted"),
    ],
)
def test_the_first_difference_is_named(offered: str, index: int, what: str) -> None:
    with pytest.raises(LogInconsistent, match=what) as caught:
        verify_leaves(10, leaves("abcd"), leaves(offered))
    assert caught.value.index == index


def test_a_root_that_the_replay_does_not_lead_to_is_refused() -> None:
    mine, theirs = leaves("ab")
    assert verify_root(4, mine, mine) is mine
    with pytest.raises(LogInconsistent) as caught:
        verify_root(4, theirs, mine)
    assert caught.value.index == 3
    with pytest.raises(LogInconsistent):
        verify_root(0, theirs, mine)
