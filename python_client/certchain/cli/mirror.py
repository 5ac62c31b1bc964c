"""`certchain mirror`: a copy of a log's public part, which proves entries when the log's server is gone."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.command import command, noun
from certchain.cli.log.argument import Quorum, Witnesses, served_source, witness_keys, write_file
from certchain.cli.log.serve import Host, Port, serve_until_stopped
from certchain.cli.output import Result
from certchain.cli.workspace import Workspace
from certchain.models.log import Checkpoint, ProofFile
from certchain.roles.mirror import Mirror
from certchain.services import mirror_app
from certchain.storage.tiles import DirectoryLogSource
from certchain.verification.checkpoint import verify_checkpoint, verify_cosignatures
from certchain.verification.proof import PROOF_FORMAT, proof_file_bytes

mirror = noun("mirror", "A copy of a log, every hash of it checked.")

Folder = Annotated[
    Path, typer.Argument(help="The mirror's folder, which any file server can serve.", show_default=False)
]
Url = Annotated[str, typer.Option("--url", help="Where the log is served.", show_default=False)]


@command(mirror, "sync", beside_others=True)
def sync(workspace: Workspace, folder: Folder, url: Url, witness: Witnesses = None, quorum: Quorum = 0) -> Result:
    """Copies what is new, once it is found to continue what is there, and to be signed by the log's server."""
    checkpoint = _mirror(workspace, folder, url, witness, quorum).sync()
    values = {"folder": folder, "log": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root}
    return Result(f"The mirror has the log's {checkpoint.size} entries.", values)


@command(mirror, "serve", beside_others=True)
def serve_mirror(
    workspace: Workspace,
    folder: Folder,
    url: Url,
    *,
    witness: Witnesses = None,
    quorum: Quorum = 0,
    interval: Annotated[float, typer.Option(help="How often to look for what is new, in seconds.", min=0.1)] = 5.0,
    host: Host = "127.0.0.1",
    port: Port = 8082,
) -> None:
    """Follows the log and serves the copy, until Ctrl-C."""
    app = mirror_app(_mirror(workspace, folder, url, witness, quorum), interval=interval, clock=workspace.clock)
    serve_until_stopped(workspace, app, host, port)


@command(mirror, "prove", beside_others=True)
def prove(
    workspace: Workspace,
    folder: Folder,
    index: Annotated[int, typer.Argument(help="The entry's index, from 0.", min=0, show_default=False)],
    out: Annotated[Path, typer.Option(help="The proof file to write.", show_default=False)],
) -> Result:
    """Writes a file that proves an entry's place, time and commitment, without asking the log's server.

    The mirror's checkpoint has to be by the key of the log's server that this home knows: the file carries that key.
    """
    leaf, proof, note = _mirror(workspace, folder, None, None, 0).prove(index)
    verify_checkpoint(note, workspace.log.server_keys)
    file = ProofFile(PROOF_FORMAT, leaf, None, proof.path, note, workspace.log.server_keys)
    write_file(out, proof_file_bytes(file))
    return Result(f"{out} proves entry {index}.", {"entry": index, "file": out, "commitment": leaf.commitment})


def _mirror(workspace: Workspace, folder: Path, url: str | None, witness: list[str] | None, quorum: int) -> Mirror:
    keys, witnesses = workspace.log.server_keys, witness_keys(witness)

    def verify(note: str) -> Checkpoint:
        verify_cosignatures(note, witnesses, quorum)
        return verify_checkpoint(note, keys)

    return Mirror(served_source(workspace, url) if url else DirectoryLogSource(folder), folder, verify)
