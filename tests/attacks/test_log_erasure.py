"""Whoever gets hold of a log's folder finds nothing of what was erased; and nobody can use an erasure to change anything else."""

import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import body_context, entry_commitment
from certchain.encoding.subject_key import subject_key_context
from certchain.errors import LogInconsistent, MalformedValue, SealInvalid, SubjectOnHold, UnknownRecord
from certchain.log import LogReader, Query, export_entries
from certchain.merkle import verify_inclusion
from certchain.models.entry import (
    THE_LOG,
    ErasureEntry,
    HoldEntry,
    LoginEntry,
    LoginOutcome,
    Subject,
    SubjectKind,
)
from certchain.models.identifier import DeviceId, RegistrationId, ServiceId, UserDeviceId, UserId
from certchain.models.log import SubjectKey, key_period
from certchain.models.query import EntryFilter, ExportFormat, RowKind
from certchain.roles.auditor import Auditor, FollowedLog
from certchain.storage import (
    MemoryFileStore,
    SqlLogIndex,
    SqlSubjectKeys,
    open_log_store,
)
from tests.audited import Served
from tests.faults import PowerCut
from tests.industry import NOON
from tests.keeping import SEALING_KEY, Archive, Keeping
from tests.logbook import entry_leaf_hash

ALICE, BORIS = Subject(SubjectKind.USER, 1), Subject(SubjectKind.USER, 2)
ALICES_PHONE, BORIS_PHONE = 0x7A11CE7A11CE7A, 0x7B04157B04157B
LOGINS = 40


def told(user: int, phone: int) -> LoginEntry:
    """A login that says much: words, a session, and a phone's number that are found nowhere else."""
    session = secrets.token_bytes(16)
    step, reason = f"step-{secrets.token_hex(6)}", f"reason-{secrets.token_hex(6)}"
    named = (UserId(user), UserDeviceId(phone), DeviceId(3), RegistrationId(4))
    return LoginEntry(LoginOutcome.REFUSED, step, reason, session, *named)


@dataclass
class Home:
    """A log in a folder, with logins of Alice and of Boris in turn, published and on the chain."""

    folder: Path

    def __post_init__(self) -> None:
        self.keeping = Keeping(self.folder)
        for _ in range(LOGINS // 2):
            self.keeping.record(told(1, ALICES_PHONE), told(2, BORIS_PHONE))
        self.keeping.query.page(EntryFilter())
        self.keeping.book.flush()
        self.before = self.keeping.everything()

    def on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())

    def secrets_of(self, subject: Subject) -> dict[str, list[bytes]]:
        """Everything that must not be found once the subject is erased."""
        mine = [logged for logged in self.before if logged.body is not None and logged.body.entry.subject == subject]
        entries = [logged.body.entry for logged in mine if logged.body is not None]
        logins = [entry for entry in entries if isinstance(entry, LoginEntry)]
        key = self.keeping.book.keys.issue([(subject, key_period(NOON))])[subject, key_period(NOON)]
        return {
            "salt": [logged.body.salt for logged in mine if logged.body is not None],
            "body": [entry_bytes(entry) for entry in entries],
            "session": [entry.session for entry in logins if entry.session is not None],
            "words": [word.encode() for entry in logins for word in (entry.step, entry.reason)],
            "phone": [(ALICES_PHONE if subject == ALICE else BORIS_PHONE).to_bytes(7)],
            "key": [key.value],
            "sealed key": [self.sealed_key(key.number)],
        }

    def sealed_key(self, number: int) -> bytes:
        with self.keeping.book.keys._engine.connect() as connection:
            query = f"SELECT sealed FROM keys WHERE number = {number}"  # noqa: S608 - a number of ours
            return bytes(connection.exec_driver_sql(query).scalar())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.keeping.close()


def test_nothing_of_what_was_erased_is_in_any_file(home: Home) -> None:
    """Neither plaintext, nor salt, nor key, sealed or open: at once, and after a start."""
    alices, boris = home.secrets_of(ALICE), home.secrets_of(BORIS)
    assert alices["sealed key"][0] in home.on_disk()
    assert alices["phone"][0] in home.on_disk()

    home.keeping.retention.erase(ALICE, "request")
    for _ in range(2):
        content = home.on_disk()
        assert {kind for kind, values in alices.items() for value in values if value in content} == set()
        assert boris["sealed key"][0] in content
        assert boris["phone"][0] in content
        home.keeping.restart()


def test_a_power_cut_at_any_point_of_an_erasure_leaves_no_trace_once_the_server_has_started_again(
    tmp_path: Path,
) -> None:
    """Or, where it came before the record, everything as it was."""
    outcomes, burns_at, burnt = list[bool](), 0, True
    while burnt:
        burns_at += 1
        home = Home(tmp_path / str(burns_at))
        alices = home.secrets_of(ALICE)
        home.keeping.book.fuse.arm(burns_at)
        with suppress(PowerCut):
            home.keeping.retention.erase(ALICE, "request")
        burnt = home.keeping.book.fuse.disarm()
        home.keeping.restart()

        recorded, content = home.keeping.book.store.size() > LOGINS, home.on_disk()
        found = {kind for kind, values in alices.items() for value in values if value in content}
        assert found == (set() if recorded else {"sealed key", "phone"}), burns_at
        assert home.keeping.readable(ALICE) == ([] if recorded else list(range(0, LOGINS, 2)))
        assert home.keeping.readable(BORIS) == list(range(1, LOGINS, 2))
        home.keeping.close()
        outcomes.append(recorded)
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {True, False}


