"""Bodies under subject keys: what was sealed opens in its place, and nowhere else."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import body_context
from certchain.errors import BodyChanged, LogDamaged
from certchain.log.sealing import open_body, seal_bodies
from certchain.models.log import SealedEntry, SubjectKey, key_period
from certchain.storage import MemorySubjectKeys
from tests.industry import NOON
from tests.logbook import entry_leaf_hash, login

ORIGIN = "example.com/log"


def sealed(first: int = 7, count: int = 2) -> tuple[list[SealedEntry], SubjectKey]:
    keys, entry = MemorySubjectKeys(), login()
    entries, hashes = seal_bodies(keys, ORIGIN, first, NOON, [(entry.subject, entry_bytes(entry))] * count)
    assert hashes == [entry_leaf_hash(kept.leaf).value for kept in entries]
    return entries, keys.issue({(entry.subject, key_period(NOON))})[entry.subject, key_period(NOON)]


def test_a_body_is_salt_and_entry_under_the_key_with_the_index_as_nonce_and_the_place_as_context() -> None:
    """By the letter, so that another program could open it."""
    (entry, _), key = sealed(first=258)
    nonce = bytes(10) + b"\x01\x02"
    plain = AESGCMSIV(key.value).decrypt(nonce, entry.sealed, body_context(ORIGIN, 258))
    opened = open_body(key, ORIGIN, entry)
    assert plain == opened.salt + entry_bytes(opened.entry)
    assert len(entry.sealed) == 32 + len(entry_bytes(opened.entry)) + 16
    assert entry.key == key.number


def test_a_body_opens_in_its_own_place_only() -> None:
    (first, second), key = sealed()
    assert open_body(key, ORIGIN, first).entry == open_body(key, ORIGIN, second).entry
    with pytest.raises(LogDamaged) as caught:
        open_body(key, ORIGIN, replace(first, sealed=second.sealed))
    assert caught.value.index == 7
    with pytest.raises(LogDamaged):
        open_body(key, "example.com/other", first)
    with pytest.raises(LogDamaged):
        open_body(SubjectKey(1, bytes(32)), ORIGIN, first)


@pytest.mark.parametrize("length", [0, 15, 40])
def test_a_body_that_was_cut_short_does_not_open(length: int) -> None:
    (entry, _), key = sealed()
    with pytest.raises(LogDamaged):
        open_body(key, ORIGIN, replace(entry, sealed=entry.sealed[:length]))


def test_what_was_sealed_by_someone_with_the_key_and_is_no_entry_is_found_out() -> None:
    (entry, _), key = sealed()
    nonsense = AESGCMSIV(key.value).encrypt((7).to_bytes(12), bytes(32) + b"nonsense", body_context(ORIGIN, 7))
    with pytest.raises(LogDamaged, match="entry"):
        open_body(key, ORIGIN, replace(entry, sealed=nonsense))


def test_another_entry_than_the_leaf_commits_to_is_found_out() -> None:
    (entry, _), key = sealed()
    (other, _), other_key = sealed()
    with pytest.raises(BodyChanged) as caught:
        open_body(other_key, ORIGIN, replace(other, leaf=entry.leaf))
    assert caught.value.index == 7
    assert open_body(key, ORIGIN, entry)
