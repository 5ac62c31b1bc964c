"""Attack: whoever stole the appender role, or its key, brings garbage to the chain's log."""

import secrets
from typing import Any

import pytest

from certchain.errors import GarbageOnChain, ProofInvalid
from certchain.merkle import CompactRange, consistency_proof, tree_frontier, tree_root
from certchain.models.digest import Digest
from certchain.models.log import LogMode
from certchain.verification.evidence import verify_evidence
from tests.audited import Watch, as_bytes, changed

GARBAGE = 5


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


def thief(watch: Watch) -> Any:
    """An account that was granted the role by somebody who could."""
    network = watch.book.accounts.network
    ledger = watch.book.accounts("thief")
    network.ledger(network.admin).permissions.grant("certification_server", ledger.account)
    return ledger


def bring_garbage(watch: Watch, ledger: Any, honest: int = 0) -> None:
    """The next entries of the log, if any are wanted, and then what nobody has logged."""
    size, store, log = ledger.login_log.size(), watch.book.store, ledger.login_log
    if watch.mode is LogMode.RECORDED:
        true = [Digest(hash_) for hash_ in _rows(store.tile(0, 1, 256 if store.size() >= 512 else store.size() - 256))]
        log.append(
            size,
            tree_frontier(store, size),
            [*true[size - 256 : size - 256 + honest], *(Digest(secrets.token_bytes(32)) for _ in range(GARBAGE))],
        )
        return
    leaves = watch.leaves()[: size + honest]
    forged = as_bytes([*leaves, *(changed(leaves[place]) for place in range(GARBAGE))])
    end = size + honest + GARBAGE
    log.anchor(consistency_proof(forged, size, end), tree_root(forged, end))


def _rows(row: bytes) -> list[bytes]:
    return [row[at : at + 32] for at in range(0, len(row), 32)]


def test_garbage_at_the_end_of_the_chain_is_found_with_account_and_transaction(watch: Watch) -> None:
    watch.auditor.audit(watch.followed())
    ledger = thief(watch)
    bring_garbage(watch, ledger)

    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.audit(watch.followed())

    batch = watch.book.chain.batches(300, 1)[0]
    assert (caught.value.index, caught.value.account) == (300, ledger.account)
    assert caught.value.transaction == f"0x{batch.transaction.hex()}"
    assert ledger.account in watch.proven(caught.value).proven


def test_garbage_is_found_when_the_log_has_gone_on_without_the_chain(watch: Watch) -> None:
    """The server cannot bring its entries any more; what it publishes is its log, and not the chain's."""
    ledger = thief(watch)
    bring_garbage(watch, ledger)
    watch.book.record(60)
    watch.book.engine.publication.publish()

    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.audit(watch.followed())

    assert (caught.value.index, caught.value.account) == (300, ledger.account)
    assert watch.proven(caught.value).relies_on == ()


def test_garbage_behind_honest_entries_is_found_where_it_begins(watch: Watch) -> None:
    """The role's own key is stolen: the account is the one that always brings the log."""
    watch.book.record(60)
    watch.book.engine.publication.publish()
    bring_garbage(watch, watch.book.accounts("certification server"), honest=20)

    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.audit(watch.followed())

    assert caught.value.index == (320 if watch.mode is LogMode.RECORDED else 300)
    assert caught.value.account == watch.book.accounts("certification server").account
    watch.proven(caught.value)


def test_garbage_is_found_by_the_light_audit(watch: Watch) -> None:
    watch.auditor.follow(watch.followed())
    bring_garbage(watch, thief(watch))
    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.follow(watch.followed())
    watch.proven(caught.value)

    watch.book.record(60)
    watch.book.engine.publication.publish()
    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.follow(watch.followed())
    watch.proven(caught.value)


def test_what_the_server_signed_for_is_no_garbage_whoever_brings_it(watch: Watch) -> None:
    """Anybody with the role may help: the log is what it is."""
    watch.book.record(60)
    watch.book.engine.publication.publish()
    ledger, store = thief(watch), watch.book.store
    if watch.mode is LogMode.RECORDED:
        hashes = _rows(store.tile(0, 1, 104))[44:]
        ledger.login_log.append(300, tree_frontier(store, 300), [Digest(hash_) for hash_ in hashes])
    else:
        ledger.login_log.anchor(consistency_proof(store, 300, 360), tree_root(store, 360))
    assert watch.auditor.audit(watch.followed()).on_chain == 360


def test_nobody_is_accused_by_evidence_that_the_chain_does_not_bear_out(watch: Watch) -> None:
    """Another account, another transaction: the document may look right by itself, and the chain says no."""
    bring_garbage(watch, thief(watch))
    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.audit(watch.followed())
    data = watch.auditor.evidence(caught.value.evidence)
    forged = data.replace(caught.value.account.encode(), watch.book.accounts("alice").account.encode())
    assert verify_evidence(forged, watch.known).relies_on == ("chain", "auditor")
    watch.store.write("forged.json", (forged,))
    caught.value.evidence = "forged.json"
    with pytest.raises(ProofInvalid):
        watch.proven(caught.value)


def test_an_empty_log_with_garbage_on_its_chain_is_found() -> None:
    """The very first batch is not the server's."""
    watch = Watch()
    watch.book.flush()
    log = thief(watch).login_log
    log.append(0, CompactRange().frontier, [Digest(bytes(32))])
    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.audit(watch.followed())
    assert caught.value.index == 0
    watch.proven(caught.value)
