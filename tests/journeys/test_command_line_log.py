"""The log before others, by hand: two witnesses, a writer that is served, a mirror and an auditor, each a process of its own."""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest
import requests

from certchain.config import read_configuration, write_configuration
from certchain.encoding.entry import entry_bytes
from certchain.encoding.message import to_cbor
from tests.logbook import login
from tests.program import CHEAP_KEYS
from tests.shell import PATIENCE, Shell

NAMES = ("w1", "w2")
SERVER = Path("service") / "certification-server" / "record.toml"


def home(folder: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Somebody's home folder, with nothing in it but cheap keys."""
    folder.mkdir()
    (folder / "config.toml").write_text(CHEAP_KEYS)
    return Shell(folder, capsys)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The certification centre's."""
    monkeypatch.setenv("CERTCHAIN_PASSPHRASE", "the operator's passphrase")
    monkeypatch.delenv("CERTCHAIN_HOME", raising=False)
    return home(tmp_path / "centre", capsys)


@pytest.fixture
def witnesses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Shell]:
    """Each with a home of its own."""
    return {name: home(tmp_path / name, capsys) for name in NAMES}


def introduce(shell: Shell, witnesses: dict[str, Shell]) -> dict[str, str]:
    """Log and witnesses are told one another's keys; the witnesses' keys."""
    log = shell("log", "key")["key"]
    return {
        name: each("witness", "init", name, "--key-name", f"{name}.example", "--log", log)["key"]
        for name, each in witnesses.items()
    }


def require(shell: Shell, addresses: dict[str, str], quorum: int) -> None:
    """The settings of a log that nobody sees before so many witnesses have."""
    file = shell.home / "config.toml"
    known = read_configuration(file)
    write_configuration(file, replace(known, log_batch_age=1, witness_quorum=quorum, witnesses=addresses))


def submit(shell: Shell, url: str, count: int) -> int:
    """Logins for whoever writes the log; the first one's index."""
    token = (shell.home / "log" / "appender.token").read_text()
    entries = to_cbor(tuple(entry_bytes(login(number)) for number in range(count)))
    answer = requests.post(f"{url}/entries", entries, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    first: int = cbor2.loads(answer.content)["first_index"]
    return first


def wait_for(url: str, name: str, value: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while requests.get(f"{url}/status", timeout=PATIENCE).json()[name] != value:
        assert time.monotonic() < deadline, f"{name} is not {value}: {requests.get(f'{url}/status', timeout=9).text}"
        time.sleep(0.1)


@contextmanager
def witnessing(shell: Shell, witnesses: dict[str, Shell], keys: dict[str, str]) -> Iterator[None]:
    """While within, all witnesses answer, and the log asks them."""
    with ExitStack() as stack:
        addresses = {
            keys[name]: stack.enter_context(each.served("witness", "serve", name)) for name, each in witnesses.items()
        }
        require(shell, addresses, len(witnesses))
        yield


@pytest.mark.parametrize("mode", ["recorded", "anchored"])
def test_a_log_is_witnessed_mirrored_audited_and_outlived(
    mode: str, shell: Shell, witnesses: dict[str, Shell], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The writer is killed; the mirror proves what was in its log, cosigned, to whoever knows the keys."""
    mirror = home(tmp_path / "mirror", capsys)
    folder, proof = str(tmp_path / "tiles"), str(tmp_path / "entry.proof")
    with shell.node("anvil", signal.SIGTERM):
        shell("deploy", "--login-log-mode", mode)
        keys = introduce(shell, witnesses)
        (mirror.home / SERVER.parent).mkdir(parents=True)
        shutil.copy(shell.home / SERVER, mirror.home / SERVER)
        asked = ("--quorum", "2", *(word for key in keys.values() for word in ("--witness", key)))
        with witnessing(shell, witnesses, keys):
            with shell.served("log", "serve", "--accept", stop=signal.SIGKILL) as log:
                assert submit(shell, log, 300) == 0
                wait_for(log, "anchored_size", 300)
                with mirror.served("mirror", "serve", folder, "--url", log, "--interval", "0.1", *asked) as mirrored:
                    wait_for(mirrored, "size", 300)
                    report = shell("log", "audit", "--url", log, "--url", mirrored)
            assert (report["on_chain"], sorted(report["witnesses"]), report["compared_with"]) == (
                300,
                sorted(keys_named(keys)),
                1,
            )
            assert mirror("mirror", "prove", folder, "299", "--out", proof)["entry"] == 299
            assert sorted(shell("log", "verify", proof, *asked)["witnesses"]) == sorted(keys_named(keys))
            assert shell("log", "check", proof)["size"] == 300
            erase(shell)
        assert shell("log", "retention", "--days", "30")["days"] == 30
        assert shell.refusal("log", "flush") == (76, "CosignaturesMissing")
        assert [row["proven"] for row in shell("log", "query", "--newest", "--limit", "2")] == [False, True]
        with witnessing(shell, witnesses, keys):
            assert shell("log", "flush")["appended"] == 1
            assert shell("log", "audit", "--whole")["on_chain"] == 304


def keys_named(keys: dict[str, str]) -> list[str]:
    return [key.partition("+")[0] for key in keys.values()]


def erase(shell: Shell) -> None:
    """A user is forgotten, but not while somebody holds what is known of them."""
    whom = ("--user", "7")
    shell("log", "hold", "case-7", *whom, "--reason", "a court's order")
    assert shell.refusal("log", "erase", *whom, "--reason", "asked for") == (77, "SubjectOnHold")
    shell("log", "release", "case-7", *whom, "--reason", "over")
    assert shell("log", "erase", *whom, "--reason", "asked for")["entry"] == 302
    assert shell("log", "flush")["size"] == 303
