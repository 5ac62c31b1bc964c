"""A real browser, where there is one: Debian's Chromium, without a window."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)


def page(url: str, profile: Path, seconds: int = 5) -> str:
    """The page as it stands after so many seconds of the browser's own time, as HTML."""
    program = shutil.which("chromium")
    if program is None:
        missing = "there is no chromium: `make browser` installs it"
        assert "CI" not in os.environ, missing
        pytest.skip(missing)
    flags = (*_FLAGS, f"--user-data-dir={profile}", f"--virtual-time-budget={seconds * 1000}", "--dump-dom")
    shown = subprocess.run([program, *flags, url], capture_output=True, text=True, timeout=120, check=True)
    return shown.stdout
