"""Shamir's sharing: any threshold of the shares is the key, and fewer are nothing."""

from dataclasses import replace
from itertools import combinations

import pytest
from Crypto.Protocol.SecretSharing import Shamir
from hypothesis import given
from hypothesis import strategies as st

from certchain.errors import MalformedValue
from certchain.models.custody import KeyShare
from certchain.sharing import combine, divide

KEY = bytes(range(32))
POLICIES = [(1, 1), (2, 3), (3, 5), (4, 7)]


@pytest.mark.parametrize(("threshold", "count"), POLICIES)
def test_every_choice_of_enough_shares_in_any_order_is_the_key(threshold: int, count: int) -> None:
    shares = divide(KEY, threshold, count)
    assert [share.index for share in shares] == list(range(1, count + 1))
    for enough in combinations(shares, threshold):
        assert combine(enough, threshold) == KEY
        assert combine(enough[::-1], threshold) == KEY


@pytest.mark.parametrize(("threshold", "count"), POLICIES[1:])
def test_fewer_shares_are_another_key(threshold: int, count: int) -> None:
    """With a share of another key in the place of the missing one, too."""
    few = divide(KEY, threshold, count)[: threshold - 1]
    assert combine(few, threshold - 1) != KEY
    other = divide(bytes(32), threshold, count)
    made_up = combine((*few, other[-1]), threshold)
    assert made_up not in {KEY, bytes(32)}


@given(st.binary(min_size=32, max_size=32), st.integers(1, 6), st.integers(0, 4), st.randoms())
def test_whatever_the_key_it_comes_back(key: bytes, threshold: int, more: int, random: object) -> None:
    shares = list(divide(key, threshold, threshold + more))
    random.shuffle(shares)  # type: ignore[attr-defined]
    assert combine(shares[:threshold], threshold) == key


def test_the_halves_are_shares_in_the_field_of_the_library() -> None:
    """Another implementation of the same field rebuilds them: each 16 bytes by themselves."""
    shares = divide(KEY, 3, 5)[1:4]
    assert Shamir.combine([(share.index, share.value[:16]) for share in shares], False) == KEY[:16]
    assert Shamir.combine([(share.index, share.value[16:]) for share in shares], False) == KEY[16:]


def test_two_divisions_of_a_key_have_nothing_in_common() -> None:
    first, second = divide(KEY, 3, 5), divide(KEY, 3, 5)
    assert not {share.value for share in first} & {share.value for share in second}
    assert combine((*first[:2], second[2]), 3) != KEY


def test_the_most_shares_that_an_index_allows() -> None:
    shares = divide(KEY, 2, 255)
    assert combine((shares[0], shares[254]), 2) == KEY


@pytest.mark.parametrize(("threshold", "count"), [(0, 1), (2, 1), (1, 256), (-1, 3)])
def test_what_is_no_division_is_refused(threshold: int, count: int) -> None:
    with pytest.raises(MalformedValue, match="division"):
        divide(KEY, threshold, count)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_length_is_refused(key: bytes) -> None:
    with pytest.raises(MalformedValue, match="key to divide"):
        divide(key, 2, 3)


def test_another_number_of_shares_and_one_share_twice_are_refused() -> None:
    shares = divide(KEY, 2, 3)
    for wrong in ((), shares[:1], shares, (shares[0], shares[0])):
        with pytest.raises(MalformedValue, match="where 2 different ones"):
            combine(wrong, 2)


@pytest.mark.parametrize("other", [{"index": 0}, {"index": 256}, {"value": bytes(31)}, {"value": bytes(33)}])
def test_what_is_no_share_is_refused(other: dict[str, object]) -> None:
    first, second, _ = divide(KEY, 2, 3)
    with pytest.raises(MalformedValue, match="share"):
        combine((first, replace(second, **other)), 2)  # type: ignore[arg-type]


def test_a_share_is_not_shown() -> None:
    assert repr(KeyShare(1, KEY)) == "KeyShare(index=1)"
