"""Attack: the server itself signs for entries that cannot be: of another log, out of place, of another time."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.errors import (
    CheckpointInvalid,
    EntryBackdated,
    KeyNotInForce,
    ProofInvalid,
    WrongIndex,
    WrongLog,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.merkle import CompactRange, consistency_proof, leaf_hash, tree_root
from certchain.models.log import LogLeaf, LogMode
from certchain.verification.checkpoint import sign_checkpoint
from certchain.verification.evidence import verify_evidence
from tests.audited import RawLog, Served, Watch
from tests.industry import NOON

BOTH = pytest.mark.parametrize("mode", list(LogMode))


def brought(watch: Watch, leaves: list[LogLeaf]) -> RawLog:
    """The server signs for these leaves, and brings them to the chain: log and chain agree."""
    raw = watch.signed(leaves)
    if watch.mode is LogMode.RECORDED:
        watch.book.chain.append(0, CompactRange().frontier, [leaf_hash(leaf) for leaf in raw.leaves])
    else:
        watch.book.chain.anchor(consistency_proof(raw, 0, len(leaves)), tree_root(raw, len(leaves)))
    return raw


def leaves(watch: Watch, count: int = 300, apart: int = 0) -> list[LogLeaf]:
    """Honest leaves, some seconds apart."""
    watch.book.record(count)
    return [replace(leaf, at=leaf.at - (count - leaf.index) * apart) for leaf in watch.leaves()]


# --------------------------------------------------------------------------------------------------------- another log


@BOTH
def test_a_checkpoint_of_another_log_of_the_same_server_is_refused(mode: LogMode) -> None:
    watch = Watch(mode).grow(100)
    other = watch.sign(watch.book.store, 100, origin="certchain/install-log")

    with pytest.raises(WrongLog) as caught:
        watch.auditor.audit(watch.followed(Served(other, watch.book.store, watch.book.store)))

    assert "install-log" in str(caught.value)
    assert watch.auditor.evidence(caught.value.evidence)
    assert watch.auditor.audit(watch.followed()).size == 100


def test_a_checkpoint_of_another_network_is_refused() -> None:
    here, there = Watch().grow(100), Watch().grow(100)
    with pytest.raises(WrongLog):
        here.auditor.audit(here.followed(there.honest))


def test_a_checkpoint_by_other_keys_is_refused() -> None:
    """Another service's, a stranger's, and one that was changed after it was signed."""
    watch = Watch().grow(100)
    stranger = KeyPair.generate()
    claimed = watch.auditor.checkpoint(watch.followed()).checkpoint

    def shown(note: str, **changes: Any) -> None:
        watch.auditor.audit(watch.followed(Served(note, watch.book.store, watch.book.store), **changes))

    with pytest.raises(WrongSigner):
        shown(watch.sign(watch.book.store, 100, signer=watch.book.auditor_identity.party))
    with pytest.raises(KeyNotInForce):
        shown(watch.sign(watch.book.store, 100, thumbprint=key_thumbprint(stranger.public)))
    with pytest.raises(CheckpointInvalid):
        shown(sign_checkpoint(claimed, stranger))
    with pytest.raises(CheckpointInvalid):
        shown(watch.honest.note.replace("\n100\n", "\n99\n"))
    with pytest.raises(CheckpointInvalid):
        shown(watch.honest.note, keys=(stranger.public,))
    shown(watch.honest.note)


# --------------------------------------------------------------------------------------------------------- wrong index


@BOTH
@pytest.mark.parametrize("index", [0, 150, 255, 256, 299])
def test_an_entry_with_another_index_is_found_even_when_the_chain_has_it(mode: LogMode, index: int) -> None:
    """Two entries with one number could be shown to two courts."""
    watch = Watch(mode)
    honest = leaves(watch)
    wrong = [replace(leaf, index=7) if leaf.index == index else leaf for leaf in honest]
    source = brought(watch, wrong)

    with pytest.raises(WrongIndex) as caught:
        watch.auditor.audit(watch.followed(source))

    assert caught.value.index == index
    assert watch.proven(caught.value).relies_on == ()
    neighbour = Watch(mode)
    assert neighbour.auditor.audit(neighbour.followed(brought(neighbour, leaves(neighbour)))).size == 300


# ---------------------------------------------------------------------------------------------------------- back-dating


@BOTH
@pytest.mark.parametrize("index", [1, 150, 256, 299])
def test_an_entry_that_is_older_than_the_one_in_front_of_it_is_found(mode: LogMode, index: int) -> None:
    watch = Watch(mode)
    wrong = [replace(leaf, at=leaf.at - 3600) if leaf.index == index else leaf for leaf in leaves(watch)]

    with pytest.raises(EntryBackdated) as caught:
        watch.auditor.audit(watch.followed(brought(watch, wrong)))

    assert caught.value.index == index
    assert watch.proven(caught.value).relies_on == ()


@BOTH
def test_an_entry_that_is_newer_than_its_batch_is_found(mode: LogMode) -> None:
    """Dated ahead; the chain had it before it can have been logged."""
    watch = Watch(mode)
    ahead = [replace(leaf, at=NOON + 3600) if leaf.index >= 298 else leaf for leaf in leaves(watch)]

    with pytest.raises(EntryBackdated) as caught:
        watch.auditor.audit(watch.followed(brought(watch, ahead)))

    assert caught.value.index == 299
    assert "the chain had it" in watch.proven(caught.value).proven


@BOTH
def test_clocks_may_be_apart_by_the_tolerance(mode: LogMode) -> None:
    watch = Watch(mode)
    source = brought(watch, [replace(leaf, at=NOON + 90) if leaf.index == 299 else leaf for leaf in leaves(watch)])
    assert watch.auditor.audit(watch.followed(source, tolerance=90)).size == 300
    with pytest.raises(EntryBackdated):
        watch.auditor.audit(watch.followed(source, tolerance=89), whole=True)


def cosigned(watch: Watch, raw: RawLog, at: int) -> Served:
    return Served(watch.wanda.cosign(raw.note, at), raw, raw)


@BOTH
def test_an_entry_that_is_put_before_what_witnesses_have_seen_is_found(mode: LogMode) -> None:
    """They saw the log at noon without it; it says that it was logged an hour before. In its own order, nothing is wrong."""
    watch = Watch(mode)
    watch.book.clock.seconds = NOON - 7200
    honest = leaves(watch, 200)
    watch.auditor.audit(watch.followed(cosigned(watch, watch.signed(honest), NOON), quorum=1))
    late = [replace(honest[0], index=200 + place, at=NOON - 3600) for place in range(10)]
    source = cosigned(watch, watch.signed([*honest, *late]), NOON + 60)

    with pytest.raises(EntryBackdated) as caught:
        watch.auditor.audit(watch.followed(source, quorum=1))

    assert caught.value.index == 200
    assert watch.proven(caught.value).relies_on == ()
    fresh = [replace(leaf, at=NOON - 100) for leaf in late]
    neighbour = Watch(mode)
    neighbour.book.clock.seconds = NOON - 7200
    honest = leaves(neighbour, 200)
    neighbour.auditor.audit(neighbour.followed(cosigned(neighbour, neighbour.signed(honest), NOON), quorum=1))
    good = cosigned(neighbour, neighbour.signed([*honest, *fresh]), NOON + 60)
    assert neighbour.auditor.audit(neighbour.followed(good)).size == 210


@BOTH
def test_an_entry_that_witnesses_saw_before_its_time_is_found(mode: LogMode) -> None:
    watch = Watch(mode)
    ahead = [replace(leaf, at=NOON + 3600) if leaf.index == 299 else leaf for leaf in leaves(watch)]
    with pytest.raises(EntryBackdated) as caught:
        watch.auditor.audit(watch.followed(cosigned(watch, watch.signed(ahead), NOON), quorum=1))
    assert watch.proven(caught.value).relies_on == ()
    assert watch.auditor.audit(watch.followed(cosigned(watch, watch.signed(ahead), NOON + 3600), quorum=1)).size == 300


@BOTH
def test_a_wrong_time_is_not_proven_by_other_times(mode: LogMode) -> None:
    """The evidence carries the tolerance that was used; whoever judges reads it, and cannot be given another finding."""
    watch = Watch(mode)
    wrong = [replace(leaf, at=leaf.at - 3600) if leaf.index == 150 else leaf for leaf in leaves(watch)]
    with pytest.raises(EntryBackdated) as caught:
        watch.auditor.audit(watch.followed(brought(watch, wrong)))
    data = watch.auditor.evidence(caught.value.evidence)
    for forged in (
        data.replace(b'"finding": "EntryBackdated"', b'"finding": "WrongIndex"'),
        data.replace(b'"finding": "EntryBackdated"', b'"finding": "LogGap"'),
        data.replace(b'"index": 149', b'"index": 148'),
    ):
        assert forged != data
        with pytest.raises(ProofInvalid):
            verify_evidence(forged, watch.known)
