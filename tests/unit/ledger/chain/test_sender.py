"""What the sender does when sending does not go by itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from web3 import Web3

from certchain.encoding.digest import key_thumbprint
from certchain.errors import (
    GasCapExceeded,
    KeyAlreadyEnrolled,
    LedgerMisbehaved,
    LedgerTimeout,
    LedgerUnavailable,
    PermissionDenied,
    TransactionReverted,
)
from certchain.ledger.chain import MemoryOutbox, SendingPolicy
from certchain.ledger.chain.answer import Refused
from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.sender import Intent, Sender
from certchain.ledger.chain.transaction import SignedTransaction
from certchain.models.identifier import MethodNumber, RegistrationId
from certchain.models.registration import Factor, PublicKeys, RegistrationRequest, RegistrationStatus, RiskLevel
from tests.scripted import Refusing, ScriptedProvider
from tests.unit.ledger.conftest import HASTY, Chain
from tests.world import keys, refused, word


def signed(chain: Chain, function: str, *arguments: object, **changes: Any) -> SignedTransaction:
    """A transaction of the certification server as a process that died had signed it."""
    contract = chain.contract("Registration")
    wanted = Intent(function, contract.address, contract.artifact.functions[function].encode(*arguments))
    transaction: Any = {
        **wanted.request(chain.server.address),
        **chain.connection.fees(),
        "chainId": chain.deployment.chain_id,
        "nonce": chain.connection.nonce(chain.server.address, "latest"),
        "gas": 500_000,
        **changes,
    }
    done = chain.server.sign_transaction(transaction)
    return SignedTransaction(
        chain.deployment.chain_id,
        chain.server.address,
        transaction["nonce"],
        function,
        wanted.digest(chain.deployment.chain_id),
        bytes(done.hash),
        bytes(done.raw_transaction),
    )


def left(*transactions: SignedTransaction) -> MemoryOutbox:
    outbox = MemoryOutbox()
    for transaction in transactions:
        outbox.put(transaction)
    return outbox


def enrolment(chain: Chain, pair: PublicKeys, **changes: Any) -> SignedTransaction:
    return signed(chain, "enrolDevice", pair.signing, pair.exchange, **changes)


def registration(chain: Chain) -> RegistrationId:
    ledger = chain.ledger().registrations
    method = MethodNumber(ledger.method_count()) or ledger.define_method((Factor.FIRST,))
    phone, lock = ledger.enrol_user_device(keys()), ledger.enrol_device(keys())
    request = RegistrationRequest(phone, lock, method, RiskLevel.LOW, word())
    return ledger.register(request)


# ------------------------------------------------------------------------------------------------------ what was left


def test_what_was_left_unsent_is_sent_by_the_same_call(chain: Chain) -> None:
    pair, count = keys(), chain.ledger().registrations.device_count()
    unsent = enrolment(chain, pair)
    outbox = left(unsent)

    assert chain.ledger(outbox=outbox).registrations.enrol_device(pair) == count + 1
    assert chain.connection.receipt(unsent.hash)
    assert outbox.waiting() == ()


def test_what_was_left_waits_mined_until_it_is_asked_for(chain: Chain) -> None:
    pair, count = keys(), chain.ledger().registrations.device_count()
    outbox = left(enrolment(chain, pair))
    registrations = chain.ledger(outbox=outbox).registrations

    assert registrations.enrol_device(keys()) == count + 2
    assert [transaction.settled for transaction in outbox.waiting()] == [True]
    assert registrations.enrol_device(keys()) == count + 3
    assert registrations.enrol_device(pair) == count + 1
    with refused(KeyAlreadyEnrolled(key_thumbprint(pair).value)):
        registrations.enrol_device(pair)


def test_what_others_left_is_theirs(chain: Chain) -> None:
    other_account = replace(enrolment(chain, keys()), account=chain.admin.address)
    other_chain = replace(enrolment(chain, keys()), chain_id=1)
    outbox = left(other_account, other_chain)

    chain.ledger(outbox=outbox).registrations.enrol_device(keys())

    assert set(outbox.waiting()) == {other_account, other_chain}


def test_what_a_chain_that_was_set_back_cannot_mine_is_sent_anew(chain: Chain) -> None:
    """Its nonce is far ahead of the account's: on this chain it would wait for ever."""
    pair = keys()
    far_ahead = enrolment(chain, pair, nonce=chain.connection.nonce(chain.server.address, "latest") + 7)
    outbox = left(far_ahead)

    assert chain.ledger(outbox=outbox).registrations.enrol_device(pair)
    assert not chain.connection.receipt(far_ahead.hash)
    assert outbox.waiting() == ()


