"""SoftHSM2 for tests: a token store in a temporary folder, with the tokens that tests ask for, seen by this process alone."""

import atexit
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

PIN = "4711-☂"
OTHER_PIN = "0815"
TOKENS = ("house", "travelling", "spare", "twin", "twin")
PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


def found_module() -> Path:
    """The module. Where there is none, the test is skipped; in CI it fails."""
    found = [Path(place) for place in PLACES if Path(place).exists()]
    if found and shutil.which("softhsm2-util"):
        return found[0]
    assert os.environ.get("CI") != "true", "SoftHSM2 is not installed"
    pytest.skip("SoftHSM2 is not installed; `make softhsm` gets it")


@dataclass
class SoftHsm:
    """The tokens of ``TOKENS``, each under ``PIN``."""

    folder: Path
    module: Path = field(default_factory=found_module)
    _folders: dict[str, Path] = field(default_factory=dict)

    def start(self) -> "SoftHsm":
        """SoftHSM reads its settings once, when this process first uses it."""
        self._store.mkdir(parents=True)
        settings = self.folder / "softhsm2.conf"
        settings.write_text(f"directories.tokendir = {self._store}\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(settings)
        for label in TOKENS:
            known = set(self._store.iterdir())
            command = ("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "secret")
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            (self._folders[label],) = set(self._store.iterdir()) - known
        return self

    def uri(self, name: str, token: str = TOKENS[0], pin: str | None = PIN) -> str:
        given = "" if pin is None else f"&pin-value={pin}"
        return f"pkcs11:token={token};object={name}?module-path={self.module}{given}"

    def take_away(self, token: str) -> None:
        """Pulls a token out, for good: SoftHSM does not look for it again in this process."""
        shutil.rmtree(self._folders[token])

    @property
    def _store(self) -> Path:
        return self.folder / "tokens"


@cache
def soft_hsm() -> SoftHsm:
    """The one that this process can have."""
    folder = Path(mkdtemp(prefix="certchain-softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return SoftHsm(folder).start()
