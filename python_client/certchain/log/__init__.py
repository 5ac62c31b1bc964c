"""The log engine: durable entries in the management database, batches on the ledger, replays, checkpoints and proofs."""

from certchain.log.leaf import entry_leaf_hash
from certchain.log.publisher import LogPublisher
from certchain.log.replay import EntrySource, Progress, Replayed, read_entries, replay
from certchain.log.writer import BATCH_LIMIT, LogWriter

__all__ = [
    "BATCH_LIMIT",
    "EntrySource",
    "LogPublisher",
    "LogWriter",
    "Progress",
    "Replayed",
    "entry_leaf_hash",
    "read_entries",
    "replay",
]