def test_what_no_node_takes_is_sent_anew(chain: Chain) -> None:
    pair = keys()
    too_dear = enrolment(chain, pair, maxFeePerGas=10**18, maxPriorityFeePerGas=10**18)

    assert chain.ledger(outbox=left(too_dear)).registrations.enrol_device(pair)
    assert not chain.connection.receipt(too_dear.hash)


def test_what_was_mined_and_did_nothing_is_forgotten(chain: Chain) -> None:
    pair = keys()
    out_of_gas = enrolment(chain, pair, gas=60_000)
    chain.connection.broadcast(out_of_gas.raw)
    outbox = left(out_of_gas)

    assert chain.ledger(outbox=outbox).registrations.enrol_device(pair)
    assert outbox.waiting() == ()


def test_what_was_undone_since_is_done_once_more(chain: Chain) -> None:
    """A suspension is left, mined; the registration is reinstated; to suspend it is not a retry but a new suspension."""
    number, ledger = registration(chain), chain.ledger()
    suspension = signed(chain, "suspend", number)
    chain.connection.broadcast(suspension.raw)
    ledger.registrations.reinstate(number)

    chain.ledger(outbox=left(suspension)).registrations.suspend(number)

    assert ledger.registrations.registration(number).status is RegistrationStatus.SUSPENDED
    assert ledger.registrations.status_change_count(number) == 3


def test_a_grant_that_was_left_may_be_done_twice_without_harm(chain: Chain) -> None:
    friend = Account.create().address
    first, second = chain.ledger(chain.admin), chain.ledger(chain.admin)

    first.permissions.grant("approver", friend)
    second.permissions.grant("approver", friend)

    assert first.permissions.has_role("approver", friend)


def test_who_lost_the_role_meanwhile_is_told_so_and_the_outcome_waits(chain: Chain) -> None:
    number, admin = registration(chain), chain.ledger(chain.admin).permissions
    suspension = signed(chain, "suspend", number)
    chain.connection.broadcast(suspension.raw)
    outbox = left(suspension)
    ledger = chain.ledger(outbox=outbox)

    admin.withdraw_role("certification_server", chain.server.address)
    with refused(PermissionDenied(chain.server.address, "suspend")):
        ledger.registrations.suspend(number)
    assert len(outbox.waiting()) == 1

    admin.grant("certification_server", chain.server.address)
    ledger.registrations.suspend(number)
    assert outbox.waiting() == ()
    assert ledger.registrations.status_change_count(number) == 1