def test_nothing_of_what_expired_is_in_any_file(home: Home) -> None:
    alices, boris = home.secrets_of(ALICE), home.secrets_of(BORIS)
    home.keeping.retention.set_retention(30, "policy")
    home.keeping.retention.hold(BORIS, "case 7", "court")
    home.keeping.book.clock.seconds += 90 * 86_400
    assert home.keeping.retention.expire() == (ALICE,)

    content = home.on_disk()
    assert {kind for kind, values in alices.items() for value in values if value in content} == set()
    assert boris["sealed key"][0] in content


def test_a_thief_of_the_whole_folder_and_of_the_sealing_key_opens_no_erased_body(home: Home, tmp_path: Path) -> None:
    """Tried with every key that the stolen folder has, in every place; what was not erased opens."""
    home.keeping.retention.erase(ALICE, "request")
    home.keeping.record(told(1, ALICES_PHONE))
    stolen = tmp_path / "stolen"
    shutil.copytree(home.folder, stolen)
    keys = SqlSubjectKeys(stolen / "keys.sqlite", SEALING_KEY)
    values = [found.value for number in range(1, 6) if (found := _key(keys, number)) is not None]
    opened = set()
    for sealed, value in product(open_log_store(stolen / "log", write=False).entries(0, LOGINS), values):
        index = sealed.leaf.index
        context = body_context(home.keeping.book.engine.publication.origin, index)
        try:
            AESGCMSIV(value).decrypt(index.to_bytes(12), sealed.sealed, context)
            opened.add(index)
        except InvalidTag:
            continue
    keys.close()

    assert opened == set(range(1, LOGINS, 2))
    assert len(values) == 3  # of Boris, of the log itself, and of Alice after her erasure


def _key(keys: SqlSubjectKeys, number: int) -> SubjectKey | None:
    try:
        return keys.key(number)
    except UnknownRecord:
        return None


def test_a_guess_at_what_was_erased_cannot_be_confirmed(home: Home) -> None:
    """The thief knows the entry to the letter, and has the leaf: without its salt, the commitment fits anything."""
    (first, *_) = home.before
    assert first.body is not None
    body = entry_bytes(first.body.entry)
    assert entry_commitment(first.body.salt, body) == first.leaf.commitment

    home.keeping.retention.erase(ALICE, "request")
    content = home.on_disk()
    windows = (content[at : at + 32] for at in range(min(len(content), 200_000) - 32))
    goal = first.leaf.commitment
    assert all(entry_commitment(salt, body) != goal for salt in windows)


