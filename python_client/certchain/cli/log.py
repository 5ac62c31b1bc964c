"""`certchain log`: the login log, its audit and its proofs."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.argument import File
from certchain.cli.command import command, noun
from certchain.cli.output import Result, moment
from certchain.cli.party import Cast
from certchain.cli.workspace import Workspace
from certchain.errors import StorageUnavailable
from certchain.models.digest import Digest
from certchain.models.entry import LogEntry, LoginEntry
from certchain.verification.proof import verify_proof_file

log = noun("log", "The login log: every certification, good or bad, its audit and its proofs.")


@command(log, "flush")
def flush(workspace: Workspace) -> Result:
    """Brings the chain up to the log (C16)."""
    appended = Cast(workspace).certification_server.flush()
    values = {"appended": appended, "size": workspace.reader.login_log.size()}
    return Result(f"{appended} entries went to the chain.", values)


@command(log, "audit")
def audit(workspace: Workspace) -> Result:
    """Replays the whole log against the chain."""
    cast = Cast(workspace)
    with workspace.output.progress("Replaying") as advance:
        report = cast.auditor.audit(cast.followed_log(), advance)
    values = {
        "log": report.origin,
        "entries": report.size,
        "root": report.root,
        "on_chain": report.on_chain,
        "bodies": report.bodies,
        "erased": report.erased,
        "witnesses": [cosignature.witness for cosignature in report.cosignatures],
    }
    return Result(f"The log's {report.size} entries hold, and the chain has {report.on_chain} of them.", values)


@command(log, "prove")
def prove(
    workspace: Workspace,
    index: Annotated[int, typer.Argument(help="The entry's index, from 0.", min=0, show_default=False)],
    out: Annotated[Path, typer.Option(help="The proof file to write.", show_default=False)],
) -> Result:
    """Writes a file that proves an entry to anyone, without a chain or a server."""
    cast = Cast(workspace)
    proof = cast.auditor.prove(cast.followed_log(), index)
    try:
        out.write_bytes(proof)
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem
    values = {
        "entry": index,
        "file": out,
        "bytes": len(proof),
        "thumbprint": verify_proof_file(proof).checkpoint.thumbprint,
    }
    return Result(f"{out} proves entry {index}.", values)


@command(log, "verify", beside_others=True)
def verify(
    workspace: Workspace,
    file: File,
    thumbprint: Annotated[
        str | None,
        typer.Option(help="The log server's key thumbprint (sha-256:…), as the chain or the server tells it."),
    ] = None,
) -> Result:
    """Verifies a proof file by itself: no chain, no server and no home folder are asked."""
    try:
        data = file.read_bytes()
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem
    proven = verify_proof_file(data, Digest.parse(thumbprint) if thumbprint else None)
    checkpoint = proven.checkpoint
    values = {
        "entry": proven.leaf.index,
        "at": moment(proven.leaf.at),
        **_values(proven.entry),
        "log": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "signer": checkpoint.signer,
        "thumbprint": checkpoint.thumbprint,
    }
    return Result(f"Entry {proven.leaf.index} is in the log of {checkpoint.size} entries.", values)


def _values(entry: LogEntry | None) -> dict[str, object]:
    if not isinstance(entry, LoginEntry):
        return {}
    return {
        "outcome": entry.outcome,
        "step": entry.step,
        "reason": entry.reason or None,
        "user": entry.user,
        "user_device": entry.user_device,
        "device": entry.device,
        "registration": entry.registration,
        "session": entry.session,
    }
