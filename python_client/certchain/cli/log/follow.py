"""`certchain log follow`: the log's leaves as they are published, each found to be of the tree that the log's server signed for."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from certchain.cli.command import command
from certchain.cli.log.argument import Url, served_source
from certchain.cli.log.noun import log
from certchain.cli.output import Output
from certchain.cli.workspace import Workspace
from certchain.encoding.leaf import parse_leaf
from certchain.encoding.moment import moment
from certchain.encoding.tile import parse_bundle
from certchain.errors import CheckpointOutdated, NotConsistent, Unavailable, UnknownRecord, UnknownTile
from certchain.log import LogSource
from certchain.log.verified import VerifiedLog
from certchain.merkle import tile_width, tree_root
from certchain.models.log import TILE_WIDTH, Checkpoint, LogLeaf
from certchain.models.registration import PublicKeys
from certchain.verification.checkpoint import verify_checkpoint

_TAIL = 10


@command(log, "follow", beside_others=True)
def follow(
    workspace: Workspace,
    url: Url = None,
    interval: Annotated[float, typer.Option(help="How often to look, in seconds.", min=0.1)] = 1.0,
    count: Annotated[
        int | None, typer.Option(help="Stop after so many entries; else with Ctrl-C.", min=1, show_default=False)
    ] = None,
) -> None:
    """Shows the log's leaves as they are published, the last ones first: of this home, or where it is served.

    Each is verified against a checkpoint that the log's server signed and that continues the one before. It waits for the first
    checkpoint, and while the log is away.
    """
    source = workspace.log.beside if url is None else served_source(workspace, url)
    following = Following(source, workspace.log.server_keys)
    for shown, (leaf, size) in enumerate(_leaves(following, interval, workspace.output), 1):
        values = {"entry": leaf.index, "at": moment(leaf.at), "commitment": leaf.commitment, "size": size}
        workspace.output.line(f"entry {values['entry']}  {values['at']}  {values['commitment']}", values)
        if shown == count:
            return


@dataclass(slots=True)
class Following:
    """What was seen of a log whose server has these keys, and what was shown: the next entry, ``None`` before the first checkpoint."""

    source: LogSource
    keys: PublicKeys
    seen: Checkpoint | None = None
    following: int | None = None

    def look(self) -> Iterator[tuple[LogLeaf, int]]:
        """The leaves that are new, the last ten at first, each with the size of the log that it is of; none before a checkpoint.

        Raises ``CheckpointInvalid``, ``CheckpointOutdated`` or ``NotConsistent`` for a checkpoint that does not continue the one
        before, ``TileInvalid`` for what is not of its tree, and what the source raises. What was shown is not shown again.
        """
        try:
            checkpoint = verify_checkpoint(self.source.checkpoint(), self.keys)
        except UnknownRecord:  # nothing was published yet
            return
        if checkpoint.size == self.following and checkpoint == self.seen:
            return
        tree = self._continued(checkpoint)
        self.seen = checkpoint
        if self.following is None:
            self.following = max(checkpoint.size - _TAIL, 0)
        while self.following < checkpoint.size:
            bundle, place = divmod(self.following, TILE_WIDTH)
            row = parse_bundle(tree.bundle(bundle, tile_width(0, bundle, checkpoint.size)))
            for leaf in row[place:]:
                self.following += 1
                yield parse_leaf(leaf), checkpoint.size

    def _continued(self, checkpoint: Checkpoint) -> VerifiedLog:
        if self.seen is not None and checkpoint.size < self.seen.size:
            raise CheckpointOutdated(checkpoint.size, self.seen.size)
        tree = VerifiedLog((self.source,), checkpoint.size, checkpoint.root)
        if self.seen is not None and tree_root(tree, self.seen.size) != self.seen.root:
            raise NotConsistent(self.seen.size, checkpoint.size)
        return tree


def _leaves(following: Following, interval: float, output: Output) -> Iterator[tuple[LogLeaf, int]]:
    """The leaves as they come. A log that has answered once is waited for when it is away."""
    answered = told = False
    while True:
        try:
            yield from following.look()
            answered, told = True, False
        except (Unavailable, UnknownTile) as problem:  # a tile can be gone because a wider one has just taken its place
            if not answered:
                raise
            if not told:
                output.note(f"{problem} It is waited for.")
            told = True
        time.sleep(interval)
