"""A log whose records are kept, held and erased: a logbook with its index and retention, in memory or in a folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certchain.config.clock import SystemClock
from certchain.keys import SealingKey
from certchain.log import LogReader, LogWriter
from certchain.log.query import Query
from certchain.log.retention import Retention
from certchain.models.entry import LogEntry, LoginEntry, Subject
from certchain.models.log import LoggedEntry
from certchain.storage import (
    DirectoryFileStore,
    MemoryFileStore,
    MemoryLogStore,
    MemorySubjectKeys,
    SqlLogIndex,
    SqlSubjectKeys,
    open_log_store,
)
from tests.faults import Fused
from tests.logbook import Logbook

SEALING_KEY = SealingKey(bytes(range(32)))
ORIGIN = "certchain/tests/log"


@dataclass(slots=True)
class Keeping:
    """``restart`` begins from what is durable; without a folder, that is what memory has."""

    folder: Path | None = None
    book: Logbook = field(init=False)
    index: Any = field(init=False)
    retention: Retention = field(init=False)
    query: Query = field(init=False)

    def __post_init__(self) -> None:
        self.index = SqlLogIndex()
        self.book = Logbook(store=MemoryLogStore(), keys=MemorySubjectKeys(), files=MemoryFileStore())
        if self.folder is not None:
            self._open(self.folder)
        self._put_together()

    def _open(self, folder: Path) -> None:
        self.index = SqlLogIndex(folder / "index.sqlite")
        self.book.keys = SqlSubjectKeys(folder / "keys.sqlite", SEALING_KEY)
        self.book.store = open_log_store(folder / "log", write=True)
        self.book.files = DirectoryFileStore(folder / "files")
        self.book.restart()

    def _put_together(self) -> None:
        book, fuse = self.book, self.book.fuse
        keys, index = Fused(book.keys, fuse, ("destroy",)), Fused(self.index, fuse, ("add", "scrub"))
        self.retention = Retention(book.engine.writer, book.engine.reader, keys, index, book.clock)
        self.query = Query(book.engine.reader, book.store, self.index, book.engine.publication)

    def close(self) -> None:
        self.book.engine.close()
        self.index.close()
        if self.folder is not None:
            self.book.keys.close()

    def restart(self) -> None:
        """The process starts again, and finishes what it had begun."""
        if self.folder is not None:
            self.close()
            self._open(self.folder)
        self.book.restart()
        self._put_together()
        self.retention.finish()

    def rebuild_index(self) -> None:
        """The index's file was lost."""
        self.index.close()
        if self.folder is not None:
            for file in self.folder.glob("index.sqlite*"):
                file.unlink()
        self.index = SqlLogIndex(None if self.folder is None else self.folder / "index.sqlite")
        self._put_together()

    def record(self, *entries: LogEntry) -> None:
        for entry in entries:
            self.book.engine.writer.record(entry)

    def everything(self) -> tuple[LoggedEntry, ...]:
        return self.book.everything()

    def readable(self, subject: Subject) -> list[int]:
        """The indices of the logins of a subject that can be read."""
        logins = [(logged.leaf.index, logged.body.entry) for logged in self.everything() if logged.body is not None]
        return [index for index, entry in logins if isinstance(entry, LoginEntry) and entry.subject == subject]


@dataclass(slots=True)
class Archive:
    """The same in a folder without a chain, so that a process can be killed and another go on."""

    folder: Path
    store: Any = field(init=False)
    keys: Any = field(init=False)
    index: Any = field(init=False)
    writer: LogWriter = field(init=False)
    reader: LogReader = field(init=False)
    retention: Retention = field(init=False)

    def __post_init__(self) -> None:
        self.store = open_log_store(self.folder / "log", write=True)
        self.keys = SqlSubjectKeys(self.folder / "keys.sqlite", SEALING_KEY)
        self.index = SqlLogIndex(self.folder / "index.sqlite")
        self.writer = LogWriter(self.store, self.keys, ORIGIN, SystemClock())
        self.reader = LogReader(self.store, self.keys, ORIGIN)
        self.retention = Retention(self.writer, self.reader, self.keys, self.index, SystemClock())

    def close(self) -> None:
        self.writer.close()
        self.keys.close()
        self.index.close()
