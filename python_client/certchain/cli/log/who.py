"""Post-verification: who logged in to a device between two times, answered for a person or a court, and checked by anyone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer

from certchain.cli.command import command
from certchain.cli.log.argument import number, seconds
from certchain.cli.log.noun import log
from certchain.cli.log.shown import shown
from certchain.cli.output import Output, Result, Values
from certchain.cli.record import DeviceRecord
from certchain.cli.workspace import Workspace
from certchain.encoding.moment import moment
from certchain.errors import MalformedValue, StorageUnavailable
from certchain.log.answer import Question, answer
from certchain.models.answer import ProvenAnswer
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry
from certchain.models.identifier import DeviceId
from certchain.models.log import LogLeaf
from certchain.verification.answer import LONGEST_LINE, verify_answer

_SHOWN = 1000


@command(log, "who")
def who(
    workspace: Workspace,
    *,
    device: Annotated[str, typer.Argument(help="The IoT device, by name or number.", show_default=False)],
    since: Annotated[
        str, typer.Option("--from", help="From this time on (RFC 3339; a date will do).", show_default=False)
    ],
    until: Annotated[str, typer.Option("--to", help="Before this time.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The file to write.", show_default=False)],
    whole: Annotated[
        bool, typer.Option("--whole", help="Show all entries of that time, so that nothing is left to be believed.")
    ] = False,
) -> Result:
    """Answers who logged in to a device between two times, in a file that proves that no entry of that time is missing.

    Entries about others are in it by place and time only, and that none of them is a login at the device is the server's signed word:
    unless --whole shows them, too, as a court may ask. `certchain log verify FILE` checks it, anywhere.
    """
    question = Question(
        DeviceId(number(workspace, DeviceRecord, device) or 0),
        _time("from", since),
        _time("to", until),
        whole,
    )
    workspace.log.engine.keeper.turn(force=True)
    lines = answer(workspace.log.query, workspace.log.identity, question)
    beside = out.with_name(out.name + ".part")
    try:
        with beside.open("wb") as file:
            found = _answered(_copied(lines, file))
        beside.replace(out)
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem
    finally:
        beside.unlink(missing_ok=True)
    result = found.result(workspace.output)
    return Result(result.sentence, {**cast("Values", result.values), "file": out})


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer proves, and its first thousand logins as they are shown."""

    proven: ProvenAnswer
    rows: Sequence[Values]

    def result(self, output: Output) -> Result:
        """The answer as a command shows it: people are shown the logins first, each on a line."""
        values = _summary(self.proven)
        if output.as_json:
            return Result(_sentence(self.proven), {**values, "said": self.rows})
        for row in self.rows:
            whom = f"user {row['user']} with user device {row['user_device']}"
            line = f"entry {row['entry']}  {row['at']}  {row['outcome']}  {whom}  {row['reason'] or ''}"
            output.line(line.rstrip(), row)
        return Result(_sentence(self.proven), values)


def verify_file(
    file: Path, thumbprint: Digest | None = None, witnesses: Mapping[str, bytes] | None = None, quorum: int = 0
) -> Answered:
    """What the answer in a file proves. Raises what ``verify_answer`` raises, and ``StorageUnavailable``."""
    try:
        with file.open("rb") as opened:
            return _answered(_lines(opened), thumbprint, witnesses, quorum)
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem


def _answered(
    lines: Iterable[bytes],
    thumbprint: Digest | None = None,
    witnesses: Mapping[str, bytes] | None = None,
    quorum: int = 0,
) -> Answered:
    rows = list[Values]()

    def take(leaf: LogLeaf, login: LoginEntry) -> None:
        if len(rows) < _SHOWN:
            rows.append(shown(leaf, login))

    return Answered(verify_answer(lines, thumbprint, witnesses, quorum, take), rows)


def _sentence(proven: ProvenAnswer) -> str:
    """What is proven, and what is not, in plain words."""
    said = [
        f"The log has {proven.entries} entries of that time, and none is missing.",
        f"{proven.logins} of them are logins at device {proven.device}.",
    ]
    if proven.withheld:
        said.append(
            f"What {proven.withheld} say is withheld: that none of them is a login there is the server's word, which it signed."
        )
    if proven.erased:
        said.append(
            f"{proven.erased} were erased: nobody can tell any more whom they were about, and logins there may be among them; "
            "that they are erased, and not only hidden, is the server's word."
        )
    if not proven.ended:
        said.append("The log ends within that time: more may have come since.")
    return " ".join(said)


def _summary(proven: ProvenAnswer) -> dict[str, object]:
    checkpoint = proven.checkpoint
    return {
        "device": proven.device,
        "from": moment(proven.since),
        "to": moment(proven.until),
        "whole": proven.whole,
        "ended": proven.ended,
        "entries": proven.entries,
        "logins": proven.logins,
        "others": proven.others,
        "withheld": proven.withheld,
        "erased": proven.erased,
        "erasure_records": list(proven.records),
        "log": checkpoint.origin,
        "size": checkpoint.size,
        "signer": checkpoint.signer,
        "thumbprint": checkpoint.thumbprint,
        "witnesses": [cosignature.witness for cosignature in proven.cosignatures],
    }


def _copied(lines: Iterable[bytes], file: BinaryIO) -> Iterator[bytes]:
    """What is verified is what was written."""
    for line in lines:
        file.write(line)
        yield line


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file that somebody brings, none longer than a line can be."""
    while line := file.readline(LONGEST_LINE + 1):
        yield line


def _time(name: str, given: str) -> int:
    found = seconds(name, given)
    if found is None or found < 0:
        raise MalformedValue(name, f"{given!r} is before the epoch")
    return found
