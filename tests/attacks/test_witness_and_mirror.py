"""Attacks on those who keep a log honest: a stolen log key, a replayed cosignature, a mirror's operator who forges."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from certchain.config import SystemClock
from certchain.encoding.note import parse_note, signed_note
from certchain.errors import CertchainError, CheckpointInvalid, CosignaturesMissing, NotConsistent, TileInvalid
from certchain.keys import KeyPair
from certchain.log import Cosigning, KnownWitness
from certchain.log.verified import VerifiedLog
from certchain.roles.mirror import Mirror
from certchain.roles.witness import Witness
from certchain.storage import MemoryFileStore
from certchain.storage.tiles import DirectoryLogSource, TileFolder
from certchain.verification.checkpoint import add_cosignatures, verify_cosignatures
from tests.published import PublishedLog, quorum


def witnesses_of(log: PublishedLog, count: int = 3) -> tuple[list[Witness], dict[str, bytes]]:
    """Independent witnesses, and the keys that readers know them by."""
    keys = {f"witness/{number}": KeyPair.generate() for number in range(count)}
    roles = [
        Witness(name, pair, {log.origin: [log.key]}, MemoryFileStore(), SystemClock()) for name, pair in keys.items()
    ]
    return roles, {name: pair.public.signing for name, pair in keys.items()}


def cosigned(log: PublishedLog, roles: list[Witness], known: Mapping[str, bytes], asked: int = 2) -> str:
    """What the log publishes with a quorum of ``asked``."""
    cosigning = Cosigning([KnownWitness(role.name, known[role.name], role) for role in roles], asked, patience=5)
    return cosigning.gather(log, log.publish(), log.store.size())


def test_the_thief_of_a_log_s_key_cannot_show_anyone_another_future(tmp_path: Path) -> None:
    """The mirror and every reader ask for two of three witnesses, and these have seen the log."""
    log = PublishedLog().append(500)
    roles, known = witnesses_of(log)
    log.note = cosigned(log, roles, known)
    Mirror(log, tmp_path, quorum(log, known, 2)).sync()
    thief = log.twin(400).append(300)
    with pytest.raises(CosignaturesMissing):
        cosigned(thief, roles, known)
    thief.publish()
    for reader in (
        Mirror(thief, tmp_path, quorum(log, known, 2)),
        Mirror(thief, tmp_path / "new", quorum(log, known, 2)),
    ):
        with pytest.raises(CosignaturesMissing):
            reader.sync()
    with pytest.raises(NotConsistent):
        Mirror(thief, tmp_path, log.verify).sync()


def test_a_cosignature_is_worth_nothing_under_another_checkpoint() -> None:
    """Replayed under the next one, an earlier one, another log's, or with another time."""
    log = PublishedLog().append(500)
    roles, known = witnesses_of(log, 1)
    line = roles[0].add_checkpoint(log.request(0, 300))
    assert verify_cosignatures(add_cosignatures(log.signed(300), line, known), known, 1)
    for other in (
        log.signed(301),
        log.signed(299),
        log.twin(299).append(1).publish(),
        PublishedLog("another/log").append(300).publish(),
    ):
        with pytest.raises(CheckpointInvalid):
            add_cosignatures(other, line, known)
        with pytest.raises(CheckpointInvalid):
            verify_cosignatures(other + line, known, 1)
    text, (own, cosignature) = parse_note(log.signed(300) + line)
    later = bytes([*cosignature.signature[:7], cosignature.signature[7] ^ 1, *cosignature.signature[8:]])
    forged = signed_note(text, [own, type(own)(cosignature.name, cosignature.key_id, later)])
    with pytest.raises(CheckpointInvalid):
        verify_cosignatures(forged, known, 1)


def test_one_witness_under_many_names_is_one_witness() -> None:
    log, keys = PublishedLog().append(10), KeyPair.generate()
    names = ("witness/a", "witness/b", "witness/c")
    roles = [Witness(name, keys, {log.origin: [log.key]}, MemoryFileStore(), SystemClock()) for name in names]
    known = dict.fromkeys(names, keys.public.signing)
    note = log.publish() + "".join(role.add_checkpoint(log.request(0, 10)) for role in roles)
    assert len(verify_cosignatures(note, known, 1)) == 3
    with pytest.raises(CosignaturesMissing):
        verify_cosignatures(note, known, 2)


def test_a_mirror_s_operator_cannot_change_what_it_shows(tmp_path: Path) -> None:
    """Whoever reads a mirror checks it against the checkpoint, which the log signed: every file of the folder, in turn, is forged."""
    log = PublishedLog().append(700)
    log.publish()
    Mirror(log, tmp_path, log.verify).sync()
    root, paths = log.verify(log.note).root, sorted((tmp_path / "tile").rglob("*"))
    for path in (path for path in paths if path.is_file()):
        honest = path.read_bytes()
        path.write_bytes(honest[:-1] + bytes([honest[-1] ^ 1]))
        with pytest.raises(TileInvalid):
            read_all(VerifiedLog((DirectoryLogSource(tmp_path),), 700, root))
        path.write_bytes(honest)
    read_all(VerifiedLog((DirectoryLogSource(tmp_path),), 700, root))


def read_all(log: VerifiedLog) -> None:
    for index, width in ((0, 256), (1, 256), (2, 188)):
        log.bundle(index, width)


def test_a_forged_checkpoint_in_a_mirror_s_folder_does_not_lead_it_astray(tmp_path: Path) -> None:
    """Its operator puts another log's note there: the honest log then does not continue it, and nothing is overwritten."""
    log, other = PublishedLog().append(300), PublishedLog().append(200)
    log.publish()
    Mirror(log, tmp_path, log.verify).sync()
    TileFolder(tmp_path).publish(other.publish())
    log.append(100).publish()
    with pytest.raises(CertchainError):
        Mirror(log, tmp_path, log.verify).sync()
    assert DirectoryLogSource(tmp_path).checkpoint() == other.note
