"""Attack: steal what the certification server has on its disk, or as many custodians as are not enough, and read the key data."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from certchain.channel import MemoryChannel
from certchain.encoding.custody import kept_share_context
from certchain.encoding.digest import key_data_context
from certchain.encoding.message import from_cbor
from certchain.errors import CertchainError, KeyNotInForce, SealInvalid, SharesMissing, WrongSigner
from certchain.keys import KeyPair, PrivateKeys, SealingKey
from certchain.models.application import KeyData
from certchain.models.certification import Signed
from certchain.models.custody import NONCE_LENGTH, KeyShare, ShareQuestion
from certchain.models.registration import Factor, Registration, RiskLevel
from certchain.roles.certification_server import CertificationServer
from certchain.sharing import combine
from certchain.verification.policy import CertificationPolicy
from tests.custodians import Keeper, enrolled, newest_division, stolen_key, stolen_share
from tests.household import Household

RISKS = (RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.CRITICAL)


def household(risk: RiskLevel) -> Household:
    home = Household(policy=CertificationPolicy(unlisted_risk=risk, custodian_patience=2.0))
    while len(home.custodians) < home.policy.divisions[risk].shares:
        keeper = home.another_custodian()
        keeper.servers.append(home.server.id)
        keeper.restart()
        home.server.custodians[keeper.id] = keeper.channel(home.server.identity.party)
    home.register()
    return home


@pytest.fixture(params=RISKS, ids=lambda risk: risk.name.lower())
def home(request: pytest.FixtureRequest) -> Household:
    return household(request.param)


@pytest.fixture
def high() -> Household:
    return household(RiskLevel.HIGH)


def registered(home: Household) -> Registration:
    ledger = home.account("anyone").registrations
    found: Registration = ledger.registration(ledger.latest_registration(home.phone.id, home.lock.id))
    return found


def open_with(home: Household, key: SealingKey) -> KeyData:
    registration = registered(home)
    context = key_data_context(registration.user_device, registration.device, registration.commitment)
    return from_cbor(KeyData, key.open(context, home.server.database.key_data(registration.commitment)))


def keepers_of(home: Household) -> list[Keeper]:
    division = newest_division(home.account("anyone"), registered(home).commitment)
    return [home.custodians[share.custodian] for share in division.shares]


def the_thiefs_server(home: Household, custodians: dict[Any, Any]) -> CertificationServer:
    """The role's own code over everything that the server had on its disk, keys included."""
    server = home.server
    return CertificationServer(
        identity=server.identity,
        ledger=home.account("thief"),
        database=server.database,
        log=server.log,
        authority=server.authority,
        sealing_key=server.sealing_key,
        shares=server.shares,
        custodians=custodians,
        policy=server.policy,
        clock=server.clock,
    )


def test_the_servers_disk_with_all_its_keys_does_not_open_key_data(home: Household) -> None:
    """The sealing key opens nothing of it, and no share is there."""
    with pytest.raises(SealInvalid):
        open_with(home, home.server.sealing_key)
    assert home.server.shares.kept() == ()
    thief = the_thiefs_server(home, {})
    with pytest.raises(SharesMissing) as refusal:
        thief._equipment.key_data(registered(home))
    assert refusal.value.good == 0


def test_no_stored_bytes_of_the_server_are_the_key_or_a_share(home: Household) -> None:
    """Whatever 32 bytes stand in what it keeps, they open nothing."""
    database, division = home.server.database, newest_division(home.account("anyone"), registered(home).commitment)
    shares = {stolen_share(keeper, home.server.id, division).value for keeper in keepers_of(home)}
    shares.add(stolen_key(home.account("a"), home.server.id, division.commitment, some(home, division.threshold)).value)
    kept = database.key_data(registered(home).commitment) + home.server.sealing_key.value
    assert not any(share in kept for share in shares)


def some(home: Household, count: int) -> list[Keeper]:
    return keepers_of(home)[:count]


def test_one_custodian_less_than_needed_rebuilds_nothing_with_the_database(home: Household) -> None:
    """Every choice of k - 1, as they would combine what they have, and with a share made up besides."""
    needed = newest_division(home.account("anyone"), registered(home).commitment).threshold
    for few in combinations(keepers_of(home), needed - 1):
        with pytest.raises(SealInvalid):
            open_with(home, stolen_key(home.account("anyone"), home.server.id, registered(home).commitment, few))
    some_keepers = keepers_of(home)[: needed - 1]
    division = newest_division(home.account("anyone"), registered(home).commitment)
    shares = [stolen_share(keeper, home.server.id, division) for keeper in some_keepers]
    for made_up in (bytes(32), b"\xff" * 32, shares[0].value, home.server.sealing_key.value):
        with pytest.raises(SealInvalid):
            open_with(home, SealingKey(combine([*shares, KeyShare(200, made_up)], needed)))


