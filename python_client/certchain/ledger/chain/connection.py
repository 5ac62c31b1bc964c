"""The transport: one node's JSON-RPC by way of web3, where every failure becomes one of a few typed errors."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

import requests
from eth_typing import BlockIdentifier, ChecksumAddress, HexStr
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from requests.utils import get_netrc_auth
from web3 import HTTPProvider, Web3
from web3._utils.method_formatters import get_error_formatters
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3RPCError
from web3.types import FilterParams, RPCEndpoint, RPCResponse, TxData, TxParams, Wei

from certchain.errors import LedgerMisbehaved, LedgerUnavailable
from certchain.ledger.chain.answer import (
    Block,
    Refused,
    Reverted,
    error_of,
    read_block,
    read_log,
    reason_of,
    revert_data,
    written,
)
from certchain.ledger.chain.transaction import Log, Receipt

Answer = TypeVar("Answer")


_HEADROOM = 10
_INTERNAL_ERROR = -32603  # JSON-RPC 2.0, section 5.1: the fault is the node's


class CheckedProvider(HTTPProvider):
    """web3's HTTP transport, except that an answer must carry the number of the question that was asked."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Asks once; retries are the connection's matter."""
        question = self.encode_rpc_request(method, params)
        answer = self.decode_rpc_response(self._make_request(method, question))
        if answer["id"] != json.loads(question)["id"]:
            raise LedgerMisbehaved(f"an answer to {method} is for another question")
        return answer


class Connection:
    """One node. Thread-safe, as far as its web3 provider is.

    A question that fails is asked ``attempts`` times in all, but never a transaction: who sends it knows what to do. Every
    method raises ``LedgerUnavailable`` when the node is silent or answers with a server error, and ``LedgerMisbehaved`` when
    the answer makes no sense.
    """

    def __init__(
        self, web3: Web3, attempts: int = 3, pause: float = 0.1, session: requests.Session | None = None
    ) -> None:
        # A node must not be able to send the client to addresses of its choice (EIP-3668).
        web3.provider.global_ccip_read_enabled = False
        self._web3, self._attempts, self._pause, self._session = web3, attempts, pause, session

    @classmethod
    def http(cls, url: str, request_timeout: float = 10.0, attempts: int = 3) -> Self:
        """A node behind a URL; ``request_timeout`` is in seconds, for one question."""
        session = _session(url)
        provider = CheckedProvider(
            url, {"timeout": request_timeout}, session=session, exception_retry_configuration=None
        )
        # None of web3's middleware is needed here, and some of it asks the node further questions.
        return cls(Web3(provider, middleware=[]), attempts, session=session)

    def close(self) -> None:
        """Closes the sockets; the connection can be used on, and opens new ones."""
        if self._session is not None:
            self._session.close()

    def chain_id(self) -> int:
        """The network's number (EIP-155)."""
        return self._ask_plainly(lambda: int(self._web3.eth.chain_id))

    def block_number(self) -> int:
        """The last block's number."""
        return self._ask_plainly(lambda: int(self._web3.eth.block_number))

    def head(self) -> Block:
        """The last block."""
        return self._ask_plainly(lambda: read_block(self._raw("eth_getBlockByNumber", "latest", False)))

    def storage_root(self, address: ChecksumAddress, block: Block) -> bytes | None:
        """What commits to all that a contract keeps, as of a block (EIP-1186); ``None`` from a node that does not tell it.

        Such a node may not have the block any more, or not know the question.
        """
        number = hex(block.number)
        try:
            return self._translate(
                lambda: bytes(HexBytes(self._raw("eth_getProof", address, [], number)["storageHash"]))
            )
        except (Refused, LedgerMisbehaved):
            return None

    def code(self, address: ChecksumAddress) -> bytes:
        """The contract at an address; empty if there is none."""
        return self._ask_plainly(lambda: bytes(self._web3.eth.get_code(address)))

    def balance(self, account: ChecksumAddress) -> int:
        """What an account has, in wei."""
        return self._ask_plainly(lambda: int(self._web3.eth.get_balance(account)))

    def nonce(self, account: ChecksumAddress, block: BlockIdentifier) -> int:
        """How many transactions an account has sent, up to a block or with those in the pool (``pending``)."""
        return self._ask_plainly(lambda: int(self._web3.eth.get_transaction_count(account, block)))

    def call(self, transaction: TxParams, block: BlockIdentifier = "latest") -> bytes:
        """What a function returns, without changing anything. Raises ``Reverted`` or ``Refused``."""
        asked = {name: written(value) for name, value in transaction.items()}
        return self._ask(lambda: bytes(HexBytes(self._raw("eth_call", asked, written(block)))))

    def estimate(self, transaction: TxParams) -> int:
        """How much gas a transaction takes now. Raises ``Reverted`` or ``Refused``."""
        return self._ask(lambda: int(self._web3.eth.estimate_gas(transaction)))

    def fees(self) -> TxParams:
        """What to offer for gas: by EIP-1559 where blocks have a base fee, else the legacy price; nothing where gas is free.

        The most that is offered is ten times the current price. A full block raises the base fee by an eighth, so a transaction
        stays good for 19 of them in a row; what is paid is the base fee of its block, not the most.
        """
        price = self._ask_plainly(lambda: int(self._web3.eth.gas_price))
        base_fee = self._ask_plainly(lambda: self._web3.eth.get_block("latest").get("baseFeePerGas"))
        if base_fee is None:
            return {"gasPrice": Wei(price)}
        most = _HEADROOM * max(price, int(base_fee))
        return {"maxFeePerGas": Wei(most), "maxPriorityFeePerGas": Wei(max(price - int(base_fee), 0))}

    def block_time(self, block: int) -> int:
        """When a block was made, in seconds since the epoch."""
        return self._ask_plainly(lambda: int(self._web3.eth.get_block(block)["timestamp"]))

    def accounts(self) -> tuple[ChecksumAddress, ...]:
        """The accounts that the node signs for by itself; none on a node that is not for development."""
        return self._ask_plainly(lambda: tuple(self._web3.eth.accounts))

    def broadcast(self, raw: bytes) -> None:
        """Sends a signed transaction, once. Raises ``Refused`` if the node does not take it, or has it already."""
        self._translate(lambda: self._web3.eth.send_raw_transaction(raw))

    def broadcast_unlocked(self, transaction: TxParams) -> bytes:
        """Has the node sign and send a transaction of one of its ``accounts``, and returns its hash."""
        return self._translate(lambda: bytes(self._web3.eth.send_transaction(transaction)))

    def knows(self, transaction: bytes) -> bool:
        """Whether the node has a transaction with this hash, in a block or in its pool."""
        return self._ask_plainly(lambda: self._transaction(transaction)) is not None

    def sender(self, transaction: bytes) -> ChecksumAddress | None:
        """Whose the transaction with this hash is, or ``None`` if the node has none in a block or in its pool."""
        found = self._ask_plainly(lambda: self._transaction(transaction))
        return None if found is None else self._ask_plainly(lambda: to_checksum_address(found["from"]))

    def receipt(self, transaction: bytes) -> Receipt | None:
        """What became of the transaction with this hash, or ``None`` if it is in no block."""
        return self._ask_plainly(lambda: self._receipt(HexBytes(transaction)))

    def logs(self, address: ChecksumAddress, topics: Sequence[bytes | None], first: int, last: int) -> tuple[Log, ...]:
        """The events of a contract with these topics, ``None`` for any, in blocks ``first`` to ``last``.

        Raises ``Refused`` if it is too much.
        """
        wanted: FilterParams = {
            "address": address,
            "topics": [topic if topic is None else HexStr("0x" + topic.hex()) for topic in topics],
            "fromBlock": first,
            "toBlock": last,
        }
        return self._ask(lambda: tuple(read_log(entry) for entry in self._web3.eth.get_logs(wanted)))

    def _raw(self, method: str, *params: Any) -> Any:
        """The answer as the node gives it, where web3 would spend more time on its form than the node on the question."""
        asked = RPCEndpoint(method)
        return self._web3.manager.request_blocking(asked, list(params), get_error_formatters(asked))

    def _transaction(self, transaction: bytes) -> TxData | None:
        return self._found(lambda: self._web3.eth.get_transaction(HexBytes(transaction)))

    def _receipt(self, transaction: HexBytes) -> Receipt | None:
        found = self._found(lambda: self._web3.eth.get_transaction_receipt(transaction))
        if found is None or found["blockNumber"] is None:
            return None
        logs = tuple(read_log(entry) for entry in found["logs"])
        return Receipt(int(found["blockNumber"]), found["status"] == 1, logs, found.get("contractAddress"))

    def _found(self, question: Callable[[], Answer]) -> Answer | None:
        try:
            return question()
        except TransactionNotFound:
            return None

    def _ask_plainly(self, question: Callable[[], Answer]) -> Answer:
        """For what no node has a reason to refuse."""
        try:
            return self._ask(question)
        except Refused as refused:
            raise LedgerMisbehaved(str(refused)) from None

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        for attempt in range(1, self._attempts):
            try:
                return self._translate(question)
            except (LedgerUnavailable, LedgerMisbehaved):
                time.sleep(self._pause * attempt)
        return self._translate(question)

    def _translate(self, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except LedgerMisbehaved:
            raise
        except ContractLogicError as revert:
            raise Reverted(revert_data(revert), reason_of(revert)) from revert
        except Web3RPCError as refusal:
            if error_of(refusal).get("code") == _INTERNAL_ERROR:
                raise LedgerMisbehaved(reason_of(refusal)) from refusal
            raise Refused(reason_of(refusal)) from refusal
        except (requests.RequestException, OSError) as silence:
            if isinstance(silence, requests.JSONDecodeError):
                raise LedgerMisbehaved(reason_of(silence)) from silence
            raise LedgerUnavailable(reason_of(silence)) from silence
        except Exception as nonsense:  # web3 raises whatever its parsers meet in an answer that is none
            raise LedgerMisbehaved(reason_of(nonsense)) from nonsense


def _session(url: str) -> requests.Session:
    """A session for one address. What the environment says of proxies and certificates is looked up once and not for each question."""
    session = requests.Session()
    found = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify, session.auth = found["proxies"], found["verify"], get_netrc_auth(url)
    session.trust_env = False
    return session
