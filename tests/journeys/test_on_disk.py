"""Update and log with real files and a real database: everything is found again by processes that start anew."""

from pathlib import Path

from certchain.models.query import EntryFilter
from certchain.storage import DirectoryFileStore
from certchain.storage.data import PackageBytes
from tests.industry import Industry, firmware
from tests.keeping import Keeping


class Disk(dict[str, DirectoryFileStore]):
    """A folder for each party."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def setdefault(self, name: str, _: object = None) -> DirectoryFileStore:
        return super().setdefault(name, DirectoryFileStore(self.folder / name))


def test_every_step_of_a_release_and_an_update_can_be_in_another_process(tmp_path: Path) -> None:
    """All roles start again between any two steps, and keep nothing but their files and keys."""
    industry, data = Industry(stores=Disk(tmp_path)), PackageBytes(firmware(200_000))
    product = industry.product()
    industry.manufacturer.request_version(product, 1, industry.to_authority())
    industry.restart()
    industry.manufacturer.submit_package(product, 1, data, industry.to_authority())
    industry.restart()
    published = industry.manufacturer.publish(product, 1, data, industry.to_update_server())
    industry.device("hall")
    industry.restart()
    installed = industry.device("hall").update()
    industry.restart()

    assert industry.device("hall").boot() == installed
    assert installed is not None
    assert installed.pkg_id == published.pkg_id
    assert (tmp_path / "hall" / "slot-a").read_bytes() == data.data
    assert len(industry.update_server.receipts()) == 1


def test_a_log_on_the_disk_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Entries, keys, index and notes are opened again by a process that starts anew, and the chain lacks nothing in the end."""
    keeping = Keeping(tmp_path)
    keeping.book.record(20)
    keeping.book.flush()
    keeping.book.record(5)
    keeping.restart()

    assert keeping.book.engine.anchor.behind() == 5
    assert keeping.book.flush() == 5
    keeping.book.record(1)
    rows = keeping.query.page(EntryFilter()).rows
    assert [row.entry.leaf.index for row in rows] == list(range(26))
    assert [row.proof is not None for row in rows] == [True] * 25 + [False]
    assert all(row.entry.body is not None for row in rows)
    keeping.close()
