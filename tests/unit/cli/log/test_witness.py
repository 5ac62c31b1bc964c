"""`certchain witness` and `certchain mirror`: others who see to it that the log only grows, and stays."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import requests

from certchain.roles.mirror import Mirror
from tests.program import CHEAP_KEYS, SESSION, Program
from tests.published import PublishedLog

Visit = Callable[[str], None]
NAME = "witness.example/w1"


@pytest.fixture
def witness(sessions: Program) -> str:
    """The verifier key of a witness who knows the log."""
    log = sessions.json("log", "key").value()["key"]
    made = sessions.json("witness", "init", "w1", "--key-name", NAME, "--log", log).value()
    assert (made["name"], made["logs"]) == (NAME, [log])
    return str(made["key"])


def ask(program: Program, witness: str, url: str) -> None:
    """From now on the log asks this witness, and is not published without."""
    settings = f'{CHEAP_KEYS}witness_quorum = 1\n[witnesses]\n"{witness}" = "{url}"\n'
    (program.home / "config.toml").write_text(settings)


def test_with_a_quorum_nothing_is_published_that_no_witness_has_cosigned(
    sessions: Program, visited: list[Visit], witness: str, tmp_path: Path
) -> None:
    def certify_under(url: str) -> None:
        ask(sessions, witness, url)
        sessions.json(*SESSION).value()
        assert sessions.json("log", "audit").value()["witnesses"] == [NAME]
        sessions.json("log", "prove", "3", "--out", str(tmp_path / "proof")).value()

    visited.append(certify_under)
    assert sessions("witness", "serve", "w1").code == 0
    verify = ("log", "verify", str(tmp_path / "proof"), "--quorum", "1", "--witness")
    assert sessions.json(*verify, witness).value()["witnesses"] == [NAME]
    sessions.json("log", "retention", "--days", "30").value()
    sessions.json("log", "flush").refusal(76, "CosignaturesMissing")
    assert [row["proven"] for row in sessions.json("log", "query").value()] == [True] * 5 + [False]


def test_a_witness_cosigns_no_log_that_it_does_not_know(sessions: Program, visited: list[Visit]) -> None:
    witness = sessions.json("witness", "init", "w2", "--key-name", "w2.example").value()["key"]
    days = count(30)

    def flush(url: str) -> None:
        ask(sessions, witness, url)
        sessions.json("log", "retention", "--days", str(next(days))).value()
        sessions.json("log", "flush").refusal(76, "CosignaturesMissing")

    visited.append(flush)
    assert sessions("witness", "serve", "w2").code == 0
    key = sessions.json("log", "key").value()["key"]
    assert sessions.json("witness", "trust", "w2", "--log", key).value()["added"] == [key]
    sessions.json("witness", "trust", "w2", "--log", key).refusal(65, "RecordExists")

    def flush_again(url: str) -> None:
        ask(sessions, witness, url)
        sessions.json("log", "flush").value()

    visited[:] = [flush_again]
    assert sessions("witness", "serve", "w2").code == 0
    assert sessions.json("witness", "distrust", "w2", "--log", key).value()["removed"] == [key]
    assert sessions.json("witness", "show", "w2").value()["logs"] == []
    sessions.json("witness", "distrust", "w2", "--log", key).refusal(65, "UnknownRecord")
    visited[:] = [flush]
    assert sessions("witness", "serve", "w2").code == 0


def test_a_witness_is_made_once_and_shown(sessions: Program, witness: str) -> None:
    assert sessions.json("witness", "show", "w1").value()["key"] == witness
    assert sessions.json("witness", "init", "w1", "--key-name", NAME).code != 0
    sessions.json("witness", "show", "w9").refusal(65, "UnknownRecord")
    sessions.json("witness", "serve", "w9").refusal(65, "UnknownRecord")
    sessions.json("witness", "init", "w9", "--key-name", NAME, "--log", witness).refusal(65, "MalformedValue")
    assert sessions.json("witness", "init", "w8", "--key-name", "no name").refusal(65, "MalformedValue")
    sessions.json("witness", "show", "w8").refusal(65, "UnknownRecord")


@pytest.mark.parametrize("settings", ['[witnesses]\nw1 = "http://127.0.0.1:9"\n', "witness_quorum = 1\n"])
def test_witnesses_that_cannot_be_are_refused_by_the_settings_file(deployed: Program, settings: str) -> None:
    (deployed.home / "config.toml").write_text(CHEAP_KEYS + settings)
    refusal = deployed.json("log", "flush").refusal(78, "ConfigurationInvalid")
    assert refusal["values"]["path"] == str(deployed.home / "config.toml")


def test_a_key_that_signs_logs_is_no_witnesses(deployed: Program) -> None:
    key = deployed.json("log", "key").value()["key"]
    ask(deployed, key, "http://127.0.0.1:9")
    assert "one that cosigns" in deployed.json("log", "flush").refusal(78, "ConfigurationInvalid")["sentence"]
    ask(deployed, key.replace("+", " "), "http://127.0.0.1:9")
    deployed.json("log", "flush").refusal(78, "ConfigurationInvalid")


def test_a_mirror_proves_entries_when_the_log_is_gone(sessions: Program, visited: list[Visit], tmp_path: Path) -> None:
    folder, proof = str(tmp_path / "mirror"), str(tmp_path / "proof")
    visited.append(lambda url: sessions.json("mirror", "sync", folder, "--url", url).value())
    assert sessions("log", "serve").code == 0
    assert sessions.json("mirror", "prove", folder, "1", "--out", proof).value()["entry"] == 1
    thumbprint = sessions.json("log", "verify", proof).value()["thumbprint"]
    assert sessions.json("log", "check", proof).value()["thumbprint"] == thumbprint
    sessions.json("mirror", "prove", folder, "4", "--out", proof).refusal(65, "IndexOutOfRange")
    sessions.json("mirror", "sync", folder, "--url", "http://127.0.0.1:9").refusal(69, "PeerUnavailable")


def test_a_mirror_whose_log_is_anothers_proves_nothing_in_this_homes_name(sessions: Program, tmp_path: Path) -> None:
    other, folder, proof = PublishedLog().append(3), tmp_path / "mirror", tmp_path / "proof"
    other.publish()
    Mirror(other, folder, other.verify).sync()
    sessions.json("mirror", "prove", str(folder), "1", "--out", str(proof)).refusal(76, "CheckpointInvalid")
    assert not proof.exists()


def test_a_mirror_follows_the_log_and_serves_it(sessions: Program, visited: list[Visit], tmp_path: Path) -> None:
    folder = str(tmp_path / "mirror")

    def mirror(log: str) -> None:
        visited[:] = [lambda url: grow(log, url)]
        assert sessions("mirror", "serve", folder, "--url", log, "--interval", "0.1").code == 0

    def grow(log: str, url: str) -> None:
        while requests.get(f"{url}/checkpoint", timeout=10).status_code != 200:
            pass
        assert requests.get(f"{url}/checkpoint", timeout=10).text == requests.get(f"{log}/checkpoint", timeout=10).text

    visited.append(mirror)
    assert sessions("log", "serve").code == 0


def test_a_mirror_keeps_nothing_that_is_not_signed_and_cosigned_as_it_was_told(
    sessions: Program, visited: list[Visit], witness: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    asked = ("--quorum", "1", "--witness", witness)

    def sync(url: str) -> None:
        sessions.json("mirror", "sync", str(folder), "--url", url, *asked).refusal(76, "CosignaturesMissing")

    visited.append(sync)
    assert sessions("log", "serve").code == 0
    assert not (folder / "checkpoint").exists()
