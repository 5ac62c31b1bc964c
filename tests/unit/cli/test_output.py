"""What a command shows: for people, or as JSON and nothing else."""

import io
import json

import pytest

from certchain.cli.output import Output, Result, listed
from certchain.errors import UnknownDevice
from certchain.models.digest import Digest
from certchain.models.registration import RiskLevel

DIGEST = Digest(bytes(32))


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def shown(result: Result, as_json: bool = False, results: io.StringIO | None = None) -> str:
    results = results or io.StringIO()
    Output(as_json, results, io.StringIO()).show(result)
    return results.getvalue()


def test_a_record_is_shown_line_by_line_and_never_cut() -> None:
    text = shown(Result("Done.", {"key_digest": DIGEST, "name": "x" * 300}))
    assert text.splitlines() == ["Done.", f"  key digest  sha-256:{'00' * 32}", f"  name        {'x' * 300}"]


def test_a_list_is_a_table_with_short_hashes() -> None:
    text = shown(Result("All.", [{"name": "a", "digest": DIGEST}, {"name": "b", "digest": b"\x11" * 32}]))
    assert "000000000000…" in text
    assert "111111111111…" in text
    assert "00" * 32 not in text


ROW = {"at": "2026-11-22T04:44:05Z", "a_long_title": 1, "reason": "RegistrationNotActive", "session": b"\x11" * 16}


def test_a_list_shows_the_columns_that_people_need_and_json_all() -> None:
    result = Result("All.", [ROW], ("reason", "at"))
    text = shown(result)
    assert text.splitlines()[-2].split() == ["RegistrationNotActive", "2026-11-22T04:44:05Z"]
    assert "session" not in text
    assert list(json.loads(shown(result, as_json=True))[0]) == list(ROW)


@pytest.mark.parametrize("width", ["20", "60", "80"])
def test_a_column_is_never_narrower_than_what_is_in_it(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "dumb")
    lines = shown(Result("All.", [ROW, ROW]), results=Terminal()).splitlines()
    assert [line.split() for line in lines if "2026" in line] == [
        ["2026-11-22T04:44:05Z", "1", "RegistrationNotActive", "111111111111…"]
    ] * 2
    assert any(line.split() == ["long"] for line in lines)


def test_an_empty_list_is_its_sentence_alone() -> None:
    assert shown(listed("device", [])) == "There are 0 devices.\n"


def test_one_is_counted_as_one() -> None:
    assert listed("device", [{"name": "a"}]).sentence == "There is 1 device."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (False, "no"),
        (RiskLevel.HIGH, "high"),
        ([1, None], "1, -"),
        ({"a": 1, "b": True}, "a 1, b yes"),
        (b"\x01\x02", "0102"),
        (1.5, "1.5"),
    ],
)
def test_values_are_written_for_people(value: object, text: str) -> None:
    assert shown(Result("Done.", {"value": value})) == f"Done.\n  value  {text}\n"


def test_json_is_one_value_and_nothing_else() -> None:
    text = shown(
        Result("Done.", {"digest": DIGEST, "risk": RiskLevel.LOW, "key": b"\xff", "other": object}), as_json=True
    )
    assert text.count("\n") == 1
    assert json.loads(text) == {"digest": str(DIGEST), "risk": "low", "key": "ff", "other": "<class 'object'>"}


def test_a_name_cannot_steer_the_terminal_or_be_taken_for_markup() -> None:
    text = shown(Result("Done.", {"name": "\x1b[31m[bold]x\a"}), results=Terminal())
    assert "\x1b[31m[bold]" not in text
    assert "[bold]x" in text
    assert "\a" not in text


def test_a_note_is_for_people_only() -> None:
    for as_json, expected in ((False, "Wait.\n"), (True, "")):
        notes = io.StringIO()
        Output(as_json, io.StringIO(), notes).note("Wait.")
        assert notes.getvalue() == expected


def test_a_refusal_is_one_sentence_and_one_of_advice_with_its_familys_exit_code() -> None:
    notes = io.StringIO()
    assert Output(False, io.StringIO(), notes).refuse(UnknownDevice(7)) == UnknownDevice.exit_code
    assert notes.getvalue() == "Error: There is no device 7.\nCorrect the value and ask again.\n"


def test_a_refusal_as_json_has_its_class_values_and_exit_code() -> None:
    notes = io.StringIO()
    Output(True, io.StringIO(), notes).refuse(UnknownDevice(7))
    assert json.loads(notes.getvalue()) == {
        "error": "UnknownDevice",
        "sentence": "There is no device 7.",
        "advice": "Correct the value and ask again.",
        "values": {"device": 7},
        "exit_code": 65,
    }


def test_progress_moves_on_a_terminal_and_is_silent_elsewhere() -> None:
    for notes, heard in ((Terminal(), True), (io.StringIO(), False)):
        with Output(False, io.StringIO(), notes).progress("Hashing") as advance:
            advance(1, 2)
            advance(2, 2)
        assert ("Hashing" in notes.getvalue()) is heard
