"""Proofs of entries: written, checked without a chain or a server, and checked against the chain."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.argument import File
from certchain.cli.command import command
from certchain.cli.log.argument import Quorum, Thumbprint, Url, Witnesses, read_file, witness_keys, write_file
from certchain.cli.log.audit import audited
from certchain.cli.log.noun import log
from certchain.cli.log.shown import shown
from certchain.cli.log.who import verify_file
from certchain.cli.output import Result, Values
from certchain.cli.workspace import Workspace
from certchain.errors import StorageUnavailable
from certchain.log import verify_export
from certchain.models.digest import Digest
from certchain.models.log import Checkpoint, Cosignature, ProvenEntry
from certchain.models.query import Exported, ExportFormat
from certchain.storage import DirectoryReader
from certchain.verification.answer import is_answer
from certchain.verification.proof import is_proof_bundle, verify_proof_bundle, verify_proof_file

_HEAD = 100


@command(log, "prove", beside_others=True)
def prove(
    workspace: Workspace,
    index: Annotated[int, typer.Argument(help="The entry's index, from 0.", min=0, show_default=False)],
    out: Annotated[Path, typer.Option(help="The proof file to write.", show_default=False)],
    url: Url = None,
) -> Result:
    """Writes a file that proves an entry to anyone, without a chain or a server.

    With --url it proves the entry's place, time and commitment, and not what the entry says.
    """
    auditor, followed, _ = audited(workspace, [url] if url else None)
    proof = auditor.prove(followed, index)
    write_file(out, proof)
    thumbprint = verify_proof_file(proof).checkpoint.thumbprint
    values = {"entry": index, "file": out, "bytes": len(proof), "thumbprint": thumbprint}
    return Result(f"{out} proves entry {index}.", values)


@command(log, "verify", beside_others=True)
def verify(
    workspace: Workspace,
    file: File,
    thumbprint: Thumbprint = None,
    witness: Witnesses = None,
    quorum: Quorum = 0,
) -> Result:
    """Verifies a proof file, a bundle, an answer or an exported folder by itself: no chain, no server and no home folder are asked."""
    signer, witnesses = Digest.parse(thumbprint) if thumbprint else None, witness_keys(witness)
    if file.is_dir():
        return _export(file, verify_export(*_exported(file), signer, witnesses, quorum))
    if is_answer(_beginning(file)):
        return verify_file(file, signer, witnesses, quorum).result(workspace.output)
    data = read_file(file)
    if is_proof_bundle(data):
        bundle = verify_proof_bundle(data, signer, witnesses, quorum)
        values = {"entries": len(bundle.entries), **_vouched(bundle.checkpoint, bundle.cosignatures)}
        return Result(f"{len(bundle.entries)} entries are in the log of {bundle.checkpoint.size}.", values)
    return _proven(verify_proof_file(data, signer, witnesses, quorum))


@command(log, "check", beside_others=True)
def check(workspace: Workspace, file: File, url: Url = None) -> Result:
    """Verifies a proof file or an answer, and compares it with the chain: the signer's keys, the root, and an entry's place."""
    auditor, followed, _ = audited(workspace, [url] if url else None)
    if is_answer(_beginning(file)):
        found = verify_file(file)
        auditor.check_checkpoint(followed, found.proven.checkpoint)
        return found.result(workspace.output)
    return _proven(auditor.check_proof_file(followed, read_file(file)))


def _beginning(file: Path) -> bytes:
    """Enough of a file to see what it says that it is. Raises ``StorageUnavailable``."""
    try:
        with file.open("rb") as opened:
            return opened.read(_HEAD)
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem


def _exported(folder: Path) -> tuple[DirectoryReader, ExportFormat]:
    files = DirectoryReader(folder)
    style = ExportFormat.JSON if "entries.json" in files.names() else ExportFormat.CSV
    return files, style


def _export(folder: Path, exported: Exported) -> Result:
    values = {"folder": folder, "file": exported.file, "rows": exported.rows, "size": exported.size}
    return Result(f"All {exported.rows} rows are in the log of {exported.size} entries.", values)


def _proven(proven: ProvenEntry) -> Result:
    checkpoint = proven.checkpoint
    values = {**shown(proven.leaf, proven.entry), **_vouched(checkpoint, proven.cosignatures)}
    return Result(f"Entry {proven.leaf.index} is in the log of {checkpoint.size} entries.", values)


def _vouched(checkpoint: Checkpoint, cosignatures: tuple[Cosignature, ...]) -> Values:
    return {
        "log": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "signer": checkpoint.signer,
        "thumbprint": checkpoint.thumbprint,
        "witnesses": [cosignature.witness for cosignature in cosignatures],
    }
