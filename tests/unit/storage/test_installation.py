"""An installation is compared with its record, file by file: a really built wheel in a folder of the test's own."""

import importlib.util
import os
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import Distribution
from pathlib import Path

import pytest

import certchain
from certchain.errors import InstallationChanged, InstallationUnrecorded, StorageUnavailable
from certchain.models.installation import Installation
from certchain.storage.installation import read_installation
from certchain.verification.installation import verify_installation

ROOT = Path(__file__).parents[3]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it would be shipped, from a copy: building leaves traces beside the sources."""
    copy, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "python_client", copy / "python_client", ignore=ignored)
    (copy / "requirements").mkdir()
    shutil.copy(ROOT / "requirements" / "runtime.in", copy / "requirements")
    for name in SOURCES:
        shutil.copy(ROOT / name, copy)
    build = (*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out), str(copy))
    subprocess.run(build, check=True, timeout=120)
    (found,) = out.iterdir()
    return found


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    subprocess.run((*PIP, "install", "--no-deps", "--no-index", "--target", str(folder), str(wheel)), check=True)
    return folder


@pytest.fixture
def site(fresh: Path, tmp_path: Path) -> Path:
    """The folder that the package is installed in, with its bytecode."""
    return Path(shutil.copytree(fresh, tmp_path / "site", symlinks=True))


def installation(site: Path, running: Path | None = None) -> Installation:
    found = next(iter(Distribution.discover(name="certchain", path=[str(site)])))
    return read_installation(running or site / "certchain", found)


# ------------------------------------------------------------------------------------------------------ what is as it was


def test_a_fresh_installation_is_that_of_its_record(site: Path) -> None:
    verified = verify_installation(installation(site))

    assert "certchain/__init__.py" in verified.recorded
    assert any(path.endswith(".json") for path in verified.recorded)
    assert list(site.rglob("*.pyc"))


def test_bytecode_that_python_writes_is_no_change(site: Path) -> None:
    source = site / "certchain" / "errors" / "base.py"
    for level in (0, 1, 2):
        py_compile.compile(str(source), optimize=level, doraise=True)
    shutil.rmtree(site / "certchain" / "keys" / "__pycache__")
    (site / "certchain" / "keys" / "__pycache__").mkdir()
    (site / "certchain" / "errors" / "__pycache__" / "base.cpython-39.pyc").write_bytes(b"another interpreter's")
    verify_installation(installation(site))


# ------------------------------------------------------------------------------------------------------- what was changed


def flip(package: Path) -> str:
    file = package / "verification" / "session.py"
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    return "'certchain/verification/session.py' was changed"


def add(package: Path) -> str:
    (package / "keys" / "backdoor.py").write_text("")
    return "'certchain/keys/backdoor.py' was added"


def remove(package: Path) -> str:
    (package / "verification" / "lockout.py").unlink()
    return "'certchain/verification/lockout.py' is missing"


def change_data(package: Path) -> str:
    found = next(package.rglob("*.json"))
    found.write_text(found.read_text() + " ")
    return "was changed"


def add_extension(package: Path) -> str:
    """Python prefers it to the source."""
    (package / "sharing.abi3.so").write_bytes(b"\x7fELF")
    return "'certchain/sharing.abi3.so' was added"


def add_bytecode_without_source(package: Path) -> str:
    (package / "hidden.pyc").write_bytes(b"")
    return "'certchain/hidden.pyc' was added"


def link(package: Path) -> str:
    (package / "more").symlink_to("/")
    return "'certchain/more' was added"


def link_in_place(package: Path) -> str:
    (package / "sharing.py").rename(package.parent / "elsewhere.py")
    (package / "sharing.py").symlink_to(package.parent / "elsewhere.py")
    return "'certchain/sharing.py' was changed"


def change_entry_point(package: Path) -> str:
    (package.parent / "certchain-0.1.0.dist-info" / "entry_points.txt").write_text("[console_scripts]\n")
    return "entry_points.txt' was changed"


@pytest.mark.parametrize(
    "change",
    [
        flip,
        add,
        remove,
        change_data,
        add_extension,
        add_bytecode_without_source,
        link,
        link_in_place,
        change_entry_point,
    ],
)
def test_one_file_that_is_not_as_recorded_is_named(site: Path, change: Callable[[Path], str]) -> None:
    told = change(site / "certchain")
    with pytest.raises(InstallationChanged) as refusal:
        verify_installation(installation(site))
    assert told in refusal.value.files
    # Its bytecode is not its source's any more either.
    assert len([named for named in refusal.value.files.split(", ") if "__pycache__" not in named]) == 1


def poisoned(package: Path, body: bytes) -> Path:
    cached = Path(importlib.util.cache_from_source(str(package / "sharing.py")))
    cached.write_bytes(body)
    return cached


def of_another_source(package: Path) -> bytes:
    """What Python would run in the place of an untouched source, since the source's time and size fit."""
    cached = importlib.util.cache_from_source(str(package / "sharing.py"))
    other = package.parent / "other.py"
    other.write_text("print('the thief was here')\n")
    compiled = Path(py_compile.compile(str(other), cfile=str(package.parent / "other.pyc"), doraise=True) or "")
    return Path(cached).read_bytes()[:16] + compiled.read_bytes()[16:]


