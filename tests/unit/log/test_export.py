"""Exports: files of rows that anyone can check against the proofs beside them."""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.encoding.document import from_document, to_document
from certchain.errors import CertchainError, CheckpointInvalid, ProofInvalid, UnknownRecord, WrongSigner
from certchain.keys import KeyPair
from certchain.log import export, export_entries, verify_export
from certchain.log.table import table
from certchain.models.certification import AppStatus
from certchain.models.digest import Digest
from certchain.models.entry import AppEntry, LogEntry, LoginEntry, LoginOutcome
from certchain.models.identifier import DeviceId, ServiceId, UserId
from certchain.models.log import ProofBundle
from certchain.models.query import EntryFilter, Exported, ExportedRow, ExportFormat
from certchain.storage import DirectoryFileStore, MemoryFileStore
from certchain.verification.proof import verify_proof_bundle
from tests.industry import NOON
from tests.keeping import Keeping
from tests.logged import ALICE, BORIS, login

STYLES = list(ExportFormat)
AT_NOON = f"{datetime.fromtimestamp(NOON, UTC):%Y-%m-%dT%H:%M:%SZ}"


def kept(logins: int = 4) -> Keeping:
    """Logins of Alice and Boris in turn; a hold on Boris, and Alice is erased after her first two; published."""
    keeping = Keeping()
    keeping.record(*(login(user=1 + place % 2) for place in range(logins)))
    keeping.retention.set_retention(365, "policy")
    keeping.retention.hold(BORIS, "case 7", "court, 3rd chamber")
    keeping.retention.hold(BORIS, "case 8", "court")
    keeping.retention.release(BORIS, "case 8", "closed")
    keeping.retention.erase(ALICE, "request")
    keeping.record(login(user=1))
    keeping.book.engine.publication.publish()
    return keeping


def exported(
    keeping: Keeping, style: ExportFormat, wanted: EntryFilter | None = None
) -> tuple[MemoryFileStore, Exported]:
    files = MemoryFileStore()
    keys = keeping.book.server.keys.public
    return files, export_entries(keeping.query, wanted or EntryFilter(), keys, files, style)


def content(files: MemoryFileStore, name: str) -> bytes:
    return b"".join(files.read(name))


