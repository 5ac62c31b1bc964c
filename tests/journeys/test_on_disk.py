"""Update and log with real files and a real database: everything is found again by processes that start anew."""

from pathlib import Path

from certchain.log import LogWriter
from certchain.storage import DirectoryFileStore, SqlManagementDatabase
from certchain.storage.data import PackageBytes
from tests.industry import Industry, firmware
from tests.logbook import Logbook


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


def test_a_log_in_sqlite_goes_on_after_a_restart(tmp_path: Path) -> None:
    book = Logbook(records=SqlManagementDatabase(tmp_path / "server.db"))
    book.record(20)
    book.writer.flush(limit=7)
    book.record(5)
    book.records.close()

    again = SqlManagementDatabase(tmp_path / "server.db")
    writer = LogWriter(again, book.chain)

    assert writer.behind() == 5
    assert writer.flush() == 5
    assert book.auditor.audit(again).size == 25
    again.close()
