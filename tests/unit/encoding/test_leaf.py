"""A leaf has one length and one spelling, and what it commits to is bound to its salt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certchain.encoding.leaf import LEAF_LENGTH, entry_commitment, leaf_bytes, parse_leaf
from certchain.encoding.preimage import digest, number, preimage
from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.digest import Digest
from certchain.models.log import LogLeaf

LEAF = LogLeaf(5, 1_800_000_000, Digest(bytes(range(32))))
NUMBERS = st.integers(0, 2**64 - 1)


@given(NUMBERS, NUMBERS, st.binary(min_size=32, max_size=32))
def test_a_leaf_is_the_preimage_of_index_time_and_commitment(index: int, at: int, commitment: bytes) -> None:
    leaf = LogLeaf(index, at, Digest(commitment))
    data = leaf_bytes(leaf)

    assert data == preimage("log-leaf", number(index), number(at), commitment)
    assert len(data) == LEAF_LENGTH == 85
    assert parse_leaf(data) == leaf


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_a_commitment_is_the_digest_of_salt_and_body(salt: bytes, body: bytes) -> None:
    assert entry_commitment(salt, body) == digest("log-entry", salt, body)


def test_a_salt_of_another_length_is_refused() -> None:
    for length in (0, 31, 33):
        with pytest.raises(MalformedValue):
            entry_commitment(bytes(length), b"body")


@pytest.mark.parametrize(("index", "at"), [(-1, 0), (0, -1), (2**64, 0), (0, 2**64)])
def test_a_number_that_does_not_fit_is_refused(index: int, at: int) -> None:
    with pytest.raises(MalformedValue):
        leaf_bytes(LogLeaf(index, at, LEAF.commitment))


def test_what_is_no_leaf_is_refused() -> None:
    data = leaf_bytes(LEAF)
    others = [b"", data[:-1], data + b"\0", preimage("log-leag", number(5), number(1_800_000_000), bytes(32))]
    # Every byte of the tag and of the three lengths, and none of the fields'.
    framing = [at for at in range(LEAF_LENGTH) if not (29 <= at < 37 or 41 <= at < 49 or at >= 53)]
    others += [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in framing]
    for other in others:
        with pytest.raises(MalformedMessage):
            parse_leaf(other)
