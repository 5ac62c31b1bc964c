"""Which chain a home folder belongs to, and what is said when it cannot be used."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from eth_account import Account

from certchain.cli.network import ChainNetwork, node_address, open_chain
from certchain.config import Configuration, Home
from certchain.errors import ConfigurationInvalid, LedgerMismatch, LedgerUnavailable, NotDeployed
from certchain.ledger.embedded import embedded_chain


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def announce(home: Home, text: str) -> None:
    home.running_node.parent.mkdir()
    home.running_node.write_text(text)


def test_the_local_network_is_the_node_that_runs_here(home: Home) -> None:
    with pytest.raises(LedgerUnavailable, match="certchain node"):
        node_address(home, Configuration())
    announce(home, 'address = "http://127.0.0.1:7"\n')
    assert node_address(home, Configuration()) == "http://127.0.0.1:7"


@pytest.mark.parametrize("text", ["address", "port = 7\n"])
def test_a_damaged_announcement_is_named(home: Home, text: str) -> None:
    announce(home, text)
    with pytest.raises(ConfigurationInvalid, match="running"):
        node_address(home, Configuration())


def test_another_network_is_known_by_name_or_address(home: Home) -> None:
    networks = {"office": "http://10.0.0.7:8545"}
    assert node_address(home, Configuration(network="office", networks=networks)) == "http://10.0.0.7:8545"
    assert node_address(home, Configuration(network="https://node.example")) == "https://node.example"
    with pytest.raises(ConfigurationInvalid, match="nowhere"):
        node_address(home, Configuration(network="nowhere"))


def test_a_node_that_does_not_answer_is_unavailable(home: Home) -> None:
    with ExitStack() as closing, pytest.raises(LedgerUnavailable):
        open_chain(home, Configuration(network="http://127.0.0.1:9"), closing).fund([Account.create().address])


def test_a_deployment_is_made_once_and_is_there_for_every_account(home: Home) -> None:
    chain, admin = embedded_chain(), Account.create()
    network = ChainNetwork(home, Configuration(), lambda: chain)
    with pytest.raises(NotDeployed):
        network.ledger(admin)
    network.fund([admin.address])
    network.deploy(admin)
    before = home.deployment.read_text()
    network.deploy(admin)
    assert home.deployment.read_text() == before
    assert network.ledger(admin).permissions.has_role("admin", admin.address)
    assert network.ledger(Account.create()).registrations.method_count() == 0


def test_another_chain_than_the_deployments_is_refused(home: Home) -> None:
    chain, admin = embedded_chain(), Account.create()
    network = ChainNetwork(home, Configuration(), lambda: chain)
    network.fund([admin.address])
    network.deploy(admin)
    with pytest.raises(LedgerMismatch):
        ChainNetwork(home, Configuration(), embedded_chain).ledger(admin)
