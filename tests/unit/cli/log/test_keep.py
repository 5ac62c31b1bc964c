"""`certchain log flush`, `hold`, `erase`, `retention` and `expire`: what is done to the log stands in the log."""

import pytest

from certchain.errors import LedgerUnavailable
from tests.program import SESSION, Program

ALICE = ("--user", "alice")
ASKED = ("--reason", "she asked for it")


def kinds(program: Program) -> list[str]:
    return [row["kind"] for row in program.json("log", "query").value()]


def test_an_empty_log_is_shown_flushed_and_audited(deployed: Program) -> None:
    assert deployed.json("log", "query").value() == []
    assert deployed.json("log", "flush").value() == {"appended": 0, "size": 0}
    assert deployed.json("log", "audit").value()["entries"] == 0


def test_what_is_not_on_the_chain_yet_is_brought_there(deployed: Program) -> None:
    deployed.json("log", "retention", "--days", "30").value()
    assert deployed.json("log", "flush").value() == {"appended": 1, "size": 1}
    assert deployed.json("log", "flush").value() == {"appended": 0, "size": 1}


def test_without_a_chain_nothing_is_said_to_be_there(deployed: Program) -> None:
    deployed.json("log", "retention", "--days", "30").value()
    deployed.chain.down = LedgerUnavailable("nobody answers")
    deployed.json("log", "flush").refusal(69, "LedgerUnavailable")
    deployed.chain.down = None
    assert deployed.json("log", "flush").value()["appended"] == 1


def test_alice_is_forgotten_except_under_hold_and_the_log_still_proves(sessions: Program, earlier: list[str]) -> None:
    next_entry = len(earlier) + 3
    hold = sessions.json("log", "hold", "case-7", *ALICE, "--reason", "a court's order").value()
    assert hold == {"subject": "user 1", "hold": "case-7", "entry": next_entry}
    assert [row["hold"] for row in sessions.json("log", "holds").value()] == ["case-7"]
    sessions.json("log", "erase", *ALICE, *ASKED).refusal(77, "SubjectOnHold")
    assert kinds(sessions) == [*earlier, *["login"] * 3, "hold"]
    released = sessions.json("log", "release", "case-7", *ALICE, "--reason", "the case is closed").value()
    assert released["entry"] == next_entry + 1
    erasure = sessions.json("log", "erase", *ALICE, *ASKED).value()
    assert erasure == {"subject": "user 1", "entry": next_entry + 2}
    assert kinds(sessions) == [*earlier, *["erased"] * 3, "hold", "release", "erasure"]
    assert sessions.json("log", "holds").value() == []
    sessions.json("log", "flush").value()
    report = sessions.json("log", "audit").value()
    assert (report["entries"], report["on_chain"], report["erased"]) == (next_entry + 3, next_entry + 3, 3)
    assert sessions.json(*SESSION).code == 0
    assert kinds(sessions)[-1] == "login"


def test_a_hold_is_placed_once_and_released_once(deployed: Program) -> None:
    hold = ("log", "hold", "case-7", "--device", "9", "--reason", "a court's order")
    release = ("log", "release", "case-7", "--device", "9", "--reason", "over")
    deployed.json(*release).refusal(65, "UnknownHold")
    deployed.json(*hold).value()
    deployed.json(*hold).refusal(65, "HoldExists")
    deployed.json(*release).value()
    deployed.json(*release).refusal(65, "UnknownHold")


@pytest.mark.parametrize("whom", [(), ("--user", "1", "--device", "1")])
def test_an_erasure_is_of_one_subject_and_for_a_reason(deployed: Program, whom: tuple[str, ...]) -> None:
    deployed.json("log", "erase", *whom, *ASKED).refusal(65, "MalformedValue")
    deployed.json("log", "erase", "--user", "1").refusal(2, "UsageError")
    deployed.json("log", "erase", "--user", "1", "--reason", "").refusal(65, "MalformedValue")
    deployed.json("log", "erase", "--user", "bob", *ASKED).refusal(65, "UnknownRecord")
    assert kinds(deployed) == []


def test_the_retention_is_a_record_and_expires_what_is_old(sessions: Program, earlier: list[str]) -> None:
    assert sessions.json("log", "retention").value() == {"days": 0}
    assert sessions.json("log", "expire").value() == {"subjects": []}
    assert sessions.json("log", "retention", "--days", "365", "--reason", "the law").value() == {"days": 365}
    assert sessions.json("log", "retention").value() == {"days": 365}
    assert sessions.json("log", "expire").value() == {"subjects": []}
    sessions.json("log", "retention", "--days", "36501").refusal(2, "UsageError")
    assert "Entries are erased after 365 days." in sessions("log", "retention").out
    assert kinds(sessions) == [*earlier, *["login"] * 3, "retention"]
