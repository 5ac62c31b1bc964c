"""The transport: what web3 and a node say, as typed errors and plain values."""

from typing import Any

import pytest
import requests
from web3 import Web3

from certchain.errors import LedgerMisbehaved, LedgerUnavailable
from certchain.ledger.chain.answer import Refused, Reverted
from certchain.ledger.chain.connection import Connection
from tests.scripted import Refusing, ScriptedProvider, scripted

ACCOUNT = Web3.to_checksum_address("0x" + "ab" * 20)
BLOCK: dict[str, Any] = {"number": "0x1", "timestamp": "0x1", "gasLimit": "0x1"}


def test_fees_follow_the_base_fee_where_there_is_one() -> None:
    """At most ten times the price, and the tip is what the price has above the base fee."""
    node = scripted({"eth_gasPrice": "0x64", "eth_getBlockByNumber": BLOCK | {"baseFeePerGas": "0x5a"}})

    assert node.fees() == {"maxFeePerGas": 1000, "maxPriorityFeePerGas": 10}


def test_what_is_offered_outlives_19_full_blocks() -> None:
    """A full block raises the base fee by an eighth (EIP-1559); a transaction that waits is not left behind by that."""
    base_fee = 10**9
    block = BLOCK | {"baseFeePerGas": hex(base_fee)}
    offered = scripted({"eth_gasPrice": hex(base_fee + 10**6), "eth_getBlockByNumber": block}).fees()
    for _ in range(19):
        base_fee += base_fee // 8

    assert base_fee + offered["maxPriorityFeePerGas"] <= offered["maxFeePerGas"]  # type: ignore[operator]


def test_fees_are_the_price_where_there_is_no_base_fee() -> None:
    assert scripted({"eth_gasPrice": "0x64", "eth_getBlockByNumber": BLOCK}).fees() == {"gasPrice": 100}


@pytest.mark.parametrize("block", [BLOCK, BLOCK | {"baseFeePerGas": "0x0"}])
def test_where_gas_is_free_nothing_is_offered(block: dict[str, Any]) -> None:
    assert not any(scripted({"eth_gasPrice": "0x0", "eth_getBlockByNumber": block}).fees().values())


@pytest.mark.parametrize(
    ("error", "data"),
    [
        (Refusing(3, "execution reverted", data="0x01020304"), b"\1\2\3\4"),
        (Refusing(-32000, "VM Exception while processing transaction: revert", data="0x01020304"), b"\1\2\3\4"),
        (
            Refusing(-32000, "VM Exception while processing transaction: revert", data={"result": "0x01020304"}),
            b"\1\2\3\4",
        ),
        (Refusing(-32000, "VM Exception while processing transaction: revert", data={"hash": None}), b""),
        (Refusing(3, "execution reverted"), b""),
        (Refusing(3, "execution reverted", data="0xzz"), b""),
        (Refusing(3, "execution reverted", data=7), b""),
    ],
)
def test_a_revert_is_found_in_whatever_way_a_node_tells_it(error: Refusing, data: bytes) -> None:
    with pytest.raises(Reverted) as caught:
        scripted({"eth_estimateGas": error}).estimate({"to": ACCOUNT})
    assert caught.value.data == data


def test_another_error_of_a_node_is_a_refusal_in_its_own_words() -> None:
    node = scripted({"eth_sendRawTransaction": Refusing(-32003, "nonce\n   too low", stack="at main.js")})

    with pytest.raises(Refused, match=r"^nonce too low$"):
        node.broadcast(b"\1")


def test_a_nodes_inner_error_is_its_own_fault() -> None:
    with pytest.raises(LedgerMisbehaved, match="out of memory"):
        scripted({"eth_sendRawTransaction": Refusing(-32603, "out of memory")}).broadcast(b"\1")


def test_a_refusal_of_what_no_node_may_refuse_is_misbehaviour() -> None:
    with pytest.raises(LedgerMisbehaved, match="no such method"):
        scripted({"eth_chainId": Refusing(-32601, "no such method")}).chain_id()


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("zz", lambda node: node.chain_id()),
        ({}, lambda node: node.code(ACCOUNT)),
        ("0x1", lambda node: node.receipt(bytes(32))),
        ([{}], lambda node: node.logs(ACCOUNT, [bytes(32)], 0, 1)),
        ("0x1", lambda node: node.fees()),
        ([], lambda node: node.call({"to": ACCOUNT})),
    ],
)
def test_an_answer_that_makes_no_sense_is_misbehaviour(answer: Any, question: Any) -> None:
    methods = ("eth_chainId", "eth_getCode", "eth_getTransactionReceipt", "eth_getLogs", "eth_gasPrice", "eth_call")
    node = scripted(dict.fromkeys((*methods, "eth_getBlockByNumber"), answer))

    with pytest.raises(LedgerMisbehaved):
        question(node)


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (requests.ConnectionError("refused"), LedgerUnavailable),
        (requests.ReadTimeout("slow"), LedgerUnavailable),
        (requests.HTTPError("500"), LedgerUnavailable),
        (ConnectionResetError("reset"), LedgerUnavailable),
        (requests.JSONDecodeError("no JSON", "<", 0), LedgerMisbehaved),
        (ValueError("no JSON"), LedgerMisbehaved),
        (KeyError("id"), LedgerMisbehaved),
        (RecursionError(), LedgerMisbehaved),
    ],
)
def test_whatever_the_layers_below_raise_is_typed(problem: Exception, expected: type[Exception]) -> None:
    def raises(*_: object) -> None:
        raise problem

    with pytest.raises(expected):
        scripted({"eth_chainId": raises}).chain_id()


