"""The log engine: entries that are durable before anyone is answered, published under signed checkpoints, and brought to the chain."""

from certchain.log.sealing import Body
from certchain.log.source import EntrySource, LogSource
from certchain.log.writer import LogLimits, LogWriter, Ticket

__all__ = [
    "Body",
    "EntrySource",
    "LogLimits",
    "LogSource",
    "LogWriter",
    "Ticket",
]
