"""The ledger on a chain, over web3.

``connection`` is the transport, ``sender`` and ``outbox`` send what must not be sent twice, ``abi``, ``bound`` and ``refusal``
speak the contracts' language, and one module a contract is its side of the ledger seam.
"""

from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.deploy import deploy
from certchain.ledger.chain.funding import fund
from certchain.ledger.chain.ledger import ChainLedger
from certchain.ledger.chain.outbox import FileOutbox, MemoryOutbox, Outbox
from certchain.ledger.chain.sender import SendingPolicy

__all__ = ["ChainLedger", "Connection", "FileOutbox", "MemoryOutbox", "Outbox", "SendingPolicy", "deploy", "fund"]
