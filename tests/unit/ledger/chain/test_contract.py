"""Contracts by name: encoding, decoding, pages, and what a revert stands for."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector

from certchain.errors import (
    AlreadyApprovedBy,
    CertchainError,
    LedgerMisbehaved,
    LedgerMismatch,
    PermissionDenied,
    TransactionReverted,
    VersionNotHigher,
)
from certchain.ledger.chain import ChainLedger
from certchain.ledger.chain.abi import artifact
from certchain.ledger.chain.answer import Refused, Reverted
from certchain.ledger.chain.bound import PAGE, pages
from certchain.ledger.chain.refusal import refusal
from certchain.ledger.chain.transaction import Receipt
from certchain.ledger.deployment import Deployment
from certchain.models.log import LogMode
from tests.scripted import scripted
from tests.unit.ledger.conftest import Chain
from tests.world import refused

CALLER = "0x52908400098527886E0F7030069857D2E4169EE7"
PKG_ID = bytes(range(32))


def revert(signature: str, *values: object) -> Reverted:
    kinds = signature[signature.index("(") + 1 : -1].split(",") if values else []
    return Reverted(function_signature_to_4byte_selector(signature) + encode(kinds, values), "execution reverted")


@pytest.mark.parametrize(
    ("reverted", "expected"),
    [
        (revert("UpdateRegistry_VersionNotHigher(uint48,uint64,uint64)", 1, 2, 3), VersionNotHigher(1, 2, 3)),
        (
            revert("UpdateRegistry_AlreadyApprovedBy(bytes32,address)", PKG_ID, CALLER),
            AlreadyApprovedBy(PKG_ID, CALLER),
        ),
        (
            revert(
                "Permissioned_NotAuthorised(address,bytes4)",
                CALLER,
                artifact("RecordedLog").functions["append"].selector,
            ),
            PermissionDenied(CALLER, "append"),
        ),
        (revert("Permissioned_NotAuthorised(address,bytes4)", CALLER, b"\0\0\0\0"), PermissionDenied(CALLER, "asked")),
        (revert("AccessManagerUnauthorizedAccount(address,uint64)", CALLER, 0), PermissionDenied(CALLER, "asked")),
        (
            revert("AccessManagerLockedRole(uint64)", 7),
            TransactionReverted("asked", "AccessManagerLockedRole(7)"),
        ),
        (revert("Error(string)", "no more"), TransactionReverted("asked", "no more")),
        (revert("Panic(uint256)", 0x11), TransactionReverted("asked", "panic 0x11")),
        (revert("Nobody_Knows()"), TransactionReverted("asked", "execution reverted")),
        (Reverted(b"", "out of gas"), TransactionReverted("asked", "out of gas")),
    ],
)
def test_a_revert_is_the_python_error_with_its_values(reverted: Reverted, expected: CertchainError) -> None:
    with refused(expected):
        raise refusal(reverted, "asked")


def test_a_revert_whose_values_are_cut_is_misbehaviour() -> None:
    cut = Reverted(revert("UpdateRegistry_VersionNotHigher(uint48,uint64,uint64)", 1, 2, 3).data[:-1], "")

    with pytest.raises(LedgerMisbehaved, match="does not decode"):
        refusal(cut, "asked")


def test_an_event_of_other_topics_is_misbehaviour() -> None:
    event = artifact("RecordedLog").events["Appended"]

    with pytest.raises(LedgerMisbehaved, match="Appended has 1 topics"):
        event.decode((event.topic,), b"")


@pytest.mark.parametrize("limit", [0, 1, PAGE - 1, PAGE, PAGE + 1, 10 * PAGE])
def test_pages_are_put_together(limit: int) -> None:
    items, asked = list(range(2 * PAGE + 5)), list[tuple[int, int]]()

    def read(offset: int, wanted: int) -> Sequence[int]:
        asked.append((offset, wanted))
        return items[offset : offset + wanted]

    assert pages(read, 3, limit) == tuple(items[3 : 3 + limit])
    assert asked
    assert all(wanted <= PAGE for _, wanted in asked)


def test_a_node_that_refuses_a_view_misbehaves(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> bytes:
        raise Refused("limit exceeded")

    monkeypatch.setattr(chain.connection, "call", refuses)

    with refused(LedgerMisbehaved("limit exceeded")):
        chain.ledger().registrations.device_count()


def test_a_receipt_without_its_event_is_misbehaviour(chain: Chain) -> None:
    with refused(LedgerMisbehaved("a receipt without the event DeviceEnrolled")):
        chain.contract("Registration").event("DeviceEnrolled", Receipt(1, True, (), None))


def test_a_ledger_is_only_of_the_network_that_was_deployed(chain: Chain) -> None:
    deployed = chain.deployment
    elsewhere = Deployment(1, deployed.block, deployed.contracts)
    nowhere = Deployment(deployed.chain_id, deployed.block, {**deployed.contracts, "LoginLog": chain.server.address})

    with refused(LedgerMismatch(f"its chain id is {deployed.chain_id}, and the deployment's 1")):
        ChainLedger.connect(chain.connection, elsewhere, chain.server)
    with refused(LedgerMismatch(f"there is no contract at {chain.server.address}, where LoginLog should be")):
        ChainLedger.connect(chain.connection, nowhere, chain.server)


@pytest.mark.parametrize("mode", LogMode)
def test_a_login_log_of_the_other_mode_is_noticed(recorded: Chain, anchored: Chain, mode: LogMode) -> None:
    """The deployment file says one thing and the contract behind the address is another."""
    chain, source = (recorded, "AnchoredLog") if mode is LogMode.ANCHORED else (anchored, "RecordedLog")
    mistaken = replace(chain.deployment, login_log_mode=mode)
    address = mistaken.contracts["LoginLog"]

    with refused(LedgerMismatch(f"the contract at {address} is no {source}, as LoginLog should be")):
        ChainLedger.connect(chain.connection, mistaken, chain.server)


def test_another_contract_behind_an_address_is_noticed(chain: Chain) -> None:
    contracts = chain.deployment.contracts
    swapped = replace(chain.deployment, contracts={**contracts, "Registration": contracts["UpdateRegistry"]})
    address = contracts["UpdateRegistry"]

    with refused(LedgerMismatch(f"the contract at {address} is no Registration, as Registration should be")):
        ChainLedger.connect(chain.connection, swapped, chain.server)


def test_a_node_that_cannot_say_its_chain_is_not_connected_to(chain: Chain) -> None:
    with pytest.raises(LedgerMisbehaved):
        ChainLedger.connect(scripted({"eth_chainId": "zz"}), chain.deployment, chain.server)
