"""An auditor of a log in either mode, and logs in the hands of those who changed them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from certchain.encoding.digest import key_thumbprint
from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.tile import bundle
from certchain.errors import UnknownTile
from certchain.errors.audit import LogFinding
from certchain.keys import KeyPair
from certchain.merkle import CompactRange, leaf_hash, tree_root
from certchain.models.digest import Digest
from certchain.models.evidence import ProvenFinding
from certchain.models.identifier import ServiceId
from certchain.models.log import TILE_WIDTH, Checkpoint, LogLeaf, LogMode
from certchain.roles.auditor import Auditor, FollowedLog, check_evidence
from certchain.storage import MemoryFileStore
from certchain.verification.checkpoint import add_cosignatures, sign_checkpoint, sign_cosignature
from certchain.verification.evidence import verify_evidence
from tests.logbook import Logbook

BATCH = 100


@dataclass(frozen=True)
class RawLog:
    """Leaves of any kind as a log serves them, with their tree; its checkpoint is whatever it is given."""

    leaves: tuple[bytes, ...]
    note: str = ""

    def checkpoint(self) -> str:
        return self.note

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        found = self.leaves[index * TILE_WIDTH : index * TILE_WIDTH + width]
        if len(found) < width:
            raise UnknownTile("entries", index, width)
        return bundle(found)

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        span = TILE_WIDTH**level
        begins = range(index * TILE_WIDTH * span, (index * TILE_WIDTH + width) * span, span)
        if begins.stop > len(self.leaves):
            raise UnknownTile(str(level), index, width)
        return b"".join(CompactRange(map(leaf_hash, self.leaves[at : at + span])).root().value for at in begins)


@dataclass(frozen=True)
class Served:
    """What is shown of a log: its checkpoint, tiles and bundles, each from wherever a test says."""

    note: str
    tiles: Any
    leaves: Any

    def checkpoint(self) -> str:
        return self.note

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        row: bytes = self.tiles.tile(level, index, width)
        return row

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        row: bytes = self.leaves.bundle(index, width)
        return row


@dataclass(slots=True)
class Witnessed:
    """A witness's keys: it signs whatever a test says, at whatever time."""

    name: str
    keys: KeyPair = field(default_factory=KeyPair.generate)

    def cosign(self, note: str, at: int) -> str:
        line = sign_cosignature(note, self.name, self.keys, at)
        return add_cosignatures(note, line, {self.name: self.keys.public.signing})


@dataclass(slots=True)
class Watch:
    """A log and its auditor. The log's entries come in steps of 100, each of them on the chain."""

    mode: LogMode = LogMode.RECORDED
    book: Logbook = field(init=False)
    store: MemoryFileStore = field(default_factory=MemoryFileStore)
    wanda: Witnessed = field(default_factory=lambda: Witnessed("witness.example/wanda"))

    def __post_init__(self) -> None:
        self.book = Logbook(mode=self.mode, batch_limit=BATCH)

    def grow(self, count: int = 3 * BATCH) -> "Watch":
        for _ in range(count // BATCH):
            self.book.record(BATCH)
            self.book.flush()
        self.book.record(count % BATCH)
        self.book.flush()
        return self

    @property
    def auditor(self) -> Auditor:
        return Auditor(self.book.ledger.registrations, self.store)

    @property
    def server(self) -> ServiceId:
        return ServiceId(self.book.server.party.number)

    @property
    def honest(self) -> Served:
        return Served(self.book.engine.publication.checkpoint(), self.book.store, self.book.store)

    @property
    def anchored(self) -> str | None:
        return self.book.engine.publication.anchored()

    def followed(self, source: Any = None, **changes: Any) -> FollowedLog:
        """The log, as it is shown by ``source``."""
        publication = self.book.engine.publication
        log = FollowedLog(
            publication.origin,
            self.server,
            (self.book.server.keys.public,),
            source or self.honest,
            self.book.ledger.login_log,
            witnesses=self.known,
            anchored=publication.anchored,
        )
        return replace(log, **changes)

    def leaves(self) -> list[LogLeaf]:
        return [sealed.leaf for sealed in self.book.store.entries(0, self.book.store.size())]

    def sign(self, tiles: Any, size: int, **changes: Any) -> str:
        """The server's own keys sign whatever tree they are shown."""
        identity = self.book.server
        origin, thumbprint = self.book.engine.publication.origin, key_thumbprint(identity.keys.public)
        checkpoint = Checkpoint(origin, size, tree_root(tiles, size), identity.party, thumbprint)
        return sign_checkpoint(replace(checkpoint, **changes), identity.keys)

    def signed(self, leaves: Sequence[LogLeaf | bytes], size: int | None = None) -> RawLog:
        """A log of these leaves, and the server's signature on it."""
        raw = RawLog(tuple(leaf if isinstance(leaf, bytes) else leaf_bytes(leaf) for leaf in leaves))
        return replace(raw, note=self.sign(raw, len(leaves) if size is None else size))

    @property
    def known(self) -> dict[str, bytes]:
        """The witnesses whom everyone here knows."""
        return {self.wanda.name: self.wanda.keys.public.signing}

    def proven(self, finding: LogFinding) -> ProvenFinding:
        """What a third party finds, who knows the witness: from the document alone, and with the chain; the auditor is not trusted."""
        assert finding.origin == self.book.engine.publication.origin
        data = self.auditor.evidence(finding.evidence)
        alone = verify_evidence(data, self.known)
        ledger = self.book.accounts("a court")
        proven = check_evidence(data, ledger.login_log, ledger.registrations, self.server, self.known)
        assert (alone.finding, proven.finding) == (type(finding).__name__,) * 2
        assert "chain" not in proven.relies_on
        return proven


Tampering = Callable[[list[LogLeaf]], list[LogLeaf]]


def changed(leaf: LogLeaf) -> LogLeaf:
    """The same place and time, another entry."""
    return replace(leaf, commitment=Digest(leaf.commitment.value[::-1]))


def renumbered(leaves: Sequence[LogLeaf]) -> list[LogLeaf]:
    """As a careful forger leaves them: each index is its place."""
    return [replace(leaf, index=index) for index, leaf in enumerate(leaves)]


def swapped(leaves: list[LogLeaf], one: int, other: int) -> list[LogLeaf]:
    leaves[one], leaves[other] = leaves[other], leaves[one]
    return leaves


def as_bytes(leaves: Sequence[LogLeaf]) -> RawLog:
    return RawLog(tuple(leaf_bytes(leaf) for leaf in leaves))