def rows_of(files: MemoryFileStore) -> list[dict[str, str]]:
    text = content(files, "entries.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


# ----------------------------------------------------------------------------------------------------------------- rows


def test_a_table_has_a_row_for_each_entry_with_what_it_says() -> None:
    keeping = kept()
    files, told = exported(keeping, ExportFormat.CSV)
    rows, leaves = rows_of(files), [entry.leaf for entry in keeping.everything()]

    assert told == Exported("entries.csv", 10, 10)
    assert [row["index"] for row in rows] == [str(place) for place in range(10)]
    assert [row["kind"] for row in rows] == [
        *("erased", "login", "erased", "login", "retention", "hold", "hold", "release", "erasure", "login")
    ]
    assert [row["commitment"] for row in rows] == [str(leaf.commitment) for leaf in leaves]
    assert {row["proofs"] for row in rows} == {"proofs-000001.json"}
    said = {name: value for name, value in rows[1].items() if value and name not in {"commitment", "proofs"}}
    named = {"user": "2", "user_device": "2", "device": "3", "registration": "4"}
    ended = {"outcome": "certified", "step": "C13", "session": "00" * 16}
    assert said == {"index": "1", "time": AT_NOON, "kind": "login", **ended, **named}
    assert (rows[5]["subject"], rows[5]["hold"], rows[5]["reason"]) == ("user 2", "case 7", "court, 3rd chamber")
    assert (rows[8]["subject"], rows[8]["reason"], rows[8]["before"] > rows[8]["time"]) == ("user 1", "request", True)
    assert rows[4]["days"] == "365"


def test_an_erased_row_has_its_place_time_and_commitment_only() -> None:
    files, _ = exported(kept(), ExportFormat.CSV)
    erased = {name for name, value in rows_of(files)[0].items() if value}

    assert erased == {"index", "time", "kind", "commitment", "proofs"}


def test_a_table_is_as_rfc_4180_says() -> None:
    files, _ = exported(kept(), ExportFormat.CSV)
    text = content(files, "entries.csv")

    assert text.endswith(b"\r\n")
    assert text.count(b"\n") == text.count(b"\r\n") == 11
    assert b'"court, 3rd chamber"' in text


def row(entry: LogEntry, at: int = NOON) -> ExportedRow:
    return ExportedRow(0, at, Digest(bytes(32)), entry, "proofs-000001.json")


@pytest.mark.parametrize(
    ("status", "until", "ends"), [(AppStatus.ALLOWED, 0, ""), (AppStatus.DEPRECATED, NOON, AT_NOON)]
)
def test_a_decision_on_an_app_says_which_what_and_until_when(status: AppStatus, until: int, ends: str) -> None:
    entry = AppEntry("door", "1.0", ServiceId(2), Digest(bytes(32)), status, until, "olga", "=old")
    text = b"".join(table([row(entry)], ExportFormat.CSV)).decode()
    (read,) = csv.DictReader(io.StringIO(text, newline=""))

    assert (read["kind"], read["subject"], read["outcome"]) == ("app", "app door 1.0", status.value)
    assert (read["before"], read["by"], read["reason"]) == (ends, "olga", "'=old")


@pytest.mark.parametrize("claimed", ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_a_spreadsheet_runs_nothing_that_a_stranger_claimed(claimed: str) -> None:
    entry = LoginEntry(LoginOutcome.REFUSED, claimed, claimed, None, None, None, DeviceId(3), None)
    text = b"".join(table([row(entry)], ExportFormat.CSV)).decode()
    (read,) = csv.DictReader(io.StringIO(text, newline=""))

    assert (read["step"], read["reason"]) == ("'" + claimed, "'" + claimed)


def test_quotes_commas_and_line_ends_stay_in_their_cell() -> None:
    entry = LoginEntry(LoginOutcome.REFUSED, 'C2, "x"\r\n9', "a;b", None, None, None, DeviceId(3), None)
    text = b"".join(table([row(entry)], ExportFormat.CSV)).decode()
    (read,) = csv.DictReader(io.StringIO(text, newline=""))

    assert (read["step"], read["reason"]) == ('C2, "x"\r\n9', "a;b")


def test_a_time_that_no_calendar_has_is_written_as_its_seconds() -> None:
    text = b"".join(table([row(login(), at=2**62)], ExportFormat.CSV)).decode()

    assert text.splitlines()[1].startswith(f"0,{2**62},login,")


def test_json_is_the_document_of_its_rows() -> None:
    keeping = kept()
    files, told = exported(keeping, ExportFormat.JSON)
    rows = from_document(tuple[ExportedRow, ...], content(files, "entries.json"))

    assert told == Exported("entries.json", 10, 10)
    assert [one.entry for one in rows] == [
        None if entry.body is None else entry.body.entry for entry in keeping.everything()
    ]
    assert content(files, "entries.json") == to_document(rows)


@pytest.mark.parametrize("style", STYLES)
def test_an_export_of_nothing_is_one_too(style: ExportFormat) -> None:
    keeping = kept()
    files, told = exported(keeping, style, EntryFilter(user=UserId(99)))

    assert told == Exported(f"entries.{style}", 0, 10)
    assert verify_export(files, style) == told


def test_json_without_rows_is_an_empty_document() -> None:
    assert b"".join(table([], ExportFormat.JSON)) == to_document(()) == b"[]\n"


def test_only_what_was_asked_for_and_what_is_published_is_exported() -> None:
    keeping = kept()
    keeping.record(login(user=2))
    files, told = exported(keeping, ExportFormat.JSON, EntryFilter(user=UserId(2)))
    rows = from_document(tuple[ExportedRow, ...], content(files, "entries.json"))

    assert [one.index for one in rows] == [1, 3, 5, 6, 7]
    assert told.size == 10


def test_before_the_first_checkpoint_there_is_nothing_to_prove_an_export_with() -> None:
    keeping = Keeping()
    keeping.record(login())

    with pytest.raises(UnknownRecord):
        exported(keeping, ExportFormat.CSV)


# ---------------------------------------------------------------------------------------------------------------- proof


@pytest.mark.parametrize("style", STYLES)
def test_an_export_proves_its_rows_with_nothing_but_its_files(style: ExportFormat) -> None:
    keeping = kept()
    files, told = exported(keeping, style)

    assert verify_export(files, style, key_thumbprint(keeping.book.server.keys.public)) == told
    proven = verify_proof_bundle(content(files, "proofs-000001.json"))
    assert [entry.entry is None for entry in proven.entries][:4] == [True, False, True, False]
    with pytest.raises(WrongSigner):
        verify_export(files, style, key_thumbprint(KeyPair.generate().public))


@pytest.mark.parametrize("style", STYLES)
def test_an_export_of_many_pages_is_checked_in_order(style: ExportFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE_LIMIT", 4)
    files, told = exported(kept(9), style)

    assert [name for name in files.names() if name.startswith("proofs")] == [
        f"proofs-00000{number}.json" for number in (1, 2, 3, 4)
    ]
    assert (told.rows, verify_export(files, style)) == (15, told)


def test_an_export_in_a_folder_can_be_checked_there(tmp_path: Path) -> None:
    keeping = kept(1500)
    files = DirectoryFileStore(tmp_path / "export")
    keys = keeping.book.server.keys.public
    told = export_entries(keeping.query, EntryFilter(), keys, files, ExportFormat.CSV)

    assert files.names() == ("entries.csv", "proofs-000001.json", "proofs-000002.json")
    assert verify_export(DirectoryFileStore(tmp_path / "export"), ExportFormat.CSV) == told
    assert told.rows == 1506


def changed(files: MemoryFileStore, name: str, old: bytes, new: bytes) -> None:
    before = content(files, name)
    assert old in before
    files.write(name, [before.replace(old, new, 1)])


def swap(files: MemoryFileStore, one: str, other: str) -> None:
    contents = content(files, one), content(files, other)
    files.write(one, [contents[1]])
    files.write(other, [contents[0]])


TAMPERINGS: dict[str, tuple[Callable[[MemoryFileStore], None], Iterable[type[CertchainError]]]] = {
    "a changed row": (lambda files: changed(files, "entries.csv", b"certified", b"refused"), [ProofInvalid]),
    "an added row": (
        lambda files: files.write("entries.csv", [content(files, "entries.csv"), b"15,x\r\n"]),
        [ProofInvalid],
    ),
    "a missing row": (lambda files: files.write("entries.csv", [content(files, "entries.csv")[:-5]]), [ProofInvalid]),
    "no rows": (lambda files: files.write("entries.csv", []), [ProofInvalid]),
    "no file of rows": (lambda files: files.remove("entries.csv"), [UnknownRecord]),
    "a changed body": (lambda files: changed(files, "proofs-000001.json", b'"C13"', b'"C12"'), [ProofInvalid]),
    "a missing bundle": (lambda files: files.remove("proofs-000003.json"), [ProofInvalid]),
    "no bundle": (lambda files: files.remove("proofs-000001.json"), [UnknownRecord]),
    "swapped bundles": (lambda files: swap(files, "proofs-000001.json", "proofs-000002.json"), [ProofInvalid]),
    "a bundle twice": (
        lambda files: files.write("proofs-000002.json", [content(files, "proofs-000001.json")]),
        [ProofInvalid],
    ),
    "a changed checkpoint": (
        lambda files: changed(files, "proofs-000001.json", b"certchain/", b"certchaim/"),
        [CheckpointInvalid, ProofInvalid],
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_an_export_that_was_changed_proves_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE_LIMIT", 4)
    files, told = exported(kept(9), ExportFormat.CSV)
    assert verify_export(files, ExportFormat.CSV) == told
    tamper, refusals = TAMPERINGS[name]
    tamper(files)

    with pytest.raises(tuple(refusals)):
        verify_export(files, ExportFormat.CSV)


def test_bundles_of_two_exports_are_not_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE_LIMIT", 4)
    keeping = kept(9)
    files, _ = exported(keeping, ExportFormat.CSV)
    keeping.record(login(user=2))
    keeping.book.engine.publication.publish()
    later, _ = exported(keeping, ExportFormat.CSV)
    files.write("proofs-000002.json", [content(later, "proofs-000002.json")])

    with pytest.raises(ProofInvalid, match="another checkpoint"):
        verify_export(files, ExportFormat.CSV)


def test_the_proofs_that_go_with_an_export_are_documents_of_their_own() -> None:
    files, _ = exported(kept(), ExportFormat.CSV)
    bundle = from_document(ProofBundle, content(files, "proofs-000001.json"))

    assert len(bundle.entries) == 10
    assert bundle.entries[0].body is None