def test_others_the_tree_and_every_proof_are_unharmed_and_the_audit_passes(home: Home) -> None:
    query, before = home.keeping.query, home.before
    first = query.page(EntryFilter(), limit=1000)
    checkpoint = home.keeping.book.engine.publication.published()
    home.keeping.retention.erase(ALICE, "request")
    after = home.keeping.everything()

    assert [logged.leaf for logged in after[:LOGINS]] == [logged.leaf for logged in before]
    assert after[1:LOGINS:2] == before[1::2]
    again = query.page(EntryFilter(), limit=1000, checkpoint=first.checkpoint)
    assert [row.proof for row in again.rows[:LOGINS]] == [row.proof for row in first.rows]
    for row in again.rows[:LOGINS]:
        assert row.proof is not None
        assert checkpoint is not None
        verify_inclusion(entry_leaf_hash(row.entry.leaf), row.proof, checkpoint.root)

    home.keeping.book.flush()
    report = Auditor(home.keeping.book.ledger.registrations, MemoryFileStore()).audit(followed(home.keeping))
    assert (report.size, report.on_chain, report.erased) == (LOGINS + 1, LOGINS + 1, LOGINS // 2)


def followed(keeping: Keeping) -> FollowedLog:
    """The log as its own auditor follows it, with the bodies."""
    book, publication = keeping.book, keeping.book.engine.publication
    source = Served(publication.checkpoint(), book.store, book.store)
    identity = ServiceId(book.server.party.number), (book.server.keys.public,)
    return FollowedLog(
        publication.origin,
        *identity,
        source,
        book.ledger.login_log,
        entries=book.engine.reader,
        anchored=publication.anchored,
    )


def test_who_destroys_keys_without_a_record_is_found_out(home: Home) -> None:
    """A clerk makes an inconvenient login unreadable, and logs no erasure."""
    home.keeping.book.keys.destroy([1])

    with pytest.raises(LogInconsistent):
        Auditor(home.keeping.book.ledger.registrations, MemoryFileStore()).audit(followed(home.keeping))


def test_an_export_after_an_erasure_says_nothing_of_it(home: Home) -> None:
    alices = home.secrets_of(ALICE)
    home.keeping.retention.erase(ALICE, "request")
    files = MemoryFileStore()
    for style in ExportFormat:
        export_entries(home.keeping.query, EntryFilter(), home.keeping.book.server.keys.public, files, style)
    content = b"".join(b"".join(files.read(name)) for name in files.names())

    for kind in ("session", "salt", "key"):
        assert not any(value.hex().encode() in content for value in alices[kind])
    assert not any(word in content for word in alices["words"])
    assert str(ALICES_PHONE).encode() not in content
    assert str(BORIS_PHONE).encode() in content


def test_an_index_that_was_put_back_from_a_copy_shows_nothing_that_was_erased(home: Home, tmp_path: Path) -> None:
    """It reads on from where it was, and so comes to the erasure."""
    copy = tmp_path / "index.sqlite"
    home.keeping.index.close()
    shutil.copy(home.folder / "index.sqlite", copy)
    home.keeping.restart()
    home.keeping.retention.erase(ALICE, "request")
    engine = home.keeping.book.engine
    query = Query(engine.reader, home.keeping.book.store, SqlLogIndex(copy), engine.publication)

    assert query.page(EntryFilter(user=UserId(1), kind=RowKind.LOGIN)).rows == ()
    assert len(query.page(EntryFilter(kind=RowKind.ERASED)).rows) == LOGINS // 2
    query.index.close()


def test_a_keys_file_with_a_key_in_another_place_opens_nothing_for_someone_else(home: Home) -> None:
    """Alice's sealed key, saved from a backup and written where Boris's stands, is not taken for his."""
    sealed = home.sealed_key(1)
    with pytest.raises(SealInvalid):
        SEALING_KEY.open(subject_key_context(BORIS, key_period(NOON), 2), sealed)


def test_nobody_erases_the_record_of_erasures(home: Home) -> None:
    """Not by asking, and not by logging it, nor by expiring it."""
    index = home.keeping.retention.erase(ALICE, "request")
    with pytest.raises(MalformedValue):
        home.keeping.retention.erase(THE_LOG, "request")
    with pytest.raises(MalformedValue):
        home.keeping.record(ErasureEntry(THE_LOG, NOON + 1, "by hand"))

    body = home.keeping.everything()[index].body
    assert body is not None
    assert body.entry == ErasureEntry(ALICE, NOON + 1, "request")


def test_a_clerk_who_releases_and_holds_again_leaves_a_record_of_both(home: Home) -> None:
    home.keeping.retention.hold(ALICE, "case 7", "court")
    with pytest.raises(SubjectOnHold):
        home.keeping.retention.erase(ALICE, "request")
    home.keeping.retention.release(ALICE, "case 7", "by mistake")
    home.keeping.retention.erase(ALICE, "request")
    home.keeping.retention.hold(ALICE, "case 7", "court")

    said = [logged.body.entry for logged in home.keeping.everything()[LOGINS:] if logged.body is not None]
    assert [type(entry).__name__ for entry in said] == ["HoldEntry", "ReleaseEntry", "ErasureEntry", "HoldEntry"]
    assert isinstance(said[0], HoldEntry)


# Erases one user after the other, and tells each when it is done.
ERASER = """
import sys
from pathlib import Path
from certchain.models.entry import Subject, SubjectKind
from tests.keeping import Archive
from tests.logged import login
archive = Archive(Path(sys.argv[1]))
archive.writer.submit([login(user=user) for user in range(1, 200)]).wait()
print("ready", flush=True)
for user in range(1, 200):
    archive.retention.erase(Subject(SubjectKind.USER, user), "request")
    print(user, flush=True)
"""


@pytest.mark.parametrize("after", [0, 1, 2, 5, 11])
def test_a_server_that_is_killed_while_it_erases_finishes_when_it_starts_again(tmp_path: Path, after: int) -> None:
    """What it told is erased, what it recorded is erased after the start, and nothing else is."""
    command = [sys.executable, "-c", ERASER, str(tmp_path / "home")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        erased = [int(server.stdout.readline()) for _ in range(after)]
        server.send_signal(signal.SIGKILL)
        erased += [int(line) for line in server.stdout]

    archive = Archive(tmp_path / "home")
    recorded = archive.store.size() - 199
    assert recorded in {len(erased), len(erased) + 1}
    assert not any(gone(archive.reader, user) is False for user in erased)
    archive.retention.finish()
    assert [gone(archive.reader, user) for user in range(1, 200)] == [True] * recorded + [False] * (199 - recorded)
    assert archive.retention.finish() == 0
    archive.close()


def gone(reader: LogReader, user: int) -> bool:
    """Whether the login of the user, who is the log's n-th entry, cannot be read any more."""
    (logged,) = reader.entries(user - 1, 1)
    return logged.body is None
