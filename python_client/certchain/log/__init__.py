"""The log engine: entries that are durable before anyone is answered, published under signed checkpoints, and brought to the chain."""

from certchain.log.anchor import BATCH_LIMIT, Anchor
from certchain.log.cosigning import Cosigning, KnownWitness, WitnessClient
from certchain.log.engine import LogEngine
from certchain.log.export import export_entries, page_bundle, verify_export
from certchain.log.keeper import KeeperPolicy, LogKeeper, LogStatus
from certchain.log.publication import Publication, PublishedLog
from certchain.log.publisher import LogPublisher
from certchain.log.query import Query
from certchain.log.reader import LogReader
from certchain.log.retention import Retention
from certchain.log.sealing import Body
from certchain.log.source import EntrySource, LogSource
from certchain.log.writer import LogLimits, LogWriter, Ticket

__all__ = [
    "BATCH_LIMIT",
    "Anchor",
    "Body",
    "Cosigning",
    "EntrySource",
    "KeeperPolicy",
    "KnownWitness",
    "LogEngine",
    "LogKeeper",
    "LogLimits",
    "LogPublisher",
    "LogReader",
    "LogSource",
    "LogStatus",
    "LogWriter",
    "Publication",
    "PublishedLog",
    "Query",
    "Retention",
    "Ticket",
    "WitnessClient",
    "export_entries",
    "page_bundle",
    "verify_export",
]
