"""Tessera's POSIX personality under its own load generator, on this machine: `make tessera` installs both, where Go is present."""

import base64
import hashlib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certchain.ledger.node import HOST, free_port

PROGRAMS = Path(__file__).resolve().parents[1] / ".make" / "tessera"
ORIGIN = "certchain.example/tessera"
START_TIMEOUT = 20
MOST_A_SECOND = 200_000
"""More than the generator ever sends: it is never what holds it back."""


@dataclass(frozen=True, slots=True)
class Tessera:
    """A running log: where it answers, and the verifier key of its checkpoints."""

    url: str
    verifier: str

    def size(self) -> int:
        """How many entries the published checkpoint covers."""
        return int(requests.get(f"{self.url}/checkpoint", timeout=5).text.split("\n")[1])


def installed() -> bool:
    """Whether `make tessera` was run."""
    return all((PROGRAMS / name).exists() for name in ("posix", "hammer"))


def rate(folder: Path, count: int, length: int, writers: int) -> float:
    """Entries a second, each POSTed alone, until the published checkpoint covers ``count`` of them."""
    with running(folder) as log:
        started = time.perf_counter()
        _hammer(log, folder, count, length, writers)
        return log.size() / (time.perf_counter() - started)


@contextmanager
def running(folder: Path) -> Iterator[Tessera]:
    """Tessera over a folder of its own, on a free port."""
    private, verifier = _keys()
    (folder / "key").write_text(private)
    (folder / "store").mkdir()
    port = free_port()
    command: list[Path | str] = [PROGRAMS / "posix", "-storage_dir", folder / "store", "-listen", f"{HOST}:{port}"]
    with (folder / "posix.log").open("wb") as output:
        process = subprocess.Popen([*command, "-private_key", folder / "key"], stdout=output, stderr=output)
    try:
        log = Tessera(f"http://{HOST}:{port}", verifier)
        _await(log)
        yield log
    finally:
        process.terminate()
        process.wait(START_TIMEOUT)


def _hammer(log: Tessera, folder: Path, count: int, length: int, writers: int) -> None:
    flags = {
        "log_public_key": log.verifier,
        "log_url": log.url,
        "max_read_ops": 0,
        "num_readers_full": 0,
        "num_readers_random": 0,
        "num_writers": writers,
        "max_write_ops": MOST_A_SECOND,
        "leaf_write_goal": count,
        "leaf_min_size": length,
        "dup_chance": 0,
        "max_runtime": "5m",
        "show_ui": "false",
    }
    command: list[Path | str] = [PROGRAMS / "hammer", *(f"-{name}={value}" for name, value in flags.items())]
    with (folder / "hammer.log").open("wb") as output:
        subprocess.run(command, check=True, stdout=output, stderr=output)


def _await(log: Tessera) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            log.size()
        except (requests.RequestException, IndexError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _keys() -> tuple[str, str]:
    """A signer's and a verifier's key, as Go's note package writes them."""
    key = Ed25519PrivateKey.generate()
    public, seed = key.public_key().public_bytes_raw(), key.private_bytes_raw()
    identity = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).hexdigest()[:8]
    private = base64.b64encode(b"\x01" + seed).decode()
    verifier = base64.b64encode(b"\x01" + public).decode()
    return f"PRIVATE+KEY+{ORIGIN}+{identity}+{private}", f"{ORIGIN}+{identity}+{verifier}"
