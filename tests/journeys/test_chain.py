"""Update and log on a real chain: the same story as in memory, on eth-tester in the process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certchain.errors import CorruptedPackage, LogInconsistent, NotIncluded, UnapprovedPackage
from certchain.merkle import consistency_path, inclusion_path, root
from certchain.models.log import ConsistencyProof, InclusionProof, LogMode
from certchain.storage import MemoryFileStore
from certchain.storage.data import PackageBytes
from certchain.verification.update import LowerVersion
from tests.industry import Industry, firmware
from tests.logbook import Logbook, another_store, falsified, leaf_hashes
from tests.world import World, world

NAMES = {"certification server": "server"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world("eth-tester", Path(tmp_path_factory.mktemp("chain"))) as found:
        yield found


@pytest.fixture
def account(network: World) -> Any:
    """Ledgers by name; whoever has no role there only reads."""
    return lambda name: network.ledgers.get(NAMES.get(name, name), network["thief"])


def test_a_release_and_an_update_on_a_chain(account: Any) -> None:
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


@pytest.mark.parametrize("mode", LogMode)
def test_a_log_on_a_chain(tmp_path: Path, mode: LogMode) -> None:
    """Two checkpoints, the contract's word on an entry and on the older checkpoint, a restart, and a changed entry."""
    with world("eth-tester", tmp_path, mode) as network:
        book = Logbook(accounts=lambda name: network.ledgers.get(NAMES.get(name, name), network["thief"]))
        book.record(12)
        assert book.flush() == 12
        before = book.engine.publication.published()
        book.record(8)
        assert book.flush() == 8

        contract, leaves = network["thief"].login_log, leaf_hashes(book.store)
        assert before is not None
        assert (contract.size(), contract.root(), contract.root_at(12)) == (20, root(leaves), before.root)
        assert [batch.size for batch in contract.batches(0, 10)] == [12, 20]
        contract.check_inclusion(leaves[9], InclusionProof(9, 20, inclusion_path(leaves, 9)))
        with pytest.raises(NotIncluded):
            contract.check_inclusion(leaves[8], InclusionProof(9, 20, inclusion_path(leaves, 9)))
        contract.check_consistency(ConsistencyProof(12, 20, consistency_path(leaves, 12, 20)), before.root)

        book.restart()
        assert book.flush() == 0
        entries = list(book.store.entries(0, 20))
        book.store = another_store([*entries[:10], falsified(entries[10]), *entries[11:]])
        book.files = MemoryFileStore()  # whoever changes the entries forgets what was signed, too
        book.restart()
        with pytest.raises(LogInconsistent, match="chain has another"):
            book.flush()
        assert contract.size() == 20
