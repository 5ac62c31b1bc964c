"""`certchain log query` and `export`: what the log says, to people and to programs."""

import csv
import json
from pathlib import Path

import pytest

from tests.program import SESSION, Program

ASKED: tuple[tuple[tuple[str, ...], list[int]], ...] = (
    ((), [0, 1, 2, 3, 4]),
    (("--user", "alice"), [1, 2, 3, 4]),
    (("--user", "2"), []),
    (("--device", "porch-lock"), [1, 2, 3]),
    (("--user-device", "phone"), [1, 2, 3]),
    (("--outcome", "refused"), [3]),
    (("--kind", "app"), [0]),
    (("--kind", "login"), [1, 2, 3]),
    (("--kind", "hold"), [4]),
    (("--since", "2020-01-01"), [0, 1, 2, 3, 4]),
    (("--since", "2100-01-01T00:00:00+09:00"), []),
    (("--until", "2020-01-01"), []),
    (("--newest",), [4, 3, 2, 1, 0]),
    (("--limit", "2"), [0, 1]),
    (("--limit", "2", "--after", "1"), [2, 3]),
    (("--newest", "--limit", "2", "--after", "2"), [1, 0]),
)
REFUSED = (
    (("--user", "bob"), 65, "UnknownRecord"),
    (("--since", "yesterday"), 65, "MalformedValue"),
    (("--outcome", "perhaps"), 2, "UsageError"),
    (("--kind", "novel"), 2, "UsageError"),
    (("--limit", "0"), 2, "UsageError"),
    (("--limit", "1001"), 2, "UsageError"),
    (("--after", "-1"), 2, "UsageError"),
    (("--proofs", "/nowhere/proofs.json"), 69, "StorageUnavailable"),
)


@pytest.fixture
def mixed(registered: Program, earlier: list[str], tmp_path: Path) -> Program:
    """What was decided about the app, two certifications and a refused login, which the chain has; a hold, which it has not."""
    assert earlier == ["app"]
    registered.json(*SESSION).value()
    registered.json(*SESSION).value()
    (tmp_path / "guess").write_text("a guess\n")
    registered.json(*SESSION, "--secret-file", str(tmp_path / "guess")).refusal(77, "LoginRefused")
    registered.json("log", "hold", "case-7", "--user", "alice", "--reason", "a court's order").value()
    return registered


def test_entries_are_found_by_whom_when_how_and_what_page_by_page(mixed: Program) -> None:
    for asked, found in ASKED:
        assert [row["entry"] for row in mixed.json("log", "query", *asked).value()] == found, asked


def test_each_row_says_whether_it_is_proven_and_whether_the_chain_has_it(mixed: Program) -> None:
    before = mixed.json("log", "query").value()
    mixed.json("log", "flush").value()
    after = mixed.json("log", "query").value()
    assert [(row["proven"], row["on_chain"]) for row in before] == [(True, True)] * 4 + [(False, False)]
    assert [(row["proven"], row["on_chain"]) for row in after] == [(True, True)] * 5


def test_a_question_that_makes_no_sense_is_refused(mixed: Program) -> None:
    for asked, code, error in REFUSED:
        mixed.json("log", "query", *asked).refusal(code, error)


def test_a_page_of_the_log_fits_a_terminal_and_json_has_the_rest(
    mixed: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certchain.cli.output._WIDE", 80)
    lines = mixed("log", "query", "--limit", "2", "--after", "0").out.splitlines()
    assert lines[0] == "2 of 5 entries; the chain has 4. Go on with --after 2."
    rows = [line.split() for line in lines if "certified" in line]
    assert [(row[0], *row[2:]) for row in rows] == [
        (str(index), "login", "certified", "C13", "-", "alice", "phone", "porch-lock", "yes", "yes") for index in (1, 2)
    ]
    assert max(map(len, lines)) <= 100
    assert {"registration", "session"} <= set(mixed.json("log", "query").value()[0])


def test_records_say_whom_or_what_they_are_about(mixed: Program) -> None:
    mixed.json("log", "release", "case-7", "--user", "alice", "--reason", "over").value()
    mixed.json("log", "erase", "--device", "9", "--reason", "scrapped").value()
    rows = mixed.json("log", "query").value()
    assert [row["subject"] for row in rows] == ["app door 1.0", None, None, None, "user 1", "user 1", "device 9"]
    assert [row["outcome"] for row in rows] == ["allowed", "certified", "certified", "refused", None, None, None]
    assert (rows[0]["app"], rows[0]["version"], rows[0]["until"]) == ("door", "1.0", None)
    (line,) = [line for line in mixed("log", "query").out.splitlines() if " app " in line]
    assert line.split()[2:7] == ["app", "app", "door", "1.0", "allowed"]


def test_a_deprecated_app_is_shown_with_its_end_and_whoever_decided(mixed: Program) -> None:
    told = mixed.json("app", "deprecate", "door", "--version", "1.0", "--days", "30", "--reason", "old").value()
    _, row = mixed.json("log", "query", "--kind", "app").value()
    assert (row["subject"], row["outcome"], row["reason"]) == ("app door 1.0", "deprecated", "old")
    assert row["until"] == told["until"]


def test_the_proofs_of_a_page_are_verified_elsewhere(mixed: Program, tmp_path: Path) -> None:
    file = str(tmp_path / "proofs.json")
    mixed.json("log", "query", "--newest", "--proofs", file).value()
    assert mixed.json("log", "verify", file).value()["entries"] == 4
    changed = (tmp_path / "proofs.json").read_text().replace('"user": 1', '"user": 2')
    (tmp_path / "proofs.json").write_text(changed)
    assert mixed.json("log", "verify", file).code == 76


def test_before_the_first_checkpoint_there_are_entries_and_no_proofs(deployed: Program, tmp_path: Path) -> None:
    deployed.json("log", "retention", "--days", "30").value()
    assert [row["proven"] for row in deployed.json("log", "query").value()] == [False]
    deployed.json("log", "query", "--proofs", str(tmp_path / "p")).refusal(65, "UnknownRecord")
    deployed.json("log", "export", str(tmp_path / "export")).refusal(65, "UnknownRecord")


@pytest.mark.parametrize("style", ["csv", "json"])
def test_an_export_is_verified_elsewhere_to_the_last_letter(mixed: Program, tmp_path: Path, style: str) -> None:
    folder = tmp_path / "export"
    value = mixed.json("log", "export", str(folder), "--format", style, "--user", "alice").value()
    file = folder / value["file"]
    rows = list(csv.DictReader(file.read_text().splitlines())) if style == "csv" else json.loads(file.read_text())
    assert (len(rows), value["rows"], value["size"]) == (3, 3, 4)
    assert mixed.json("log", "verify", str(folder)).value()["rows"] == 3
    file.write_text(file.read_text().replace("certified", "certifled", 1))
    mixed.json("log", "verify", str(folder)).refusal(76, "ProofInvalid")


def test_an_export_goes_into_a_folder_of_its_own(mixed: Program, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "holiday.jpg").write_bytes(b"")
    mixed.json("log", "export", str(tmp_path / "full")).refusal(69, "StorageUnavailable")
    mixed.json("log", "verify", str(tmp_path / "full")).refusal(65, "UnknownRecord")
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["holiday.jpg"]