def test_a_question_is_asked_again_and_a_transaction_is_not() -> None:
    provider = ScriptedProvider({"eth_chainId": "zz", "eth_sendRawTransaction": {}})
    node = Connection(Web3(provider, middleware=[]), attempts=3, pause=0.0)

    with pytest.raises(LedgerMisbehaved):
        node.chain_id()
    with pytest.raises(LedgerMisbehaved):
        node.broadcast(b"\1")
    assert provider.asked == ["eth_chainId"] * 3 + ["eth_sendRawTransaction"]


def test_a_transaction_in_the_pool_has_no_receipt_yet() -> None:
    """Some nodes answer with nothing, others with a receipt of no block."""
    assert scripted({"eth_getTransactionReceipt": None}).receipt(bytes(32)) is None
    pooled: dict[str, Any] = {"blockNumber": None, "logs": [], "status": None, "transactionHash": "0x" + "00" * 32}
    assert scripted({"eth_getTransactionReceipt": pooled}).receipt(bytes(32)) is None


def test_a_node_knows_a_transaction_or_not() -> None:
    assert not scripted({"eth_getTransactionByHash": None}).knows(bytes(32))
    assert scripted({"eth_getTransactionByHash": {"hash": "0x" + "00" * 32}}).knows(bytes(32))


def test_a_transaction_has_a_sender() -> None:
    assert scripted({"eth_getTransactionByHash": {"from": ACCOUNT.lower()}}).sender(bytes(32)) == ACCOUNT
    assert scripted({"eth_getTransactionByHash": None}).sender(bytes(32)) is None
    with pytest.raises(LedgerMisbehaved):
        scripted({"eth_getTransactionByHash": {"hash": "0x" + "00" * 32}}).sender(bytes(32))


LOG: dict[str, Any] = {
    "address": ACCOUNT,
    "topics": [],
    "data": "0x",
    "blockNumber": "0x7",
    "transactionHash": "0x" + "11" * 32,
}


@pytest.mark.parametrize(
    ("told", "at"), [({}, None), ({"blockTimestamp": "0x65"}, 101), ({"blockTimestamp": 101}, 101)]
)
def test_a_log_has_its_blocks_time_where_the_node_tells_it(told: dict[str, Any], at: int | None) -> None:
    (log,) = scripted({"eth_getLogs": [LOG | told]}).logs(ACCOUNT, [], 0, 9)

    assert (log.block, log.transaction, log.at) == (7, b"\x11" * 32, at)


@pytest.mark.parametrize("nonsense", ["yesterday", {}, []])
def test_a_time_that_is_none_is_misbehaviour(nonsense: object) -> None:
    with pytest.raises(LedgerMisbehaved):
        scripted({"eth_getLogs": [LOG | {"blockTimestamp": nonsense}]}).logs(ACCOUNT, [], 0, 9)


def test_a_block_has_a_time() -> None:
    assert scripted({"eth_getBlockByNumber": BLOCK | {"timestamp": "0x65"}}).block_time(1) == 101
    with pytest.raises(LedgerMisbehaved):
        scripted({"eth_getBlockByNumber": None}).block_time(1)


@pytest.mark.parametrize("error", ["out of memory", {}, [], {"code": "x"}, {"message": {"deep": 1}}, 7])
def test_an_error_that_is_none_is_still_typed(error: Any) -> None:
    refusing = Refusing(0, "")
    refusing.error = error

    with pytest.raises((Refused, LedgerMisbehaved)):
        scripted({"eth_sendRawTransaction": refusing}).broadcast(b"\1")


def test_a_long_reason_is_cut() -> None:
    with pytest.raises(Refused) as caught:
        scripted({"eth_estimateGas": Refusing(-32000, "x" * 5000)}).estimate({"to": ACCOUNT})
    assert len(str(caught.value)) == 200


def test_a_connection_without_sockets_is_closed_without_ado() -> None:
    scripted({}).close()
