"""Update and log on a real chain: the same story as in memory, on eth-tester in the process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certchain.errors import CorruptedPackage, LogInconsistent, UnapprovedPackage
from certchain.storage.data import PackageBytes
from certchain.verification.proof import verify_proof_file
from certchain.verification.update import LowerVersion
from tests.industry import Industry, firmware
from tests.logbook import Logbook, TamperedEntries, everything, falsified
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


def test_a_log_and_its_audit_on_a_chain(account: Any) -> None:
    """Two batches, an audit, a proof that the contract checks, too, and a changed entry."""
    book = Logbook(accounts=account)
    book.record(12)
    assert book.writer.flush(limit=8) == 12
    book.record(1)

    assert book.auditor.audit(book.entries()).waiting == 1
    proof = book.auditor.prove(9, book.entries(), book.channel())

    assert book.auditor.check_proof_file(proof) == verify_proof_file(proof)
    salted = everything(book)
    with pytest.raises(LogInconsistent, match="changed") as caught:
        book.auditor.audit(TamperedEntries((*salted[:10], falsified(salted[10]), *salted[11:])))
    assert caught.value.index == 10
    book.restart()
    assert book.writer.flush() == 1
