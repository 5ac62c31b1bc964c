"""Deploying, whole or in pieces, and what the accounts need for it."""

from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from certchain.errors import (
    ConfigurationInvalid,
    LedgerMisbehaved,
    LedgerTimeout,
    LedgerUnavailable,
    MalformedValue,
    NoApprovalsRequired,
)
from certchain.ledger.chain import ChainLedger, MemoryOutbox, deploy, fund
from certchain.ledger.chain.deploy import apply_table
from certchain.ledger.chain.funding import ETHER
from certchain.ledger.chain.sender import Sender
from certchain.ledger.chain.transaction import Receipt
from certchain.ledger.deployment import CONTRACTS, Deployment
from certchain.ledger.permission import permission_table
from certchain.models.log import LogMode
from tests.scripted import scripted
from tests.unit.ledger.conftest import HASTY, Chain
from tests.world import refused


@pytest.fixture
def admin(chain: Chain) -> LocalAccount:
    account: LocalAccount = Account.create()
    fund(chain.connection, [account.address])
    return account


def test_a_deployment_is_written_down_as_it_is(chain: Chain, admin: LocalAccount, tmp_path: Path) -> None:
    file = tmp_path / "networks" / "local.json"

    deployment = deploy(chain.connection, admin, 3, file=file)

    assert Deployment.load(file) == deployment
    assert list(deployment.contracts) == list(CONTRACTS)
    assert [path.name for path in file.parent.iterdir()] == ["local.json"]
    assert ChainLedger.connect(chain.connection, deployment, admin).updates.approvals_required() == 3


def test_two_deployments_are_two_networks(chain: Chain, admin: LocalAccount) -> None:
    assert deploy(chain.connection, admin, 2).identity != chain.deployment.identity


@pytest.mark.parametrize("transactions", range(7))
def test_a_deployment_that_was_interrupted_goes_on_where_it_stopped(
    chain: Chain, admin: LocalAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transactions: int
) -> None:
    """After any of its seven transactions: no contract is deployed twice."""
    file, broadcast, allowed = tmp_path / "local.json", chain.connection.broadcast, [None] * transactions

    def breaking(raw: bytes) -> None:
        if not allowed:
            raise KeyboardInterrupt
        allowed.pop()
        broadcast(raw)

    with monkeypatch.context() as meddled:
        meddled.setattr(chain.connection, "broadcast", breaking)
        with pytest.raises(KeyboardInterrupt):
            deploy(chain.connection, admin, 2, file=file)

    deployment = deploy(chain.connection, admin, 2, file=file)

    assert chain.connection.nonce(admin.address, "latest") == 7
    assert Deployment.load(file) == deployment


def test_what_was_deployed_on_another_chain_is_not_gone_on_with(
    chain: Chain, admin: LocalAccount, tmp_path: Path
) -> None:
    file, gone = tmp_path / "local.json", Account.create().address
    started = Deployment(chain.deployment.chain_id, 0, {"Permissions": gone})
    started.save(tmp_path / "local.json.part")

    assert deploy(chain.connection, admin, 2, file=file).contracts["Permissions"] != gone


def test_what_was_begun_in_another_mode_is_not_gone_on_with(chain: Chain, admin: LocalAccount, tmp_path: Path) -> None:
    file = tmp_path / "local.json"
    chain.deployment.save(tmp_path / "local.json.part")

    deployment = deploy(chain.connection, admin, 2, login_log_mode=LogMode.ANCHORED, file=file)

    assert Deployment.load(file).login_log_mode is LogMode.ANCHORED
    assert not set(deployment.contracts.values()) & set(chain.deployment.contracts.values())
    assert ChainLedger.connect(chain.connection, deployment, admin).login_log.mode is LogMode.ANCHORED


def test_a_damaged_piece_is_not_passed_over(chain: Chain, admin: LocalAccount, tmp_path: Path) -> None:
    (tmp_path / "local.json.part").write_text("{")

    with pytest.raises(ConfigurationInvalid, match=r"local\.json\.part"):
        deploy(chain.connection, admin, 2, file=tmp_path / "local.json")


def test_a_piece_that_cannot_be_read_is_an_error(chain: Chain, admin: LocalAccount, tmp_path: Path) -> None:
    (tmp_path / "local.json.part").mkdir()

    with pytest.raises(ConfigurationInvalid, match=r"local\.json\.part"):
        deploy(chain.connection, admin, 2, file=tmp_path / "local.json")


def test_a_network_asks_for_at_least_one_approval(chain: Chain, admin: LocalAccount) -> None:
    with refused(NoApprovalsRequired()):
        deploy(chain.connection, admin, 0)
    with refused(MalformedValue("approvals_required", "65536 is not a number of 16 bits")):
        deploy(chain.connection, admin, 1 << 16)


def test_a_table_that_is_applied_is_not_applied_again(chain: Chain) -> None:
    sender = Sender(chain.connection, chain.admin, MemoryOutbox(), HASTY)
    before = chain.connection.nonce(chain.admin.address, "latest")

    apply_table(chain.connection, sender, chain.deployment, permission_table())

    assert chain.connection.nonce(chain.admin.address, "latest") == before


def test_a_node_that_names_no_contract_misbehaves(
    chain: Chain, admin: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain.connection, "receipt", lambda name: Receipt(1, True, (), None))

    with refused(LedgerMisbehaved("the receipt of Permissions's deployment names no contract")):
        deploy(chain.connection, admin, 2)


# ------------------------------------------------------------------------------------------------------------ funding


def test_accounts_are_given_what_they_lack(chain: Chain) -> None:
    poor, rich = Account.create().address, chain.connection.accounts()[0]

    assert fund(chain.connection, [poor, rich], 3 * ETHER) == (poor,)
    assert chain.connection.balance(poor) == 3 * ETHER
    assert fund(chain.connection, [poor, rich], 3 * ETHER) == ()


FEES = {"eth_gasPrice": "0x1", "eth_getBlockByNumber": {"number": "0x1"}}
POOR = Account.create().address


@pytest.mark.parametrize(
    "node",
    [
        FEES | {"eth_gasPrice": "0x0"},
        FEES | {"eth_getBalance": "0x0", "eth_accounts": []},
        FEES | {"eth_getBalance": "0x1", "eth_accounts": [POOR]},
    ],
)
def test_nobody_is_given_where_gas_is_free_or_the_node_has_nothing_to_give(node: dict[str, Any]) -> None:
    assert fund(scripted(node), [POOR]) == ()


def test_a_gift_that_does_not_arrive_is_a_timeout(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain.connection, "receipt", lambda name: None)

    with pytest.raises(LedgerTimeout, match="fund"):
        fund(chain.connection, [Account.create().address], timeout=0.1)


def test_a_node_that_does_not_give_is_unavailable(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(transaction: Any) -> bytes:
        raise LedgerUnavailable("locked")

    monkeypatch.setattr(chain.connection, "broadcast_unlocked", locked)

    with pytest.raises(LedgerUnavailable):
        fund(chain.connection, [Account.create().address])
