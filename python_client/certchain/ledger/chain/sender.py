"""Sending: one transaction of an account at a time, kept in the outbox until its outcome is known.

Before anything new is sent, what an earlier call or process left in the outbox is settled: its receipt is looked up, the same
bytes are broadcast again, and only a nonce that another transaction has used shows that it will never be mined.
"""

import time
from dataclasses import dataclass, replace
from typing import Any, cast

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from web3.types import Nonce, TxParams, Wei

from certchain.encoding.digest import intent
from certchain.errors import (
    CertchainError,
    GasCapExceeded,
    LedgerMisbehaved,
    LedgerTimeout,
    LedgerUnavailable,
    NotAuthorised,
    TransactionReverted,
)
from certchain.ledger.chain.answer import Refused, Reverted
from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.outbox import Outbox
from certchain.ledger.chain.refusal import refusal
from certchain.ledger.chain.transaction import Receipt, SignedTransaction

_NOTHING = Wei(0)


@dataclass(frozen=True, slots=True)
class SendingPolicy:
    """How a ledger sends.

    ``gas_cap`` is the most gas that a transaction may take. Times are in seconds: how long a receipt is waited for, how often
    it is asked for, and after how long the same bytes are broadcast again. A transaction whose nonce is used counts as never
    mined only when no receipt has come for as long as that.
    """

    gas_cap: int = 10_000_000
    receipt_timeout: float = 60.0
    poll_interval: float = 0.05
    rebroadcast_interval: float = 1.0
    nonce_attempts: int = 5


DEFAULT_POLICY = SendingPolicy()


@dataclass(frozen=True, slots=True)
class Intent:
    """What a transaction is to do; ``contract`` is ``None`` to create one."""

    operation: str
    contract: ChecksumAddress | None
    data: bytes

    def digest(self, chain_id: int) -> bytes:
        """32 bytes that no other intent has."""
        address = bytes.fromhex(self.contract[2:]) if self.contract else b""
        return intent(chain_id, address, self.data).value

    def request(self, sender: ChecksumAddress) -> TxParams:
        """The transaction, as a node simulates it."""
        request: TxParams = {"from": sender, "data": self.data, "value": _NOTHING}
        if self.contract:
            request["to"] = self.contract
        return request


