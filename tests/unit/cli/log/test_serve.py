"""`certchain log serve` and `log key`: the log before others."""

from collections.abc import Callable
from pathlib import Path

import cbor2
import pytest
import requests

from certchain.cli import workspace
from certchain.cli.workspace import held_home
from certchain.config import Home
from certchain.encoding.entry import entry_bytes
from certchain.encoding.message import to_cbor
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import DeviceId
from tests.program import SESSION, Program

Visit = Callable[[str], None]
LOGIN = LoginEntry(LoginOutcome.REFUSED, "C2", "LoginRefused", None, None, None, DeviceId(1), None)


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=10)


def post(url: str, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/cbor"}
    return requests.post(f"{url}/entries", to_cbor((entry_bytes(LOGIN),)), headers=headers, timeout=10)


def test_the_log_is_served_beside_the_commands_that_write_it(
    sessions: Program, earlier: list[str], visited: list[Visit]
) -> None:
    size = len(earlier) + 3

    def certify_meanwhile(url: str) -> None:
        assert get(f"{url}/status").json()["size"] == size
        sessions.json(*SESSION).value()
        assert get(f"{url}/status").json()["size"] == get(f"{url}/status").json()["anchored_size"] == size + 1
        assert get(f"{url}/tile/entries/000.p/{size + 1}").status_code == 200
        assert post(url, "a token that nobody gave, and long enough").status_code in {404, 405}

    visited.append(certify_meanwhile)
    assert sessions("log", "serve").code == 0


def test_a_log_that_is_not_there_is_not_served(deployed: Program) -> None:
    deployed.json("log", "serve").refusal(69, "StorageUnavailable")


def test_a_writer_takes_entries_by_its_token_and_has_the_home_for_itself(
    sessions: Program, earlier: list[str], visited: list[Visit], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = []

    def submit(url: str) -> None:
        file = sessions.home / "log" / "appender.token"
        tokens.append(file.read_text())
        assert file.stat().st_mode & 0o77 == 0
        assert post(url, f"not {tokens[0]}").status_code == 401
        answer = post(url, tokens[0])
        assert answer.status_code == 200
        assert cbor2.loads(answer.content)["count"] == 1
        assert get(f"{url}/status").json()["durable_size"] == len(earlier) + 3 + len(tokens)
        monkeypatch.setattr(workspace, "_PATIENCE", 0.1)
        sessions.json("log", "query").refusal(69, "StorageUnavailable")

    visited.append(submit)
    assert sessions("log", "serve", "--accept").code == 0
    assert sessions("log", "serve", "--accept").code == 0
    assert tokens[0] == tokens[1]
    rows = sessions.json("log", "query").value()[len(earlier) :]
    assert [row["step"] for row in rows] == ["C13"] * 3 + ["C2"] * 2


def test_a_served_log_is_audited_followed_and_proven_beside_its_writer(
    sessions: Program, earlier: list[str], visited: list[Visit], tmp_path: Path
) -> None:
    size = len(earlier) + 3

    def look(url: str) -> None:
        report = sessions.json("log", "audit", "--url", url, "--url", url).value()
        assert (report["entries"], report["bodies"], report["compared_with"]) == (size, 0, 1)
        assert sessions("log", "follow", "--url", url, "--count", "1").out.startswith("entry 0")
        proof = str(tmp_path / "proof")
        sessions.json("log", "prove", "1", "--url", url, "--out", proof).value()
        assert sessions.json("log", "check", proof, "--url", url).value()["kind"] == "erased"
        note = str(sessions.home / "log" / "notes" / "checkpoint")
        assert sessions.json("log", "compare", note, "--url", url).value()["size"] == size
        assert sessions.json("log", "compare", "--url", url, "--url", url).value()["checkpoints"] == 1
        sessions.json("log", "compare", "--url", url).refusal(65, "MalformedValue")

    visited.append(look)
    assert sessions("log", "serve", "--accept").code == 0


def test_where_another_command_is_at_work_there_is_no_writer(
    sessions: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "_PATIENCE", 0.1)
    with held_home(Home(sessions.home)):
        sessions.json("log", "serve", "--accept").refusal(69, "StorageUnavailable")


@pytest.mark.parametrize("content", [b"\xff" * 40, b"short"])
def test_a_token_that_was_damaged_is_refused(deployed: Program, content: bytes) -> None:
    (deployed.home / "log").mkdir(exist_ok=True)
    (deployed.home / "log" / "appender.token").write_bytes(content)
    assert deployed.json("log", "serve", "--accept").code in {65, 69}


def test_the_logs_key_is_told_to_witnesses_and_mirrors(deployed: Program) -> None:
    value = deployed.json("log", "key").value()
    assert value["key"].startswith(value["log"] + "+")
