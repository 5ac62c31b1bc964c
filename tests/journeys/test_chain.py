"""Update and log on a real chain: the same story as in memory, on eth-tester in the process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from certchain.config.clock import SystemClock
from certchain.errors import CorruptedPackage, LogInconsistent, NotConsistent, NotIncluded, UnapprovedPackage
from certchain.errors.audit import GarbageOnChain, LogFinding
from certchain.merkle import CompactRange, consistency_path, inclusion_path, root
from certchain.models.log import ConsistencyProof, InclusionProof, LogMode
from certchain.storage import MemoryFileStore
from certchain.storage.data import PackageBytes
from certchain.verification.proof import verify_proof_file
from certchain.verification.update import LowerVersion
from tests.audited import Watch, changed
from tests.industry import Industry, firmware
from tests.logbook import Logbook, another_store, falsified, leaf_hashes
from tests.world import GrowingLog, World, world

Accounts = Callable[[str], Any]
NAMES = {"certification server": "server"}


def account_of(network: World) -> Accounts:
    """Ledgers by name; whoever has no role there only reads."""
    return lambda name: network.ledgers.get(NAMES.get(name, name), network["thief"])


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world("eth-tester", Path(tmp_path_factory.mktemp("chain"))) as found:
        yield found


@pytest.fixture
def account(network: World) -> Accounts:
    return account_of(network)


def test_a_release_and_an_update_on_a_chain(account: Accounts) -> None:
    """R1–R7 with two approvals, A1–A12 both ways round, a flipped bit and a withdrawal."""
    industry = Industry(account=account, approver_names=("approver", "second approver"))
    hall, kitchen = industry.device("hall"), industry.device("kitchen")
    first = industry.release(1, firmware(100_000))
    hall.update()
    assert hall.compare(industry.to_device("kitchen")) is LowerVersion.THEIRS
    assert kitchen.installed() == hall.installed()

    data = firmware(100_000)
    industry.release(2, data)
    name = f"piece-{first.product}-2-0"
    piece = b"".join(industry.store("update server").read(name))
    industry.store("update server").write(name, [piece[:-1] + bytes([piece[-1] ^ 1])])
    with pytest.raises(CorruptedPackage, match="A9"):
        hall.update()

    industry.store("update server").write(name, [piece])
    hall.update()
    assert kitchen.compare(industry.to_device("hall")) is LowerVersion.MINE
    assert kitchen.boot() == hall.boot()

    industry.manufacturer.withdraw(first.product, 2)
    assert industry.device("porch").update().pkg_id == first.pkg_id
    with pytest.raises(UnapprovedPackage, match="R7"):
        industry.manufacturer.publish(first.product, 2, PackageBytes(data), industry.to_update_server())


@pytest.fixture(params=LogMode)
def watch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watch]:
    """A log of 20 entries, on a chain in two steps, of 12 and 8, and its auditor."""
    with world("eth-tester", tmp_path, request.param) as network:
        book = Logbook(accounts=account_of(network), clock=SystemClock())
        for count in (12, 8):
            book.record(count)
            assert book.flush() == count
        watched = Watch(request.param)
        watched.book = book
        yield watched


def test_the_contract_vouches_for_a_log(watch: Watch) -> None:
    """For every entry, and for the older checkpoint, which an anchored log's contract has forgotten the root of."""
    contract, leaves = watch.book.ledger.login_log, leaf_hashes(watch.book.store)
    before = contract.root_at(12)

    assert (contract.size(), contract.root(), before) == (20, root(leaves), root(leaves[:12]))
    assert [batch.size for batch in contract.batches(0, 10)] == [12, 20]
    contract.check_inclusion(leaves[9], InclusionProof(9, 20, inclusion_path(leaves, 9)))
    with pytest.raises(NotIncluded):
        contract.check_inclusion(leaves[8], InclusionProof(9, 20, inclusion_path(leaves, 9)))
    consistency = ConsistencyProof(12, 20, consistency_path(leaves, 12, 20))
    contract.check_consistency(consistency, before)
    with pytest.raises(NotConsistent):
        contract.check_consistency(consistency, contract.root())


def test_a_log_is_audited_against_the_chain(watch: Watch) -> None:
    """Its proofs hold with the chain and without; a changed entry is found, with evidence that a court can check."""
    auditor, log = watch.auditor, watch.followed()
    report = auditor.audit(log)
    proof = auditor.prove(log, 9)

    assert (report.size, report.on_chain) == (20, 20)
    assert auditor.check_proof_file(log, proof) == verify_proof_file(proof)
    leaves = watch.leaves()
    leaves[10] = changed(leaves[10])
    with pytest.raises(LogFinding) as caught:
        auditor.audit(watch.followed(watch.signed(leaves)), whole=True)
    watch.proven(caught.value)


def test_what_a_stolen_role_brings_to_the_chain_is_found(watch: Watch) -> None:
    """And the server, which has it on the chain now, brings nothing after it."""
    accounts, thief = watch.book.accounts, watch.book.ledger
    accounts("admin").permissions.grant("certification_server", thief.account)
    honest = leaf_hashes(watch.book.store)
    garbage = GrowingLog(CompactRange(honest), honest)
    garbage.grow(thief.login_log, 1)

    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.audit(watch.followed())
    assert caught.value.index == 20
    assert thief.account in str(caught.value)
    watch.proven(caught.value)
    watch.book.record(1)
    with pytest.raises(LogInconsistent):
        watch.book.flush()


def test_a_log_whose_entries_were_changed_is_not_brought_to_the_chain(watch: Watch) -> None:
    """Nor one that is whole, a second time."""
    book = watch.book
    book.restart()
    assert book.flush() == 0

    entries = list(book.store.entries(0, 20))
    book.store = another_store([*entries[:10], falsified(entries[10]), *entries[11:]])
    book.files = MemoryFileStore()  # whoever changes the entries forgets what was signed, too
    book.restart()
    with pytest.raises(LogInconsistent, match="chain has another"):
        book.flush()
    assert book.chain.size() == 20
