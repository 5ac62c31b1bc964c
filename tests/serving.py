"""The log's services as processes of their own, as an operator runs them: `python -m tests.serving <which> <settings as JSON>`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certchain.channel.tiles import HttpLogSource
from certchain.channel.witness import HttpWitness
from certchain.config import SystemClock
from certchain.encoding.note import parse_vkey
from certchain.keys import KeyPair, SealingKey
from certchain.log import Cosigning, KeeperPolicy, KnownWitness, LogEngine
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import Checkpoint
from certchain.roles.mirror import Mirror
from certchain.roles.witness import Witness
from certchain.services import engine_app, mirror_app, published_app, serve, witness_app
from certchain.storage import DirectoryFileStore, DirectoryReader, SqlSubjectKeys, open_log_store
from certchain.verification.checkpoint import verify_checkpoint, verify_cosignatures
from certchain.verification.statement import Identity
from tests.industry import MemoryAccounts

ROOT = Path(__file__).parents[1]
ORIGIN = "certification.example/login-log"


class DyingFileStore(DirectoryFileStore):
    """A witness's folder, in a process that is killed right after something was kept in it."""

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        super().write(name, chunks)
        os.kill(os.getpid(), signal.SIGKILL)


def keys_of(settings: dict[str, Any]) -> KeyPair:
    return KeyPair.from_private_bytes(bytes.fromhex(settings["keys"]))


def run_witness(settings: dict[str, Any]) -> None:
    make = DyingFileStore if settings.get("dies") else DirectoryFileStore
    logs = {settings["origin"]: [parse_vkey(settings["log"])]}
    witness = Witness(settings["name"], keys_of(settings), logs, make(Path(settings["folder"])), SystemClock())
    serve(witness_app(witness), port=settings["port"])


def run_writer(settings: dict[str, Any]) -> None:
    """The log's writer, with a chain in its own memory."""
    folder, accounts = Path(settings["folder"]), MemoryAccounts()
    witnesses = [
        KnownWitness(name, bytes.fromhex(key), HttpWitness(url, timeout=2)) for name, key, url in settings["witnesses"]
    ]
    engine = LogEngine.over(
        store=open_log_store(folder / "entries", write=True),
        keys=SqlSubjectKeys(folder / "keys.sqlite", SealingKey(bytes(32))),
        files=DirectoryFileStore(folder / "notes"),
        ledger=accounts("certification server").login_log,
        identity=Identity(
            accounts.network.ledger(accounts.network.admin).network, service_party(ServiceId(1)), keys_of(settings)
        ),
        cosigning=Cosigning(witnesses, settings["quorum"], patience=2),
        policy=KeeperPolicy(interval=0.1, age=0.1, back_off=0.1, longest_back_off=0.2),
        origin=ORIGIN,
    )
    serve(engine_app(engine, settings["token"]), port=settings["port"])
    engine.close()


def run_reader(settings: dict[str, Any]) -> None:
    folder = Path(settings["folder"])
    store = open_log_store(folder / "entries", write=False)
    serve(published_app(store, DirectoryReader(folder / "notes")), port=settings["port"])


def run_mirror(settings: dict[str, Any]) -> None:
    public = keys_of(settings).public

    def verify(note: str) -> Checkpoint:
        verify_cosignatures(
            note, {name: bytes.fromhex(key) for name, key, _ in settings["witnesses"]}, settings["quorum"]
        )
        return verify_checkpoint(note, public)

    mirror = Mirror(HttpLogSource(settings["source"], timeout=2), Path(settings["folder"]), verify)
    serve(mirror_app(mirror, interval=0.1), port=settings["port"])


@dataclass
class Service:
    """A process that answers at an address."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> tuple[int, str]:
        """Ends it in good order; returns its exit code and what it has complained of."""
        self.process.send_signal(signal.SIGTERM)
        _, complaints = self.process.communicate(timeout=30)
        return self.process.returncode, complaints


@contextmanager
def service(which: str, **settings: Any) -> Iterator[Service]:
    """A service as a process; whatever becomes of the test, the process ends with it."""
    arguments = [sys.executable, "-m", "tests.serving", which, json.dumps({"port": 0, **settings})]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(process.communicate()[1])
        yield Service(process, line.split()[-1])
    finally:
        process.kill()
        process.communicate()


RUN = {"witness": run_witness, "writer": run_writer, "reader": run_reader, "mirror": run_mirror}

if __name__ == "__main__":
    RUN[sys.argv[1]](json.loads(sys.argv[2]))
