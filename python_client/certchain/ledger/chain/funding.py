"""Ether for accounts on a chain for development, from the accounts that its node signs for."""

import time
from collections.abc import Iterable

from eth_typing import ChecksumAddress
from web3.types import Wei

from certchain.errors import LedgerTimeout
from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.transaction import Receipt

ETHER = 10**18
_PAUSE = 0.05


def fund(
    connection: Connection, accounts: Iterable[ChecksumAddress], least: int = 10 * ETHER, timeout: float = 30.0
) -> tuple[ChecksumAddress, ...]:
    """Sees to it that each account has ``least`` wei, and returns those that were given some.

    Nobody is given any where gas is free, or where the node signs for no account that has enough: then the accounts have to be
    provided for by whoever runs the network. Raises ``LedgerTimeout``.
    """
    if not any(connection.fees().values()):
        return ()
    poor = [account for account in accounts if connection.balance(account) < least]
    giver = next((each for each in connection.accounts() if connection.balance(each) > least * (len(poor) + 1)), None)
    if giver is None:
        return ()
    for account in poor:
        _give(connection, giver, account, least, timeout)
    return tuple(poor)


def _give(
    connection: Connection, giver: ChecksumAddress, account: ChecksumAddress, wei: int, timeout: float
) -> Receipt:
    transaction = connection.broadcast_unlocked({"from": giver, "to": account, "value": Wei(wei)})
    deadline = time.monotonic() + timeout
    while True:
        receipt = connection.receipt(transaction)
        if receipt:
            return receipt
        if time.monotonic() > deadline:
            raise LedgerTimeout("fund", "0x" + transaction.hex())
        time.sleep(_PAUSE)