def cut_off(package: Path) -> bytes:
    return Path(importlib.util.cache_from_source(str(package / "sharing.py"))).read_bytes()[:40]


def no_code(package: Path) -> bytes:
    return Path(importlib.util.cache_from_source(str(package / "sharing.py"))).read_bytes()[:16] + b"N"


@pytest.mark.parametrize("body", [of_another_source, cut_off, no_code])
def test_bytecode_that_is_not_its_source_s_is_named(site: Path, body: Callable[[Path], bytes]) -> None:
    package = site / "certchain"
    py_compile.compile(str(package / "sharing.py"), doraise=True)
    poisoned(package, body(package))
    with pytest.raises(InstallationChanged, match=r"sharing\.[^ ]*pyc' is not what its source compiles to"):
        verify_installation(installation(site))


@pytest.mark.parametrize("name", ["orphan.cpython-311.pyc", "orphan.pyc"])
def test_bytecode_of_no_source_is_named(site: Path, name: str) -> None:
    package = site / "certchain"
    there = Path(py_compile.compile(str(package / "sharing.py"), doraise=True) or "")
    shutil.copy(there, there.with_name(name))
    with pytest.raises(InstallationChanged, match="orphan"):
        verify_installation(installation(site))


def test_bytecode_of_a_source_that_cannot_be_compiled_is_named(site: Path) -> None:
    (site / "certchain" / "sharing.py").write_text("def (")
    with pytest.raises(InstallationChanged, match=r"sharing\.py' was changed.*sharing\.[^ ]*pyc' is not"):
        verify_installation(installation(site))


def test_of_many_changes_the_first_are_named_and_the_others_counted(site: Path) -> None:
    for number in range(25):
        (site / "certchain" / f"more_{number:02}.py").touch()
    with pytest.raises(InstallationChanged, match=r"more_19\.py' was added, and 5 more"):
        verify_installation(installation(site))


# ------------------------------------------------------------------------------------------------------ what is unrecorded


def test_an_editable_installation_is_unrecorded() -> None:
    with pytest.raises(InstallationUnrecorded, match="editable"):
        read_installation(Path(certchain.__file__).parent)


def test_what_runs_has_to_be_what_is_recorded(site: Path) -> None:
    with pytest.raises(InstallationUnrecorded, match="what runs is in"):
        installation(site, Path(certchain.__file__).parent)


def test_a_package_that_is_not_installed_is_unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    importlib.invalidate_caches()
    with pytest.raises(InstallationUnrecorded, match="not installed"):
        read_installation(Path(certchain.__file__).parent)


def test_files_that_cannot_be_read_are_told(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rglob", unreadable)
    with pytest.raises(StorageUnavailable, match="Permission denied"):
        installation(site)


# ------------------------------------------------------------------------------------------------------------ the command


@pytest.fixture
def environment(site: Path, tmp_path: Path) -> dict[str, str]:
    # What runs there is measured neither: it is a copy.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return {**inherited, "PYTHONPATH": str(site), "CERTCHAIN_HOME": str(tmp_path / "home")}


def self_check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = (sys.executable, "-P", "-m", "certchain", "self-check", "--json")
    return subprocess.run(program, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_says_that_the_files_are_those_of_the_record(environment: dict[str, str]) -> None:
    told = self_check(environment)
    assert (told.returncode, told.stderr) == (0, "")
    assert '"record": "sha-256:' in told.stdout


def test_the_command_fails_and_names_the_file(environment: dict[str, str], site: Path) -> None:
    add(site / "certchain")
    told = self_check(environment)
    assert told.returncode == 76
    assert "keys/backdoor.py" in told.stdout + told.stderr