class Sender:
    """Sends for one account. Thread-safe, and safe beside other processes that share the outbox."""

    def __init__(self, connection: Connection, key: LocalAccount, outbox: Outbox, policy: SendingPolicy) -> None:
        self._connection, self._key, self._outbox, self._policy = connection, key, outbox, policy
        self._chain_id = connection.chain_id()

    @property
    def account(self) -> ChecksumAddress:
        """Whose transactions these are."""
        return self._key.address

    def send(self, operation: str, contract: ChecksumAddress | None, data: bytes) -> Receipt:
        """Has a transaction mined, and returns its receipt; ``contract`` is ``None`` to create one.

        When the same was sent before and its outcome never came back, that outcome is returned. Raises the contract's
        refusal, ``GasCapExceeded``, ``TransactionReverted`` or ``LedgerTimeout``; only after the last may it still be mined.
        """
        wanted = Intent(operation, contract, data)
        with self._outbox.locked():
            return self._earlier(wanted) or self._anew(wanted)

    # ------------------------------------------------------------------------------------------------------ what was left

    def _earlier(self, wanted: Intent) -> Receipt | None:
        """Settles everything of the account that is in the outbox; the receipt of what is wanted, if it is among it."""
        digest, found = wanted.digest(self._chain_id), None
        for transaction in self._outbox.waiting():
            if (transaction.chain_id, transaction.account) != (self._chain_id, self.account):
                continue
            same = transaction.intent == digest
            if transaction.settled and not same:
                continue
            receipt = self._settle(transaction)
            if receipt and same:
                found = self._claim(transaction, receipt, wanted)
        return found

    def _settle(self, transaction: SignedTransaction) -> Receipt | None:
        """The receipt of what was left, if it did something. It is kept until the same is asked for again."""
        receipt = self._connection.receipt(transaction.hash) or self._again(transaction)
        if receipt and receipt.succeeded:
            self._outbox.put(replace(transaction, settled=True))
            return receipt
        self._outbox.remove(transaction)
        return None

    def _again(self, transaction: SignedTransaction) -> Receipt | None:
        # On a chain that was set back, the nonce is not the next one: the transaction would wait for ever.
        if self._connection.nonce(self.account, "pending") < transaction.nonce:
            return None
        try:
            return self._outcome(transaction)
        except Refused:
            return None

    def _claim(self, transaction: SignedTransaction, receipt: Receipt, wanted: Intent) -> Receipt | None:
        """The receipt, if what it did is still in force; the contract tells by refusing to do it once more.

        If the contract would do it once more, then it was undone since, as a suspension by a reinstatement, and is sent anew.
        """
        undone = wanted.contract is not None and self._would_be_done(wanted)
        self._outbox.remove(transaction)
        return None if undone else receipt

    def _would_be_done(self, wanted: Intent) -> bool:
        try:
            self._connection.estimate(wanted.request(self.account))
        except Reverted as revert:
            problem = refusal(revert, wanted.operation)
            if isinstance(problem, NotAuthorised):
                raise problem from None
            return False
        except Refused:
            return False
        return True

    # --------------------------------------------------------------------------------------------------------- what is new

    def _anew(self, wanted: Intent) -> Receipt:
        gas = self._gas(wanted)
        for _ in range(self._policy.nonce_attempts):
            transaction = self._signed(wanted, gas)
            self._outbox.put(transaction)
            try:
                receipt = self._outcome(transaction)
            except Refused as refused:
                self._outbox.remove(transaction)
                raise TransactionReverted(wanted.operation, str(refused)) from None
            self._outbox.remove(transaction)
            if receipt:
                return self._checked(receipt, wanted)
        raise LedgerUnavailable(f"other transactions of {self.account} take every nonce")

    def _gas(self, wanted: Intent) -> int:
        try:
            estimate = self._connection.estimate(wanted.request(self.account))
        except Reverted as revert:
            raise refusal(revert, wanted.operation) from None
        except Refused as refused:
            raise TransactionReverted(wanted.operation, str(refused)) from None
        if estimate > self._policy.gas_cap:
            raise GasCapExceeded(wanted.operation, estimate, self._policy.gas_cap)
        # A quarter more: what is mined before it may change what it takes.
        return min(estimate + estimate // 4, self._policy.gas_cap)

    def _signed(self, wanted: Intent, gas: int) -> SignedTransaction:
        nonce = self._connection.nonce(self.account, "pending")
        unsigned: TxParams = {
            **wanted.request(self.account),
            **self._connection.fees(),
            "chainId": self._chain_id,
            "nonce": Nonce(nonce),
            "gas": gas,
        }
        signed = self._key.sign_transaction(cast("dict[str, Any]", unsigned))
        digest = wanted.digest(self._chain_id)
        raw, name = bytes(signed.raw_transaction), bytes(signed.hash)
        return SignedTransaction(self._chain_id, self.account, nonce, wanted.operation, digest, name, raw)

    def _checked(self, receipt: Receipt, wanted: Intent) -> Receipt:
        if receipt.succeeded:
            return receipt
        raise self._why(receipt, wanted)

    def _why(self, receipt: Receipt, wanted: Intent) -> CertchainError:
        """Why a mined transaction did nothing: asked again where it stood, between two states, and so of both."""
        for block in (receipt.block, receipt.block - 1):
            try:
                self._connection.call(wanted.request(self.account), block)
            except Reverted as revert:
                return refusal(revert, wanted.operation)
            except Refused:
                continue
        return TransactionReverted(wanted.operation, "it was mined and did nothing")

    # --------------------------------------------------------------------------------------------------------- the outcome

    def _outcome(self, transaction: SignedTransaction) -> Receipt | None:
        """Broadcasts until there is a receipt; ``None`` once the transaction can no more be mined.

        Raises ``Refused`` if the node does not have it and does not take it, and ``LedgerTimeout``.
        """
        deadline = time.monotonic() + self._policy.receipt_timeout
        while time.monotonic() < deadline:
            try:
                possible = self._broadcast(transaction)
                # Also when its nonce is used: it may be by itself, and the node's receipts be behind its blocks.
                receipt = self._receipt(
                    transaction, min(deadline, time.monotonic() + self._policy.rebroadcast_interval)
                )
            except (LedgerUnavailable, LedgerMisbehaved):
                time.sleep(self._policy.poll_interval)
            else:
                if receipt or not possible:
                    return receipt
        raise LedgerTimeout(transaction.operation, "0x" + transaction.hash.hex())

    def _receipt(self, transaction: SignedTransaction, deadline: float) -> Receipt | None:
        while True:
            receipt = self._connection.receipt(transaction.hash)
            if receipt or time.monotonic() > deadline:
                return receipt
            time.sleep(self._policy.poll_interval)

    def _broadcast(self, transaction: SignedTransaction) -> bool:
        """Whether the transaction can still be mined, as far as the node knows it."""
        try:
            self._connection.broadcast(transaction.raw)
        except Refused:
            if self._connection.knows(transaction.hash):
                return True
            if self._connection.nonce(self.account, "latest") > transaction.nonce:
                return False
            raise
        return True