def test_a_node_that_does_not_say_whether_it_was_undone_is_not_sent_it_twice(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = registration(chain)
    suspension = signed(chain, "suspend", number)
    chain.connection.broadcast(suspension.raw)
    ledger = chain.ledger(outbox=left(suspension))
    monkeypatch.setattr(chain.connection, "estimate", raising(Refused("not now")))

    ledger.registrations.suspend(number)

    assert ledger.registrations.status_change_count(number) == 1


def test_a_node_that_falls_silent_in_between_leaves_the_outcome_where_it_is(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = keys()
    outbox = left(enrolment(chain, pair))
    ledger = chain.ledger(outbox=outbox)
    with monkeypatch.context() as meddled:
        meddled.setattr(chain.connection, "estimate", raising(LedgerUnavailable("gone")))
        with pytest.raises(LedgerUnavailable):
            ledger.registrations.enrol_device(pair)

    assert ledger.registrations.enrol_device(pair) == ledger.registrations.device_count()
    assert outbox.waiting() == ()


# --------------------------------------------------------------------------------------------------------- what is new


def raising(problem: Exception) -> Callable[..., Any]:
    def raises(*_: object) -> Any:
        raise problem

    return raises


def test_an_account_without_ether_is_told_so_and_nothing_is_left(chain: Chain) -> None:
    poor, outbox = Account.create(), MemoryOutbox()
    chain.ledger(chain.admin).permissions.grant("certification_server", poor.address)

    with pytest.raises(TransactionReverted, match=r"refused enrolDevice: .*cannot afford"):
        chain.ledger(poor, outbox).registrations.enrol_device(keys())
    assert outbox.waiting() == ()


def test_what_the_node_does_not_take_is_not_left(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = MemoryOutbox()
    monkeypatch.setattr(chain.connection, "broadcast", raising(Refused("txpool is full")))

    with refused(TransactionReverted("enrolDevice", "txpool is full")):
        chain.ledger(outbox=outbox).registrations.enrol_device(keys())
    assert outbox.waiting() == ()


def test_above_the_cap_on_gas_nothing_is_sent(chain: Chain) -> None:
    nonce, dear = chain.connection.nonce(chain.server.address, "pending"), SendingPolicy(gas_cap=50_000)

    with pytest.raises(GasCapExceeded) as caught:
        chain.ledger(policy=dear).registrations.enrol_device(keys())

    assert caught.value.cap == 50_000 < caught.value.gas
    assert caught.value.operation == "enrolDevice"
    assert chain.connection.nonce(chain.server.address, "pending") == nonce


def test_a_node_that_does_not_estimate_is_sent_nothing(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain.connection, "estimate", raising(Refused("gas required exceeds allowance")))

    with refused(TransactionReverted("enrolDevice", "gas required exceeds allowance")):
        chain.ledger().registrations.enrol_device(keys())


def test_a_nonce_that_another_program_has_used_is_replaced(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's nonce was read just before somebody else sent under it."""
    ledger, nonce, answers = chain.ledger(), chain.connection.nonce, [1]

    def stale(account: Any, block: Any) -> int:
        return nonce(account, block) - (answers.pop() if answers and block == "pending" else 0)

    monkeypatch.setattr(chain.connection, "nonce", stale)

    assert ledger.registrations.enrol_device(keys()) == ledger.registrations.device_count()


def test_an_account_whose_nonces_are_always_taken_is_unavailable(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, nonce, outbox = chain.ledger(), chain.connection.nonce, MemoryOutbox()
    ledger = chain.ledger(outbox=outbox)
    monkeypatch.setattr(chain.connection, "nonce", lambda account, block: nonce(account, block) - (block == "pending"))

    with pytest.raises(LedgerUnavailable, match="take every nonce"):
        ledger.registrations.enrol_device(keys())
    assert outbox.waiting() == ()


def test_a_transaction_that_was_mined_after_all_is_not_overtaken(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node knew no receipt a moment ago, and now refuses the transaction because it has it."""
    pair, receipt, first = keys(), chain.connection.receipt, [None]
    transaction = enrolment(chain, pair)
    chain.connection.broadcast(transaction.raw)
    monkeypatch.setattr(chain.connection, "receipt", lambda name: first.pop() if first else receipt(name))
    monkeypatch.setattr(chain.connection, "nonce", lambda account, block: transaction.nonce)

    device = chain.ledger(outbox=left(transaction)).registrations.enrol_device(pair)

    assert device == chain.ledger().registrations.device_count()


def used_nonce(receipts: list[dict[str, Any] | None]) -> tuple[Sender, MemoryOutbox, ScriptedProvider]:
    """A sender at a node that has used every nonce it is sent, and whose receipts come one by one, at last for ever."""
    counts = iter(range(100))
    block = {"number": "0x7", "baseFeePerGas": "0x5a", "extraData": "0x"}
    provider = ScriptedProvider(
        {
            "eth_chainId": "0x7a69",
            "eth_estimateGas": "0x5208",
            "eth_gasPrice": "0x64",
            "eth_getBlockByNumber": block,
            "eth_getTransactionCount": lambda _, at: "0x64" if at == "latest" else hex(next(counts)),
            "eth_sendRawTransaction": Refusing(-32000, "nonce too low"),
            "eth_getTransactionByHash": None,
            "eth_getTransactionReceipt": lambda _: receipts.pop(0) if len(receipts) > 1 else receipts[0],
        }
    )
    connection, outbox = Connection(Web3(provider, middleware=[]), 1, pause=0.0), MemoryOutbox()
    return Sender(connection, Account.create(), outbox, HASTY), outbox, provider


def test_a_receipt_that_comes_later_than_its_block_is_waited_for() -> None:
    """The nonce is used already, by the transaction itself: it must not be sent under another one."""
    mined: dict[str, Any] = {"blockNumber": "0x7", "status": "0x1", "logs": [], "contractAddress": None}
    sender, outbox, provider = used_nonce([None, None, mined])

    assert sender.send("enrolDevice", None, b"").block == 7
    assert provider.asked.count("eth_sendRawTransaction") == 1
    assert outbox.waiting() == ()


def test_a_nonce_that_is_used_and_never_has_a_receipt_was_another_transactions() -> None:
    sender, outbox, provider = used_nonce([None])

    with pytest.raises(LedgerUnavailable, match="take every nonce"):
        sender.send("enrolDevice", None, b"")
    assert provider.asked.count("eth_sendRawTransaction") == HASTY.nonce_attempts
    assert provider.asked.count("eth_getTransactionReceipt") > 2 * HASTY.nonce_attempts
    assert outbox.waiting() == ()


@pytest.mark.parametrize("problem", [LedgerUnavailable("gone"), LedgerMisbehaved("mad")])
def test_a_line_that_breaks_while_sending_is_mended_by_sending_again(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    broadcast, failures = chain.connection.broadcast, [problem]

    def breaking(raw: bytes) -> None:
        if failures:
            raise failures.pop()
        broadcast(raw)

    monkeypatch.setattr(chain.connection, "broadcast", breaking)

    assert chain.ledger().registrations.enrol_device(keys())


def test_a_receipt_that_does_not_come_is_a_timeout_and_stays_in_the_outbox(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox, pair = MemoryOutbox(), keys()
    ledger = chain.ledger(outbox=outbox)
    with monkeypatch.context() as meddled:
        meddled.setattr(chain.connection, "receipt", lambda name: None)
        with pytest.raises(LedgerTimeout) as caught:
            ledger.registrations.enrol_device(pair)

    (waiting,) = outbox.waiting()
    assert caught.value.values() == {"operation": "enrolDevice", "transaction": "0x" + waiting.hash.hex()}
    assert ledger.registrations.enrol_device(pair) == ledger.registrations.device_count()


# --------------------------------------------------------------------------------------------- mined, and did nothing


def test_a_transaction_that_is_refused_only_in_its_block_says_why(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it was estimated it would have been taken; what was mined before it changed that."""
    pair = keys()
    chain.ledger().registrations.enrol_device(pair)
    monkeypatch.setattr(chain.connection, "estimate", lambda request: 300_000)

    with refused(KeyAlreadyEnrolled(key_thumbprint(pair).value)):
        chain.ledger().registrations.enrol_device(pair)


@pytest.mark.parametrize("answer", [raising(Refused("no old states")), lambda *_: b""])
def test_a_transaction_that_failed_for_no_reason_that_shows_is_reported_all_the_same(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Any]
) -> None:
    monkeypatch.setattr(chain.connection, "estimate", lambda request: 45_000)
    monkeypatch.setattr(chain.connection, "call", answer)

    with refused(TransactionReverted("enrolDevice", "it was mined and did nothing")):
        chain.ledger(policy=HASTY).registrations.enrol_device(keys())
