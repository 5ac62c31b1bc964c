"""What exactly differs, once something was found to: the first entry, what was done to it, and the evidence.

Three views of a log are compared: what the chain has (leaf hashes, of a recorded log), what the server has signed for (tiles that lead to
the signed root), and what is served as its leaves.
"""

from collections.abc import Callable
from dataclasses import dataclass

from certchain.encoding.tile import parse_bundle
from certchain.errors import CertchainError, EntryChanged, GarbageOnChain, Unavailable
from certchain.errors.audit import LogFinding
from certchain.log.verified import VerifiedLog
from certchain.merkle import tile_width
from certchain.merkle.node import HASH_LENGTH, hash_leaves
from certchain.models.digest import Digest
from certchain.models.evidence import ChainLeafEvidence, ChainRootEvidence, ServedEvidence
from certchain.models.log import TILE_WIDTH, LogBatch, LogMode
from certchain.roles.auditor.view import View
from certchain.verification.log import (
    Difference,
    find_difference,
    hash_list,
)

WINDOW = 16 * TILE_WIDTH
_BATCHES = 16


@dataclass(frozen=True, slots=True)
class Differences:
    """Looks for what differs in ``view``; the chain has ``chain_size`` entries.

    ``server_signed`` tells of a size at which the chain has a root whether the server is known to have signed for what the chain has.
    """

    view: View
    chain_size: int
    server_signed: Callable[[int], bool]

    def explain(self, finding: LogFinding, first: int) -> LogFinding:
        """The first difference from entry ``first`` on, or the finding that there must be one when none is seen any more."""
        for start in range(first - first % TILE_WIDTH, self.view.size, WINDOW):
            found = self.near(start)
            if found is not None:
                return found
        return self.view.keep_shown(finding)

    def near(self, first: int) -> LogFinding | None:
        """The first difference in the window that begins with the bundle of entry ``first``, if there is one."""
        start = first - first % TILE_WIDTH
        chain, signed, served = self._chain(start), self._signed(start), self._served(start)
        if chain and signed and (found := find_difference(start, chain, signed)) is not None:
            begin = (found.index - start) * HASH_LENGTH
            return self._unlike_chain(found, hash_list(chain[begin:]), hash_list(signed[begin:]))
        found = find_difference(start, signed or chain, served)
        return None if found is None else self._unlike_signed(found)

    def chain_root(self, batch: LogBatch) -> LogFinding:
        """The chain has another root at the batch's end than the leaves lead to."""
        prefix = self.view.prefix(batch.size)
        told = f"among the entries from it up to {batch.size - 1} one is another than on the chain"
        changed: EntryChanged | GarbageOnChain = EntryChanged(told, batch.first_index)
        if (
            prefix is None or prefix[0] == batch.root
        ):  # what was signed for agrees with the chain, what is served does not
            return self.explain(changed, batch.first_index)
        step = self.view.step(batch)
        if not self.server_signed(batch.size):
            changed = self._garbage(batch, batch.first_index)
        return self.view.keep(changed, ChainRootEvidence, self.view.signed, batch.size, *prefix, step)

    def beyond(self) -> LogFinding:
        """The chain has more entries than anything that the server has signed for."""
        index = self.view.size
        batch = self.view.log.chain.batches(index, 1)[0]
        hashes = batch.leaf_hashes[index - batch.first_index :]
        finding = self._garbage(batch, index)
        step, found = self.view.step(batch), hashes[0] if hashes else None
        return self.view.keep(finding, ChainLeafEvidence, self.view.signed, step, index, found, None, None, None)

    # --------------------------------------------------------------------------------------------------------- windows

    def _unlike_chain(self, found: Difference, known: list[bytes], mine: list[bytes]) -> LogFinding:
        """The server has signed for something else than the chain has; the rows begin with the difference."""
        finding: LogFinding = found
        index, batch = found.index, self.view.log.chain.batches(found.index, 1)[0]
        elsewhere = mine.index(known[0], 1) if known[0] in mine[1:] else None
        moved = known.index(mine[0], 1) if mine[0] in known[1:] else None
        if isinstance(found, EntryChanged) and not self._stands_alone(batch, known, mine):
            finding = self._garbage(batch, index)
        return self.view.keep(
            finding,
            ChainLeafEvidence,
            self.view.signed,
            self.view.step(batch),
            index,
            Digest(known[0]),
            self.view.signed_hash(index),
            None if elsewhere is None else self.view.signed_hash(index + elsewhere),
            None if moved is None else index + moved,
        )

    def _stands_alone(self, batch: LogBatch, known: list[bytes], signed: list[bytes]) -> bool:
        """Whether the log was changed, and not the chain filled with something else: it has what follows, or was signed for as it was."""
        return bool(set(known[1:]) & set(signed[1:])) or self.server_signed(batch.size)

    def _unlike_signed(self, found: Difference) -> LogFinding:
        """What is served is not what was signed for."""
        true, offered = self.view.signed_hash(found.index), self._leaf(found.index)
        if true is None:
            return self.view.keep_shown(found)
        return self.view.keep(found, ServedEvidence, self.view.signed, offered, true)

    def _garbage(self, batch: LogBatch, index: int) -> GarbageOnChain:
        return GarbageOnChain(
            f"its checkpoint of {self.view.size} entries has something else there, or nothing",
            index,
            account=self.view.log.chain.sender(batch),
            transaction=f"0x{batch.transaction.hex()}",
        )

    def _chain(self, start: int) -> bytes:
        """The chain's leaf hashes from ``start`` on, a window or somewhat more; nothing of an anchored log."""
        found, chain = b"", self.view.log.chain
        while chain.mode is LogMode.RECORDED and len(found) < WINDOW * HASH_LENGTH:
            position = start + len(found) // HASH_LENGTH
            page = chain.batches(position, _BATCHES) if position < self.chain_size else ()
            if not page:
                break
            hashes = b"".join([each.value for batch in page for each in batch.leaf_hashes])
            found += hashes[(position - page[0].first_index) * HASH_LENGTH :]
        return found[: (self.chain_size - start) * HASH_LENGTH] if start < self.chain_size else b""

    def _signed(self, start: int) -> bytes:
        """The leaf hashes that the checkpoint stands for, as far as the source's tiles lead to its root."""
        try:
            tiles = VerifiedLog((self.view.log.source,), self.view.size, self.view.checkpoint.root)
            return b"".join([tiles.tile(0, tile, width) for tile, width in self._tiles(start)])
        except Unavailable:
            raise
        except CertchainError:
            return b""

    def _served(self, start: int) -> bytes:
        """The hashes of what is served as leaves, whatever it is, up to the first gap."""
        row = b""
        for tile, _ in self._tiles(start):
            leaves = self._bundle(tile)
            row += hash_leaves(leaves)
            if len(leaves) < TILE_WIDTH:
                break
        return row

    def _leaf(self, index: int) -> bytes:
        leaves = self._bundle(index // TILE_WIDTH)[index % TILE_WIDTH :]
        return leaves[0] if leaves else b""

    def _bundle(self, tile: int) -> tuple[bytes, ...]:
        try:
            return parse_bundle(self.view.log.source.bundle(tile, tile_width(0, tile, self.view.size)))
        except Unavailable:
            raise
        except CertchainError:
            return ()

    def _tiles(self, start: int) -> list[tuple[int, int]]:
        """Index and width of the tiles of level 0 that a window takes: one more than the window, for what was moved."""
        first = start // TILE_WIDTH
        tiles = range(first, first + WINDOW // TILE_WIDTH + 1)
        return [(tile, width) for tile in tiles if (width := tile_width(0, tile, self.view.size))]
