"""A log, its witnesses, a reader beside it and a mirror, each a process of its own: and what is left when some are gone."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import cbor2
import pytest
import requests

from certchain.channel.tiles import HttpLogSource
from certchain.channel.witness import HttpWitness
from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.message import to_cbor
from certchain.encoding.note import vkey
from certchain.errors import CertchainError, PeerUnavailable, WitnessConflict, WitnessRefused
from certchain.keys import KeyPair
from certchain.merkle import inclusion_proof, leaf_hash, tree_root, verify_inclusion
from certchain.models.note import KeyType, NoteKey
from certchain.roles.mirror import Mirror
from certchain.storage.tiles import DirectoryLogSource
from certchain.verification.checkpoint import verify_checkpoint, verify_cosignatures
from tests.logbook import login
from tests.published import PublishedLog
from tests.serving import ORIGIN, Service, service

TOKEN = "a token of the operator's own, long enough"
PATIENCE = 20.0

Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None]) -> Found:
    """What a look finds, at the latest after a while."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except (requests.RequestException, CertchainError):
            pass
        time.sleep(0.05)
    raise AssertionError("it did not come to be")


@dataclass
class Network:
    """The operator's machines."""

    folder: Path
    stack: ExitStack
    keys: KeyPair = field(default_factory=KeyPair.generate)
    witness_keys: dict[str, KeyPair] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.witness_keys = {name: KeyPair.generate() for name in ("witness.example/north", "witness.example/south")}

    @property
    def known(self) -> dict[str, bytes]:
        return {name: keys.public.signing for name, keys in self.witness_keys.items()}

    def witness(self, name: str, **settings: Any) -> Service:
        settings |= {"keys": self.witness_keys[name].private_bytes().hex(), "name": name, "origin": ORIGIN}
        settings["log"] = vkey(NoteKey(ORIGIN, KeyType.ED25519, self.keys.public.signing))
        started = self.start("witness", folder=str(self.folder / name.rpartition("/")[2]), **settings)
        self.addresses[name] = started.url
        return started

    def writer(self) -> Service:
        return self.start("writer", folder=str(self.folder / "log"), token=TOKEN, **self.trusted())

    def reader(self) -> Service:
        return self.start("reader", folder=str(self.folder / "log"))

    def mirror(self, source: Service) -> Service:
        return self.start("mirror", folder=str(self.folder / "mirror"), source=source.url, **self.trusted())

    def trusted(self) -> dict[str, Any]:
        witnesses = [(name, key.hex(), self.addresses[name]) for name, key in self.known.items()]
        return {"keys": self.keys.private_bytes().hex(), "witnesses": witnesses, "quorum": 2}

    def start(self, which: str, **settings: Any) -> Service:
        return self.stack.enter_context(service(which, **settings))

    def at(self, url: str, size: int) -> str:
        """The checkpoint, once it is of this size: signed by the log, cosigned by both witnesses."""

        def look() -> str | None:
            note = HttpLogSource(url).checkpoint()
            verify_cosignatures(note, self.known, 2)
            return note if verify_checkpoint(note, self.keys.public).size == size else None

        return eventually(look)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with ExitStack() as stack:
        yield Network(tmp_path, stack)


def submit(writer: Service, count: int) -> Any:
    body = to_cbor(tuple(entry_bytes(login()) for _ in range(count)))
    reply = requests.post(f"{writer.url}/entries", body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20)
    assert reply.status_code == 200, reply.text
    return cbor2.loads(reply.content)


def test_the_log_is_published_witnessed_read_and_mirrored_and_outlives_its_server(network: Network) -> None:
    """Two witnesses cosign, a process beside the writer serves, a mirror copies; then all but the mirror are gone."""
    north, south = (network.witness(name) for name in network.witness_keys)
    writer = network.writer()
    assert submit(writer, 300)["first_index"] == 0
    reader = network.reader()
    mirror = network.mirror(reader)
    network.at(mirror.url, 300)
    assert submit(writer, 400)["first_index"] == 300
    note = network.at(reader.url, 700)
    assert network.at(mirror.url, 700)
    eventually(lambda: requests.get(f"{reader.url}/status", timeout=5).json()["anchored_size"] == 700)
    for gone in (writer, reader, north, south):
        gone.kill()
    checkpoint = verify_checkpoint(note, network.keys.public)
    left = HttpLogSource(mirror.url)
    assert tree_root(left, 700) == checkpoint.root
    assert inclusion_proof(left, 699, 700).size == 700
    assert eventually(lambda: requests.get(f"{mirror.url}/status", timeout=5).json()["problem"]) == "PeerUnavailable"
    code, complaints = mirror.stop()
    assert (code, "Traceback" in complaints) == (0, False)

    kept = Mirror(DirectoryLogSource(network.folder), network.folder / "mirror", lambda note: checkpoint)
    for index in (0, 255, 256, 511, 512, 699):
        leaf, proof, proven = kept.prove(index)
        assert proven == kept.checkpoint()
        verify_inclusion(leaf_hash(leaf_bytes(leaf)), proof, checkpoint.root)


def test_a_writer_that_was_killed_goes_on_and_the_others_with_it(network: Network) -> None:
    for name in network.witness_keys:
        network.witness(name)
    writer = network.writer()
    submit(writer, 10)
    reader = network.reader()
    mirror = network.mirror(reader)
    network.at(mirror.url, 10)
    writer.kill()
    assert requests.get(f"{reader.url}/checkpoint", timeout=5).ok
    again = network.writer()
    assert submit(again, 5)["first_index"] == 10
    network.at(reader.url, 15)
    network.at(mirror.url, 15)
    assert again.stop()[0] == 0


def test_without_its_quorum_nothing_new_is_published(network: Network) -> None:
    """Entries are taken all the same; and when the witness is back, what it has missed is cosigned."""
    north, _ = (network.witness(name) for name in network.witness_keys)
    writer = network.writer()
    submit(writer, 10)
    network.at(writer.url, 10)
    north.kill()
    assert submit(writer, 5)["first_index"] == 10
    eventually(lambda: requests.get(f"{writer.url}/status", timeout=5).json()["publication_held_up"])
    assert network.at(writer.url, 10)
    network.witness("witness.example/north", port=north.port)
    network.at(writer.url, 15)


def test_a_witness_that_was_killed_before_it_answered_is_bound_by_what_it_had_kept(network: Network) -> None:
    """``kill -9`` between the record and the answer: nobody has the cosignature, and no other future gets one."""
    name = "witness.example/north"
    log = PublishedLog(ORIGIN, network.keys).append(100)
    dying = network.witness(name, dies=True)
    with pytest.raises(PeerUnavailable):
        HttpWitness(dying.url).add_checkpoint(log.request(0, 60))
    dying.process.wait(10)
    client = HttpWitness(network.witness(name).url)
    with pytest.raises(WitnessConflict) as conflict:
        client.add_checkpoint(log.twin(30).append(50).request(0, 80))
    assert conflict.value.actual_size == 60
    with pytest.raises(WitnessRefused):
        client.add_checkpoint(log.twin(30).append(50).request(60, 80))
    lines = client.add_checkpoint(log.request(60, 60))
    verify_cosignatures(log.signed(60) + lines, network.known, 1)
    client.add_checkpoint(log.request(60, 100))
