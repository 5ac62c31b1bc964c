"""Go's implementations of the same standards take our logs, and we take theirs.

They are golang.org/x/mod/sumdb (note, tlog) and transparency-dev's merkle and formats, at the versions in go.mod. Without Go on the
machine these tests are left out; ``make interop`` installs it.
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certchain import merkle
from certchain.encoding.note import parse_vkey, vkey
from certchain.encoding.tile import ENTRIES, parse_bundle, tile_path
from certchain.errors import NotConsistent, NotIncluded
from certchain.models.digest import Digest
from certchain.models.log import ConsistencyProof, InclusionProof
from certchain.models.note import KeyType, NoteKey
from certchain.roles.mirror import Mirror
from certchain.services import log_app, running
from certchain.storage.tiles import DirectoryLogSource
from certchain.verification.checkpoint import verify_cosignatures, verify_log_checkpoint
from tests.published import PublishedLog
from tests.witnesses import WitnessTwin

SIZE = 256 * 256 + 300
SIZES = (1, 2, 3, 255, 256, 257, 1000, 1100, 4096, 65_535, 65_536, 65_537, SIZE)
GO = shutil.which("go")

pytestmark = pytest.mark.skipif(
    GO is None and "CI" not in os.environ, reason="Go is not on PATH: `make interop` installs it and runs these"
)


@pytest.fixture(scope="module")
def interop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of this folder."""
    assert GO is not None, "Go is not on PATH: `make go` installs it"
    program = tmp_path_factory.mktemp("interop") / "interop"
    built = subprocess.run(
        [GO, "build", "-o", str(program), "."],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert built.returncode == 0, built.stderr
    return program


def run(program: Path, *arguments: object) -> str:
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


# --------------------------------------------------------------------------------------------------------- theirs reads ours


@pytest.fixture(scope="module")
def witnesses(log: PublishedLog) -> list[WitnessTwin]:
    twins = [WitnessTwin(f"witness.example/w{number}", log.key) for number in (1, 2)]
    for twin in twins:
        log.cosigned(twin.add_checkpoint(log.request(0, SIZE)), {twin.name: twin.keys.public.signing})
    return twins


@pytest.fixture(scope="module")
def log() -> PublishedLog:
    log = PublishedLog().append(SIZE)
    log.publish()
    return log


@pytest.fixture(scope="module")
def proofs(log: PublishedLog, witnesses: list[WitnessTwin], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our keys and proofs between many sizes, as a file."""
    roots = {size: in_base64(merkle.tree_root(log, size).value) for size in SIZES}
    keys = (NoteKey(witness.name, KeyType.COSIGNATURE, witness.keys.public.signing) for witness in witnesses)
    content = {
        "log_key": vkey(log.key),
        "witness_keys": [vkey(key) for key in keys],
        "inclusion": [inclusion(log, index, size, roots) for size in SIZES for index in {0, size // 3, size - 1}],
        "consistency": [consistency(log, old, new, roots) for new in SIZES for old in SIZES if old <= new],
    }
    file = tmp_path_factory.mktemp("proofs") / "proofs.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def inclusion(log: PublishedLog, index: int, size: int, roots: dict[int, str]) -> dict[str, Any]:
    proof = merkle.inclusion_proof(log, index, size)
    leaf = log.tile(0, index // 256, index % 256 + 1)[-32:]
    path = [in_base64(node.value) for node in proof.path]
    return {"index": index, "size": size, "leaf_hash": in_base64(leaf), "root": roots[size], "path": path}


def consistency(log: PublishedLog, old: int, new: int, roots: dict[int, str]) -> dict[str, Any]:
    path = [in_base64(node.value) for node in merkle.consistency_proof(log, old, new).path]
    return {"old": old, "new": new, "old_root": roots[old], "new_root": roots[new], "path": path}


EXPECTED = f"{SIZE} entries, 2 witnesses, 36 inclusion proofs, 91 consistency proofs\n"


@pytest.fixture(scope="module")
def address(log: PublishedLog, witnesses: list[WitnessTwin]) -> Iterator[str]:
    assert witnesses
    with running(log_app(log)) as address:
        yield address


def test_go_takes_our_log_over_http_with_its_cosignatures_entries_and_proofs(
    interop: Path, address: str, proofs: Path
) -> None:
    assert run(interop, "check", address, proofs) == EXPECTED


def test_go_takes_a_mirror_s_folder(interop: Path, log: PublishedLog, proofs: Path, tmp_path: Path) -> None:
    Mirror(log, tmp_path / "mirror", log.verify).sync()

    assert run(interop, "check", tmp_path / "mirror", proofs) == EXPECTED


@pytest.mark.parametrize("path", ["checkpoint", tile_path(0, 3), tile_path(1, 0), tile_path(ENTRIES, 5)])
def test_go_refuses_a_log_of_ours_in_which_a_byte_was_changed(
    interop: Path, log: PublishedLog, proofs: Path, tmp_path: Path, path: str
) -> None:
    """What it takes, it has looked at."""
    Mirror(log, tmp_path / "mirror", log.verify).sync()
    file = tmp_path / "mirror" / path
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)

    done = subprocess.run(
        [interop, "check", tmp_path / "mirror", proofs], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr


# --------------------------------------------------------------------------------------------------------- ours reads theirs


@pytest.fixture(scope="module")
def made_by_go(interop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made-by-go")
    run(interop, "make", folder)
    return folder


@pytest.fixture(scope="module")
def theirs(made_by_go: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((made_by_go / "proofs.json").read_text(encoding="utf-8"))
    return content


def digest(text: str) -> Digest:
    return Digest(base64.b64decode(text))


def path_of(proof: dict[str, Any]) -> tuple[Digest, ...]:
    return tuple(digest(node) for node in proof["path"] or ())


def test_their_checkpoint_holds_with_both_cosignatures_and_their_tiles_lead_to_its_root(
    made_by_go: Path, theirs: dict[str, Any]
) -> None:
    source = DirectoryLogSource(made_by_go)
    note = source.checkpoint()
    body = verify_log_checkpoint(note, (parse_vkey(theirs["log_key"]),))
    keys = [parse_vkey(text) for text in theirs["witness_keys"]]

    assert (body.origin, body.size, body.root) == ("go.example/log", 70_000, merkle.tree_root(source, body.size))
    assert len(verify_cosignatures(note, {key.name: key.value for key in keys}, 2)) == 2


def test_their_bundles_hold_the_entries_of_their_tree(made_by_go: Path) -> None:
    source = DirectoryLogSource(made_by_go)
    for index in (0, 100, 273):
        width = merkle.tile_width(0, index, 70_000)
        entries = parse_bundle((made_by_go / tile_path(ENTRIES, index, width)).read_bytes())
        hashes = b"".join(merkle.leaf_hash(entry).value for entry in entries)

        assert entries[0].decode() == f"entry {index * 256} of a log made by Go"
        assert source.tile(0, index, width) == hashes


def test_their_proofs_are_ours_and_hold(made_by_go: Path, theirs: dict[str, Any]) -> None:
    source = DirectoryLogSource(made_by_go)
    tree = TrimmedTiles(source)
    assert len(theirs["inclusion"]) == 52
    for known in theirs["inclusion"]:
        proof = InclusionProof(known["index"], known["size"], path_of(known))
        merkle.verify_inclusion(digest(known["leaf_hash"]), proof, digest(known["root"]))
        assert merkle.inclusion_proof(tree, proof.index, proof.size) == proof
    assert len(theirs["consistency"]) == 91
    for known in theirs["consistency"]:
        path = ConsistencyProof(known["old"], known["new"], path_of(known))
        merkle.verify_consistency(path, digest(known["old_root"]), digest(known["new_root"]))
        assert merkle.consistency_proof(tree, path.old_size, path.new_size) == path


def test_their_proofs_do_not_hold_for_other_roots(theirs: dict[str, Any]) -> None:
    known = theirs["inclusion"][-1]
    proof = InclusionProof(known["index"], known["size"], path_of(known))
    with pytest.raises(NotIncluded):
        merkle.verify_inclusion(digest(known["leaf_hash"]), proof, digest(theirs["inclusion"][0]["root"]))
    known = theirs["consistency"][-2]
    path = ConsistencyProof(known["old"], known["new"], path_of(known))
    with pytest.raises(NotConsistent):
        merkle.verify_consistency(path, digest(known["old_root"]), digest(theirs["inclusion"][0]["root"]))


class TrimmedTiles:
    """A folder has its last partial tiles only in the width of the whole tree; the tiles of a smaller tree are their beginnings."""

    def __init__(self, source: DirectoryLogSource) -> None:
        self.source = source

    def tile(self, level: int, index: int, width: int = 256) -> bytes:
        return self.source.tile(level, index, merkle.tile_width(level, index, 70_000))[: 32 * width]
