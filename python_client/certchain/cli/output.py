"""What a command shows: a result as a sentence and a table for people, or as one JSON value for programs."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from certchain.errors import CertchainError
from certchain.models.digest import Digest

_WIDE = 240
_SHORT = 12

Values = Mapping[str, object]
Advance = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command found or did: one sentence for people, and its values, one record or a list of them.

    ``columns`` are the values of a list that people are shown, in that order; by default all of them. Programs get all.
    """

    sentence: str
    values: Values | Sequence[Values]
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command shows things. Results go to stdout, everything else to stderr; with ``as_json`` both are JSON."""

    as_json: bool = False
    results: TextIO = field(default_factory=lambda: sys.stdout)
    notes: TextIO = field(default_factory=lambda: sys.stderr)

    def show(self, result: Result) -> None:
        """A command's result; whoever reads it through a pipe has it at once, though the command may go on."""
        if self.as_json:
            self.results.write(_json(result.values))
            self.results.flush()
            return
        console = Console(file=self.results, highlight=False, soft_wrap=True)
        if not console.is_terminal:
            console.width = _WIDE
        console.print(plain(result.sentence))
        if isinstance(result.values, Mapping):
            self._show_record(console, result.values)
        else:
            self._show_list(console, result.values, result.columns)

    def line(self, sentence: str, values: Values) -> None:
        """One of several results, shown at once."""
        if self.as_json:
            self.results.write(_json(values))
        else:
            Console(file=self.results, highlight=False, soft_wrap=True).print(plain(sentence))
        self.results.flush()

    def note(self, sentence: str) -> None:
        """A word about what is going on; nothing with ``as_json``."""
        if not self.as_json:
            Console(file=self.notes, highlight=False, soft_wrap=True).print(plain(sentence))

    def fail(self, error: str, sentence: str, advice: str, values: Values, exit_code: int) -> int:
        """Why a command ended without its result; returns the exit code."""
        if self.as_json:
            shown = {"error": error, "sentence": sentence, "advice": advice, "values": values, "exit_code": exit_code}
            self.notes.write(_json(shown))
            return exit_code
        console = Console(file=self.notes, highlight=False, soft_wrap=True)
        console.print(Text("Error: ", style="bold red").append(plain(sentence).plain, style="not bold default"))
        console.print(plain(advice))
        return exit_code

    def refuse(self, error: CertchainError) -> int:
        """An error of ours, with its family's exit code."""
        return self.fail(type(error).__name__, str(error), error.advice, error.values(), error.exit_code)

    @contextmanager
    def progress(self, description: str) -> Iterator[Advance]:
        """A progress bar on a terminal, and nothing elsewhere, while something long is going on."""
        console = Console(file=self.notes)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(
            *columns, console=console, transient=True, disable=self.as_json or not console.is_terminal
        ) as bar:
            task = bar.add_task(description, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def _show_record(self, console: Console, values: Values) -> None:
        """A line for each value, whole however long it is."""
        width = max((len(name) for name in values), default=0)
        for name, value in values.items():
            console.print(plain(f"  {_title(name):<{width}}  {_cell(value)}"))

    def _show_list(self, console: Console, rows: Sequence[Values], columns: Sequence[str]) -> None:
        """A table, in which hashes are cut short and each word of a title has its line.

        No column is narrower than what is in it: a table that is too wide for the terminal goes on beyond its edge.
        """
        if not rows:
            return
        table = Table(box=SIMPLE_HEAD, padding=0)
        for name in columns or rows[0]:
            cells = [plain(_short(row[name])) for row in rows]
            table.add_column(plain(name.replace("_", "\n")), min_width=max(cell.cell_len for cell in cells))
        for row in rows:
            table.add_row(*(plain(_short(row[name])) for name in columns or row))
        console.width = max(console.width, console.measure(table, options=console.options.update(width=_WIDE)).maximum)
        console.print(table)


def listed(noun: str, rows: Sequence[Values]) -> Result:
    """A list as a result, with its count as the sentence."""
    return Result(f"There is 1 {noun}." if len(rows) == 1 else f"There are {len(rows)} {noun}s.", rows)


def plain(text: str) -> Text:
    """Text as it is: no markup, and nothing in it that would steer a terminal."""
    return Text("".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text))


def _title(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: object) -> str:
    simple = _simple(value)
    if simple is None:
        return "-"
    if isinstance(simple, bool):
        return "yes" if simple else "no"
    if isinstance(simple, dict):
        return ", ".join(f"{name} {_cell(item)}" for name, item in simple.items())
    if isinstance(simple, list):
        return ", ".join(_cell(item) for item in simple)
    return str(simple)


def _short(value: object) -> str:
    shown = value.value if isinstance(value, Digest) else value
    return f"{shown.hex()[:_SHORT]}…" if isinstance(shown, bytes) else _cell(value)


def _json(value: object) -> str:
    return json.dumps(_simple(value), ensure_ascii=False) + "\n"


def _simple(value: object) -> object:
    """A value as JSON has it: bytes in hex, a digest with its algorithm, the name of an enumeration's member."""
    if isinstance(value, Mapping):
        return {name: _simple(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_simple(item) for item in value]
    if isinstance(value, Enum):
        return value.name.lower().replace("_", "-")
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | float | None) else str(value)
