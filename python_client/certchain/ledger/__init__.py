"""The chain, behind one seam: ``Ledger``, its in-memory twin ``MemoryLedger`` and ``ChainLedger`` over web3."""

from certchain.ledger.interface import (
    AlertLedger,
    CustodyLedger,
    Ledger,
    LogLedger,
    PermissionLedger,
    RegistrationLedger,
    UpdateLedger,
)

__all__ = [
    "AlertLedger",
    "CustodyLedger",
    "Ledger",
    "LogLedger",
    "PermissionLedger",
    "RegistrationLedger",
    "UpdateLedger",
]
