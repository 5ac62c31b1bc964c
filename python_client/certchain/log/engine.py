"""A log with everything that runs it, put together in one place."""

from dataclasses import dataclass

from certchain.config.clock import Clock, SystemClock
from certchain.encoding.checkpoint import log_origin
from certchain.ledger import LogLedger
from certchain.log.anchor import BATCH_LIMIT, Anchor
from certchain.log.cosigning import Cosigning
from certchain.log.keeper import KeeperPolicy, LogKeeper
from certchain.log.publication import Publication, PublishedLog
from certchain.log.reader import LogReader
from certchain.log.writer import LogLimits, LogWriter
from certchain.storage import FileStore, LogStore, SubjectKeyStore
from certchain.verification.statement import Identity


@dataclass(frozen=True, slots=True)
class LogEngine:
    """One log, as the process that writes it has it. Thread-safe."""

    store: LogStore
    writer: LogWriter
    reader: LogReader
    published: PublishedLog
    publication: Publication
    anchor: Anchor
    keeper: LogKeeper

    @classmethod
    def over(
        cls,
        *,
        store: LogStore,
        keys: SubjectKeyStore,
        files: FileStore,
        ledger: LogLedger,
        identity: Identity,
        clock: Clock | None = None,
        cosigning: Cosigning | None = None,
        limits: LogLimits | None = None,
        policy: KeeperPolicy | None = None,
        batch_limit: int = BATCH_LIMIT,
        origin: str | None = None,
    ) -> "LogEngine":
        """The engine over these seams; ``identity`` signs its checkpoints, ``origin`` is by default that of the network's login log."""
        clock, origin = clock or SystemClock(), origin or log_origin(identity.network)
        publication = Publication(store, identity, files, cosigning=cosigning, origin=origin)
        anchor = Anchor(store, ledger, publication, limit=batch_limit)
        said, lacking = publication.require_continued, anchor.lacking
        writer = LogWriter(store, keys, origin, clock, limits=limits, lacking=lacking, require_continued=said)
        keeper = LogKeeper(writer, publication, anchor, clock, policy=policy)
        reader, published = LogReader(store, keys, origin), PublishedLog(store, files)
        return cls(store, writer, reader, published, publication, anchor, keeper)

    def close(self) -> None:
        """Stops the keeper and lets another writer take over. What waits for the chain waits on."""
        self.keeper.stop()
        self.writer.close()
