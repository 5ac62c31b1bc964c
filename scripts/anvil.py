"""What Brownie gets wrong about anvil."""

from functools import wraps
from typing import Any

from brownie import web3
from brownie.network.account import Account

WAIT = 60.0
POLL = 0.002


def answer_when_mined() -> None:
    """From now on Brownie looks for a transaction only when it is mined.

    Anvil answers first and mines a moment later. In that moment the transaction is neither in the pool nor on the chain,
    and Brownie takes it for dropped.
    """
    send = Account._transact  # noqa: SLF001 - Brownie has no other place for it
    if not hasattr(send, "__wrapped__"):
        Account._transact = _waiting(send)  # noqa: SLF001


def _waiting(send: Any) -> Any:
    @wraps(send)
    def send_and_wait(account: Account, transaction: Any, allow_revert: bool | None) -> Any:
        sent = send(account, transaction, allow_revert)
        web3.eth.wait_for_transaction_receipt(sent, timeout=WAIT, poll_latency=POLL)
        return sent

    return send_and_wait
