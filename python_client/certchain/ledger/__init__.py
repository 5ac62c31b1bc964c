"""The chain, behind one seam: ``Ledger``, its in-memory twin ``MemoryLedger`` and ``ChainLedger`` over web3."""

from certchain.ledger.interface import Ledger, LoginLogLedger, PermissionLedger, RegistrationLedger, UpdateLedger

__all__ = ["Ledger", "LoginLogLedger", "PermissionLedger", "RegistrationLedger", "UpdateLedger"]
