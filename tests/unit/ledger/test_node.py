"""anvil and Ganache on this machine: started, stopped, killed, and their state kept."""

import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from eth_account import Account

from certchain.errors import LedgerUnavailable, PortTaken, ProgramMissing, StorageUnavailable
from certchain.ledger import node as module
from certchain.ledger.chain import Connection, fund
from certchain.ledger.node import CHAIN_IDS, HOST, LocalNode, Program, find_program, free_port, start_node
from tests.world import refused, require_program


@pytest.fixture(params=Program)
def program(request: pytest.FixtureRequest) -> Program:
    require_program(Program(request.param))
    return Program(request.param)


@pytest.mark.parametrize("end", [LocalNode.stop, LocalNode.kill])
def test_a_chain_goes_on_where_it_stopped(program: Program, tmp_path: Path, end: object) -> None:
    friend, port = Account.create().address, free_port()
    with start_node(program, tmp_path, port) as node:
        connection = Connection.http(node.url)
        assert connection.chain_id() == CHAIN_IDS[program]
        fund(connection, [friend], 10**18)
        connection.close()
        assert node.url == f"http://{HOST}:{port}"

    with start_node(program, tmp_path, port) as node:
        connection = Connection.http(node.url)
        assert connection.balance(friend) == 10**18
        connection.close()
        end(node)  # type: ignore[operator]
        assert node.wait() is not None
        node.stop()


def test_a_state_that_anvil_did_not_write_to_its_end_is_replaced_by_the_last_whole_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    require_program(Program.ANVIL)
    friend, port = Account.create().address, free_port()
    with start_node(Program.ANVIL, tmp_path, port) as node, closing(Connection.http(node.url)) as connection:
        fund(connection, [friend], 10**18)
    start_node(Program.ANVIL, tmp_path, port).stop()
    state = tmp_path / "anvil.json"
    state.write_bytes(state.read_bytes()[:1000])

    with start_node(Program.ANVIL, tmp_path, port) as node, closing(Connection.http(node.url)) as connection:
        assert connection.balance(friend) == 10**18
    assert "broken off" in caplog.text


def test_a_state_that_was_never_whole_is_an_error(tmp_path: Path) -> None:
    require_program(Program.ANVIL)
    (tmp_path / "anvil.json").write_text("{")

    with pytest.raises(LedgerUnavailable, match="anvil did not come up"):
        start_node(Program.ANVIL, tmp_path, free_port())


def test_a_port_that_is_taken_is_refused(program: Program, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with refused(PortTaken(port)):
            start_node(program, tmp_path, port)


def test_a_program_that_does_not_come_up_says_why(program: Program, tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match=rf"{program} did not come up: \S+"):
        start_node(program, tmp_path, free_port(), ["--nonsense"])


def test_a_folder_that_cannot_be_one_is_an_error(program: Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageUnavailable, match="file"):
        start_node(program, tmp_path / "file", free_port())


@pytest.mark.parametrize("program", Program)
def test_a_program_that_is_not_there_is_missing(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with refused(ProgramMissing(str(program))):
        find_program(program, tmp_path)


def installed(folder: Path, name: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\nexec sleep 60\n")
    file.chmod(0o755)
    return file


def test_a_program_is_found_on_the_path_or_in_the_packages_of_a_folder_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(below)
    in_packages = installed(tmp_path / "node_modules" / ".bin", "ganache")

    assert find_program(Program.GANACHE) == in_packages
    on_path = installed(tmp_path / "bin", "ganache")
    assert find_program(Program.GANACHE) == on_path


def test_the_program_behind_a_script_of_npm_is_started_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    packages = tmp_path / "node_modules"
    script = installed(packages / "@foundry-rs" / "anvil", "bin.mjs")
    real = installed(packages / "@foundry-rs" / "anvil-linux" / "bin", "anvil")
    (packages / ".bin").mkdir()
    (packages / ".bin" / "anvil").symlink_to(script)

    assert find_program(Program.ANVIL, tmp_path) == real


def test_a_program_that_says_nothing_and_never_answers_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(module, "START_TIMEOUT", 0.2)
    installed(tmp_path / "bin", "ganache")

    with pytest.raises(LedgerUnavailable, match="it said nothing"):
        start_node(Program.GANACHE, tmp_path, free_port())


def test_a_program_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_TIMEOUT", 0.1)
    script = "trap '' TERM; echo; while :; do sleep 1; done"
    deaf = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    assert deaf.stdout
    deaf.stdout.readline()

    LocalNode(Program.ANVIL, 1, deaf).stop()

    assert deaf.returncode == -9
    deaf.stdout.close()
