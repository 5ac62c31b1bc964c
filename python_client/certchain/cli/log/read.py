"""What the log says: searched, and exported."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.command import command
from certchain.cli.log.argument import (
    Device,
    Since,
    Until,
    User,
    UserDevice,
    number,
    seconds,
    write_file,
)
from certchain.cli.log.noun import log
from certchain.cli.log.shown import COLUMNS, named
from certchain.cli.output import Result, Values
from certchain.cli.record import DeviceRecord, UserDeviceRecord, UserRecord
from certchain.cli.workspace import Workspace
from certchain.errors import StorageUnavailable, UnknownRecord
from certchain.log import export_entries
from certchain.models.entry import LoginOutcome
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.log import BundledEntry, ProofBundle
from certchain.models.query import PAGE_LIMIT, EntryFilter, ExportFormat, ProvenRow, QueryPage, RowKind
from certchain.models.registration import PublicKeys
from certchain.storage import DirectoryFileStore
from certchain.verification.proof import BUNDLE_FORMAT, proof_file_bytes

Outcome = Annotated[LoginOutcome | None, typer.Option(help="How the login ended.", show_default=False)]
Kind = Annotated[RowKind | None, typer.Option(help="What kind of entry.", show_default=False)]
_TAIL = 10


@command(log, "query")
def query(
    workspace: Workspace,
    *,
    user: User = None,
    user_device: UserDevice = None,
    device: Device = None,
    outcome: Outcome = None,
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
    newest: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    limit: Annotated[int, typer.Option(help="The most entries to show.", min=1, max=PAGE_LIMIT)] = 100,
    after: Annotated[int | None, typer.Option(help="Go on after this entry.", min=0, show_default=False)] = None,
    proofs: Annotated[
        Path | None, typer.Option(help="A file to write the proofs of the entries to.", show_default=False)
    ] = None,
) -> Result:
    """Shows entries of the log, which of them the published checkpoint proves, and which the chain has."""
    wanted = _filter(
        workspace,
        user=user,
        user_device=user_device,
        device=device,
        outcome=outcome,
        kind=kind,
        since=since,
        until=until,
    )
    page = workspace.log.query.page(wanted, after, limit, newest_first=newest)
    on_chain = workspace.log.engine.anchor.seen
    rows = [_row(workspace, row, on_chain) for row in page.rows]
    sentence = f"{len(rows)} of {workspace.log.engine.store.size()} entries; the chain has {on_chain}."
    if page.cursor is not None:
        sentence += f" Go on with --after {page.cursor}."
    if proofs is not None:
        write_file(proofs, proof_file_bytes(_bundle(page, workspace.log.server_keys)))
    return Result(sentence, rows, COLUMNS)


@command(log, "export")
def export(
    workspace: Workspace,
    folder: Annotated[Path, typer.Argument(help="A folder for the rows and their proofs; new, or empty.")],
    style: Annotated[ExportFormat, typer.Option("--format", help="How the rows are written.")] = ExportFormat.CSV,
    *,
    user: User = None,
    user_device: UserDevice = None,
    device: Device = None,
    outcome: Outcome = None,
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
) -> Result:
    """Writes entries as a file of rows, with proofs beside it: `certchain log verify FOLDER` checks both, anywhere."""
    wanted = _filter(
        workspace,
        user=user,
        user_device=user_device,
        device=device,
        outcome=outcome,
        kind=kind,
        since=since,
        until=until,
    )
    files = _empty_folder(folder)
    exported = export_entries(workspace.log.query, wanted, workspace.log.server_keys, files, style)
    values = {"folder": folder, "file": exported.file, "rows": exported.rows, "size": exported.size}
    return Result(f"{exported.rows} of the log's {exported.size} published entries are in {folder}.", values)


def _filter(
    workspace: Workspace,
    *,
    user: str | None,
    user_device: str | None,
    device: str | None,
    outcome: LoginOutcome | None,
    kind: RowKind | None,
    since: str | None,
    until: str | None,
) -> EntryFilter:
    of_user, of_user_device, of_device = (
        number(workspace, UserRecord, user),
        number(workspace, UserDeviceRecord, user_device),
        number(workspace, DeviceRecord, device),
    )
    return EntryFilter(
        user=None if of_user is None else UserId(of_user),
        user_device=None if of_user_device is None else UserDeviceId(of_user_device),
        device=None if of_device is None else DeviceId(of_device),
        outcome=outcome,
        kind=kind,
        since=seconds("since", since),
        until=seconds("until", until),
    )


def _row(workspace: Workspace, row: ProvenRow, on_chain: int) -> Values:
    index = row.entry.leaf.index
    return {**named(workspace, row.entry), "proven": row.proof is not None, "on_chain": index < on_chain}


def _bundle(page: QueryPage, keys: PublicKeys) -> ProofBundle:
    """The proofs of a page's entries, as far as there are any. Raises ``UnknownRecord`` before the first checkpoint."""
    if page.checkpoint is None:
        raise UnknownRecord("checkpoint", "of the log")
    ordered = sorted(page.rows, key=lambda row: row.entry.leaf.index)
    proven = [BundledEntry(row.entry.leaf, row.entry.body, row.proof.path) for row in ordered if row.proof is not None]
    return ProofBundle(BUNDLE_FORMAT, tuple(proven), page.checkpoint, keys)


def _empty_folder(folder: Path) -> DirectoryFileStore:
    """Raises ``StorageUnavailable`` for a folder with something in it, which an export would be mixed with."""
    files = DirectoryFileStore(folder)
    if files.names():
        raise StorageUnavailable(f"{folder} is not empty")
    return files
