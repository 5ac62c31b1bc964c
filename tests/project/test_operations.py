"""What docs/operations.md tells operators to type runs as written, on machines of their own, over one chain."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tomli_w

import certchain.errors
from certchain.cli import main
from certchain.config import Configuration
from certchain.errors.audit import LogFinding
from tests.databases import PASSWORD, USER, protected_server, self_signed
from tests.program import CHEAP_KEYS
from tests.project.test_readme import COMMANDS as OF_THE_README

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"^```(console|toml)(?: (\w+))?\n(.*?)^```$", PAGE, re.S | re.M)
PROMPT = re.compile(r"(\w+)\$ (.*)")
SERVED = {"centre": "http://log.example", "witness": "http://witness.example", "mirror": "http://mirror.example"}
HOUSEHOLD = ("app", "user", "user-device", "product", "device enrol", "registration", "session")
ENROLMENT = [line for line in OF_THE_README if line.startswith(tuple(f"certchain {noun} " for noun in HOUSEHOLD))]


@dataclass
class Machines:
    """The machines of the page, each a home folder, with one folder in which they hand files to one another."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    known: dict[str, str]
    """What stands for NODE, for the keys, and for the names of services."""
    serving: list[subprocess.Popen[str]] = field(default_factory=list)

    def home(self, machine: str) -> Path:
        home = self.folder / f"{machine}-home"
        if not home.exists():
            home.mkdir()
            (home / "config.toml").write_text(CHEAP_KEYS)
        return home

    def set(self, machine: str, block: str) -> None:
        """Somebody has written this into the machine's settings."""
        path = self.home(machine) / "config.toml"
        path.write_text(tomli_w.dumps(tomllib.loads(path.read_text()) | tomllib.loads(self._said(block))))

    def type(self, machine: str, line: str, refusal: str | None) -> None:
        """One command of the page; one that is refused ends with the sentence that stands below it."""
        self.patch.setenv("CERTCHAIN_HOME", str(self.home(machine)))
        words = self._words(self._said(line))
        if words[:1] != ["certchain"]:
            subprocess.run(words, cwd=self.folder, check=True)
        elif "serve" in words:
            self._serve(machine, words)
        else:
            self._run(line, words[1:], refusal)

    def _said(self, text: str) -> str:
        for name, value in self.known.items():
            text = text.replace(name, value)
        return text

    def _words(self, line: str) -> list[str]:
        """The line as a shell takes it apart."""
        command = ["bash", "-c", f"printf '%s\\0' {line}"]
        expanded = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return expanded.stdout.split("\0")[:-1]

    def _run(self, line: str, words: list[str], refusal: str | None) -> None:
        code = main(words)
        shown = self.capture.readouterr()
        if refusal is None:
            assert code == 0, f"{line}: {shown.err}"
        else:
            assert code != 0, f"{line}: {shown.out}"
            assert all(part in shown.err for part in refusal.split("…")), f"{line}: {shown.err}"
        if named := re.search(r"^  key +(\S+)$", shown.out, re.M):
            self.known["WITNESS_KEY" if "witness" in words else "LOG_KEY"] = named[1]

    def _serve(self, machine: str, words: list[str]) -> None:
        command = [sys.executable, "-m", *words, "--port", "0"]
        service = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.serving.append(service)
        assert service.stdout is not None
        listening = re.search(r"http://[\d.:]+", service.stdout.readline())
        assert listening is not None
        self.known[SERVED[machine]] = listening[0]


@pytest.fixture
def database_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the page's PostgreSQL server is; its operator's programs find it in the environment, and its authority is in ``ca.pem``."""
    certificate = self_signed(tmp_path, "localhost")
    shutil.copy(certificate, tmp_path / "ca.pem")
    with protected_server(certificate) as server:
        server.execute(f"CREATE ROLE centre LOGIN PASSWORD '{PASSWORD}'")
        for name, value in {"HOST": "localhost", "PORT": server.port, "USER": USER, "PASSWORD": PASSWORD}.items():
            monkeypatch.setenv(f"PG{name}", str(value))
        monkeypatch.setenv("CERTCHAIN_DATABASE_PASSWORD", PASSWORD)
        yield f"localhost:{server.port}"


@pytest.fixture
def machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_host: str
) -> Iterator[Machines]:
    """Machines on a network of one anvil; the passphrase is in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CERTCHAIN_PASSPHRASE", "for the key files")
    monkeypatch.setenv("CERTCHAIN_SECRET", "open sesame")
    monkeypatch.setenv("PATH", f"{ROOT / 'node_modules' / '.bin'}:{os.environ['PATH']}")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    command = [sys.executable, "-m", "certchain", "node", "--engine", "anvil", "--port", "0", "--home", "node-home"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        address = re.search(r"http://[\d.:]+", node.stdout.readline())
        assert address is not None
        known = {"NODE": address[0], "DATABASE_HOST": database_host}
        found = Machines(tmp_path, monkeypatch, capsys, known)
        try:
            yield found
        finally:
            for process in (*found.serving, node):
                process.terminate()
                process.wait(30)
                assert process.stdout is not None
                process.stdout.close()


def steps() -> Iterator[tuple[str, str, str | None]]:
    """Machine, command and refusal of every line of the page; settings as the command ``=``."""
    for language, machine, block in BLOCKS:
        if language == "toml":
            yield machine or "centre", f"={block}", None
            continue
        lines = block.splitlines()
        for at, line in enumerate(lines):
            if prompt := PROMPT.fullmatch(line):
                below = lines[at + 1] if at + 1 < len(lines) else ""
                yield prompt[1], prompt[2], None if PROMPT.fullmatch(below) else below or None


def test_the_commands_for_operators_run_as_written(machines: Machines) -> None:
    """One after another, with a household enrolled by the commands of the README; refusals are those that the page shows."""
    for machine, command, refusal in steps():
        if command.startswith("="):
            machines.set(machine, command[1:])
            continue
        machines.type(machine, command, refusal)
        if command.startswith("certchain deploy"):
            for line in ENROLMENT:
                machines.type(machine, line, None)


def test_every_command_that_the_page_names_is_one_of_the_program() -> None:
    """In the text, too."""
    named = set(re.findall(r"`certchain ([a-z-]+ [a-z-]+)", PAGE))
    assert {"log audit", "witness trust"} <= named
    for words in map(shlex.split, sorted(named)):
        assert main([*words, "--help"]) == 0


def test_every_finding_and_error_that_the_page_names_is_one_and_no_finding_is_missing() -> None:
    """Nobody looks in vain for what an auditor said."""
    named = set(re.findall(r"`([A-Z][A-Za-z]+)`", PAGE))
    findings = {name for name, cls in certchain.errors.error_classes().items() if issubclass(cls, LogFinding)}
    assert findings <= named <= set(certchain.errors.error_classes())


def test_the_settings_in_the_page_have_the_defaults_that_it_says() -> None:
    """The table is the configuration's."""
    shown = re.findall(r"^\| `(\w+)` \| ([\d,]+)(?: s)? \|", PAGE, re.M)
    defaults = Configuration()
    assert len(shown) == 5
    assert all(int(value.replace(",", "")) == getattr(defaults, name) for name, value in shown)


def test_every_link_leads_somewhere() -> None:
    """No link of the page is broken."""
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]*)\)", PAGE)]
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