def test_the_roles_own_code_with_too_few_custodians_says_who_is_missing(home: Household) -> None:
    division = newest_division(home.account("anyone"), registered(home).commitment)
    few = keepers_of(home)[: division.threshold - 1]
    thief = the_thiefs_server(home, {keeper.id: home.server.custodians[keeper.id] for keeper in few})
    with pytest.raises(SharesMissing) as refusal:
        thief._equipment.key_data(registered(home))
    assert refusal.value.good == division.threshold - 1
    for absent in keepers_of(home)[division.threshold - 1 :]:
        assert f"custodian {absent.id}: " in refusal.value.troubles


def test_only_a_custodian_was_missing(home: Household) -> None:
    """The control: k of them, whichever, open it. So nothing else stopped the thieves."""
    division = newest_division(home.account("anyone"), registered(home).commitment)
    for enough in combinations(keepers_of(home), division.threshold):
        key = stolen_key(home.account("anyone"), home.server.id, division.commitment, enough)
        assert open_with(home, key).user == home.alice


def test_shares_of_two_divisions_do_not_go_together(high: Household) -> None:
    """A share that was stolen before a division is worth nothing after it."""
    ledger, committed = high.account("anyone"), registered(high).commitment
    before = newest_division(ledger, committed)
    old = [stolen_share(keeper, high.server.id, before) for keeper in keepers_of(high)[:2]]
    high.server.role.registrar.redivide(registered(high).id)
    new = stolen_share(keepers_of(high)[2], high.server.id, newest_division(ledger, committed))
    with pytest.raises(SealInvalid):
        open_with(high, SealingKey(combine([*old, new], 3)))


def test_a_custodians_store_alone_shows_no_share(high: Household) -> None:
    """It is sealed under the custodian's own key, for its server, registration and division."""
    keeper, committed = keepers_of(high)[0], registered(high).commitment
    (kept,) = keeper.store.shares(high.server.id, committed)
    share = stolen_share(keeper, high.server.id, newest_division(high.account("anyone"), committed))
    assert share.value not in kept.sealed
    context = kept_share_context(high.server.id, keeper.id, committed, 1)
    for key in (SealingKey.generate(), keepers_of(high)[1].sealing_key, high.server.sealing_key):
        with pytest.raises(SealInvalid):
            key.open(context, kept.sealed)


def question(home: Household, keeper: Keeper, keys: PrivateKeys) -> Signed:
    asked = ShareQuestion(home.server.id, keeper.id, registered(home).commitment, 1, bytes(NONCE_LENGTH))
    return replace(home.server.identity, keys=keys).sign(asked)


def test_the_servers_stolen_keys_get_nothing_once_they_are_rotated(high: Household) -> None:
    """A thief who can reach the custodians is the server to them, until the chain has other keys in force."""
    keeper = keepers_of(high)[0]
    signed = question(high, keeper, high.server.identity.keys)
    high.account("authority").registrations.rotate_service_keys(high.server.id, KeyPair.generate().public)
    with pytest.raises(KeyNotInForce):
        keeper.channel(high.server.identity.party).request(signed, Signed)


def test_the_servers_signature_from_another_peer_gets_nothing(high: Household) -> None:
    """A thief of the signing key alone, whom the channel knows as somebody else."""
    keeper, other = keepers_of(high)[0], enrolled(high.account)
    with pytest.raises(WrongSigner):
        keeper.channel(other.identity.party).request(question(high, keeper, high.server.identity.keys), Signed)


def test_what_a_listener_hears_of_a_question_holds_no_share(high: Household) -> None:
    heard = list[Any]()
    keeper = keepers_of(high)[0]

    def overheard(connection: Any, message: Any) -> Any:
        heard.append(keeper.answer(connection, message))
        return heard[-1]

    channel = MemoryChannel(overheard, asker=high.server.identity.party, answerer=keeper.identity.party)
    channel.request(question(high, keeper, high.server.identity.keys), Signed)
    share = stolen_share(keeper, high.server.id, newest_division(high.account("a"), registered(high).commitment))
    assert share.value not in heard[0].body


def test_a_low_risk_needs_no_custodian_and_its_share_is_sealed() -> None:
    """The refusal's control: low risk is what the server's disk opens by itself, with its sealing key only."""
    home = household(RiskLevel.LOW)
    assert newest_division(home.account("anyone"), registered(home).commitment).threshold == 1
    assert the_thiefs_server(home, {})._equipment.key_data(registered(home)).user == home.alice
    home.server.sealing_key = SealingKey.generate()
    with pytest.raises(CertchainError):
        the_thiefs_server(home, {})._equipment.key_data(registered(home))


def test_methods_of_every_kind_are_sealed_alike() -> None:
    """Also key data without a second factor, which holds the salt."""
    home = Household(policy=CertificationPolicy(unlisted_risk=RiskLevel.MEDIUM))
    home.register(method=home.define(Factor.FIRST, Factor.THIRD))
    with pytest.raises(SealInvalid):
        open_with(home, home.server.sealing_key)
