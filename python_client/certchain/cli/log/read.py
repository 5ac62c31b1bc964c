"""What the log says: searched, and exported."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.command import command
from certchain.cli.log.argument import write_file
from certchain.cli.log.noun import log
from certchain.cli.log.shown import columns, named
from certchain.cli.log.wanted import choosing
from certchain.cli.output import Result, Values
from certchain.cli.workspace import Workspace
from certchain.errors import StorageUnavailable
from certchain.log import export_entries, page_bundle
from certchain.models.query import PAGE_LIMIT, EntryFilter, ExportFormat, ProvenRow
from certchain.storage import DirectoryFileStore
from certchain.verification.proof import proof_file_bytes


@command(log, "query")
@choosing
def query(
    workspace: Workspace,
    wanted: EntryFilter,
    *,
    newest: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    limit: Annotated[int, typer.Option(help="The most entries to show.", min=1, max=PAGE_LIMIT)] = 100,
    after: Annotated[int | None, typer.Option(help="Go on after this entry.", min=0, show_default=False)] = None,
    proofs: Annotated[
        Path | None, typer.Option(help="A file to write the proofs of the entries to.", show_default=False)
    ] = None,
) -> Result:
    """Shows entries of the log, which of them the published checkpoint proves, and which the chain has."""
    page = workspace.log.query.page(wanted, after, limit, newest_first=newest)
    on_chain = workspace.log.engine.anchor.seen
    rows = [_row(workspace, row, on_chain) for row in page.rows]
    sentence = f"{len(rows)} of {workspace.log.engine.store.size()} entries; the chain has {on_chain}."
    if page.cursor is not None:
        sentence += f" Go on with --after {page.cursor}."
    if proofs is not None:
        write_file(proofs, proof_file_bytes(page_bundle(page, workspace.log.server_keys)))
    return Result(sentence, rows, columns(rows))


@command(log, "export")
@choosing
def export(
    workspace: Workspace,
    wanted: EntryFilter,
    folder: Annotated[Path, typer.Argument(help="A folder for the rows and their proofs; new, or empty.")],
    style: Annotated[ExportFormat, typer.Option("--format", help="How the rows are written.")] = ExportFormat.CSV,
) -> Result:
    """Writes entries as a file of rows, with proofs beside it: `certchain log verify FOLDER` checks both, anywhere."""
    files = _empty_folder(folder)
    exported = export_entries(workspace.log.query, wanted, workspace.log.server_keys, files, style)
    values = {"folder": folder, "file": exported.file, "rows": exported.rows, "size": exported.size}
    return Result(f"{exported.rows} of the log's {exported.size} published entries are in {folder}.", values)


def _row(workspace: Workspace, row: ProvenRow, on_chain: int) -> Values:
    index = row.entry.leaf.index
    return {**named(workspace, row.entry), "proven": row.proof is not None, "on_chain": index < on_chain}


def _empty_folder(folder: Path) -> DirectoryFileStore:
    """Raises ``StorageUnavailable`` for a folder with something in it, which an export would be mixed with."""
    files = DirectoryFileStore(folder)
    if files.names():
        raise StorageUnavailable(f"{folder} is not empty")
    return files
