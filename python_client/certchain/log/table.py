"""The rows of an export as a file: a table for a spreadsheet (RFC 4180), or JSON as documents are written here."""

import csv
import io
from collections.abc import Iterable, Iterator
from textwrap import indent
from typing import Any

from certchain.encoding.document import to_document
from certchain.encoding.kind import KIND_OF
from certchain.encoding.moment import moment
from certchain.models.entry import (
    AppEntry,
    ErasureEntry,
    HoldEntry,
    LogEntry,
    LoginEntry,
    LostKeyEntry,
    ReleaseEntry,
    RetentionEntry,
    UnlockEntry,
)
from certchain.models.query import ExportedRow, ExportFormat, RowKind

_COLUMNS = (
    *("index", "time", "kind", "outcome", "step", "reason", "session", "user", "user_device", "device", "registration"),
    *("subject", "hold", "before", "days", "by", "commitment", "proofs"),
)
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four are the first, in full width


def table(rows: Iterable[ExportedRow], style: ExportFormat) -> Iterator[bytes]:
    """The file of the rows, in pieces of a row or so: the same rows are always the same bytes."""
    return _csv(rows) if style is ExportFormat.CSV else _json(rows)


def _csv(rows: Iterable[ExportedRow]) -> Iterator[bytes]:
    yield _line(_COLUMNS)
    for row in rows:
        cells = _cells(row)
        yield _line(cells.get(column, "") for column in _COLUMNS)


def _line(cells: Iterable[Any]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(["" if cell is None else cell for cell in cells])
    return line.getvalue().encode()


def _cells(row: ExportedRow) -> dict[str, Any]:
    kind = RowKind.ERASED.value if row.entry is None else KIND_OF[type(row.entry)]
    own = {"index": row.index, "time": moment(row.at), "kind": kind, "commitment": row.commitment, "proofs": row.proofs}
    return own if row.entry is None else own | _said(row.entry)


def _said(entry: LogEntry) -> dict[str, Any]:
    match entry:
        case LoginEntry():
            session = None if entry.session is None else entry.session.hex()
            ended = {"outcome": entry.outcome.value, "step": _text(entry.step), "reason": _text(entry.reason)}
            named = {"user": entry.user, "user_device": entry.user_device, "device": entry.device}
            return {**ended, **named, "session": session, "registration": entry.registration}
        case HoldEntry() | ReleaseEntry():
            return {"subject": str(entry.held), "hold": _text(entry.name), "reason": _text(entry.reason)}
        case ErasureEntry():
            return {"subject": str(entry.erased), "before": moment(entry.before), "reason": _text(entry.reason)}
        case RetentionEntry():
            return {"days": entry.days, "reason": _text(entry.reason)}
        case _:
            return {**_decided(entry), "by": _text(entry.by), "reason": _text(entry.reason)}


def _decided(entry: UnlockEntry | LostKeyEntry | AppEntry) -> dict[str, Any]:
    """What an operator's decision is about."""
    match entry:
        case UnlockEntry():
            return {"subject": str(entry.unlocked)}
        case LostKeyEntry():
            return {"user_device": entry.user_device}
        case AppEntry():
            said = {"subject": _text(f"app {entry.app} {entry.version}"), "outcome": entry.status.value}
            return said | ({"before": moment(entry.until)} if entry.until else {})


def _text(text: str) -> str:
    """A spreadsheet takes a cell that begins like a formula for one, and what a stranger claimed must not be run: a quote stops it."""
    return "'" + text if text.startswith(_FORMULA) else text


def _json(rows: Iterable[ExportedRow]) -> Iterator[bytes]:
    """What ``to_document`` makes of them all, one after the other."""
    before = "[\n"
    for row in rows:
        yield (before + indent(to_document(row).decode().rstrip("\n"), "  ")).encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"
