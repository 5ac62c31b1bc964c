"""Divided key data in the life of a registration: made, used, remembered, divided anew; with custodians away, slow, and cut off."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from certchain.channel import MemoryChannel
from certchain.errors import (
    CustodiansTooFew,
    DivisionNumberMismatch,
    KeyDataUnreadable,
    LedgerTimeout,
    LedgerUnavailable,
    RegistrationNotActive,
    SharesMissing,
    SharesNotKept,
    StorageUnavailable,
)
from certchain.keys import KeyPair
from certchain.models.custody import ShareDeposit, ShareQuestion
from certchain.models.digest import Digest
from certchain.models.identifier import RegistrationId
from certchain.models.registration import RiskLevel
from certchain.verification.policy import CertificationPolicy, Division
from tests.custodians import Keeper, stolen_key
from tests.divided import division, keepers, registered
from tests.faults import Fuse, Fused
from tests.household import SECRET, Household
from tests.industry import MemoryAccounts
from tests.wiretap import TurnedLock, certification, rebuilt

FORGETFUL = CertificationPolicy(key_memory=(0, 0, 0), custodian_patience=1.0)


def household(policy: CertificationPolicy = FORGETFUL, account: Any = None) -> Household:
    home = Household(account or MemoryAccounts(), policy=policy)
    home.register()
    return home


def held(home: Household) -> list[list[int]]:
    """The numbers of the divisions that each custodian keeps a share of."""
    shares = (keeper.store.shares(home.server.id, registered(home).commitment) for keeper in keepers(home))
    return [[share.number for share in kept] for kept in shares]


def away(home: Household, *absent: Keeper) -> None:
    for keeper in absent:
        home.server.custodians[keeper.id].close()


def answered_by(home: Household, keeper: Keeper, handler: Callable[[Any, Any], object]) -> None:
    """Something else answers where the custodian did."""
    asker, answerer = home.server.identity.party, keeper.identity.party
    home.server.custodians[keeper.id] = MemoryChannel(handler, asker=asker, answerer=answerer)
    home.server.restart()


# -------------------------------------------------------------------------------------------------------------- who keeps


@pytest.mark.parametrize(("risk", "threshold", "shares"), [(1, 2, 3), (2, 3, 5), (3, 4, 7)])
def test_a_key_is_divided_by_risk(risk: int, threshold: int, shares: int) -> None:
    home = Household(policy=CertificationPolicy(unlisted_risk=RiskLevel(risk)))
    while len(home.custodians) < shares:
        keeper = home.another_custodian()
        keeper.servers.append(home.server.id)
        keeper.restart()
        home.server.custodians[keeper.id] = keeper.channel(home.server.identity.party)
    home.register()
    assert (division(home).threshold, len(division(home).shares), division(home).number) == (threshold, shares, 1)
    assert sum(map(len, held(home))) == shares
    home.certify()


def test_the_only_share_of_a_low_risk_stays_with_the_server() -> None:
    home = household(replace(FORGETFUL, unlisted_risk=RiskLevel.LOW))
    assert [share.custodian for share in division(home).shares] == [home.server.id]
    assert sum(map(len, held(home))) == 0
    away(home, *keepers(home))
    home.certify()
    assert home.server.role.registrar.redivide(registered(home).id) == 2
    assert [share.number for share in home.server.shares.shares(home.server.id, registered(home).commitment)] == [2]
    home.certify()
    home.server.shares.drop(home.server.shares.shares(home.server.id, registered(home).commitment))
    with pytest.raises(SharesMissing):
        home.certify()


def test_with_too_few_custodians_nothing_is_registered_and_the_permit_stays() -> None:
    home = Household(policy=replace(FORGETFUL, unlisted_risk=RiskLevel.CRITICAL))
    with pytest.raises(CustodiansTooFew) as refusal:
        home.register()
    assert (refusal.value.risk, refusal.value.needed, refusal.value.known) == ("critical", 7, 5)
    home.server.policy = FORGETFUL
    home.server.restart()
    home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)


def test_the_server_is_no_custodian_of_what_is_divided() -> None:
    """Also when its operator names it as one."""
    home = Household(policy=FORGETFUL)
    home.server.custodians[home.server.id] = home.server.custodians.pop(keepers(home)[0].id)
    with pytest.raises(CustodiansTooFew):
        home.register()


def test_a_custodian_that_is_away_lets_nothing_be_registered_until_it_is_back() -> None:
    home = Household(policy=FORGETFUL)
    absent = keepers(home)[4]
    away(home, absent)
    with pytest.raises(SharesNotKept, match=f"custodian {absent.id}: "):
        home.register()
    assert home.account("anyone").registrations.registration_count() == 0
    home.server.custodians[absent.id] = absent.channel(home.server.identity.party)
    home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)
    home.certify()


# -------------------------------------------------------------------------------------------------------------- rebuilding


def test_any_three_of_five_are_enough_and_two_are_not() -> None:
    home = household()
    away(home, keepers(home)[0], keepers(home)[3])
    home.certify()
    away(home, keepers(home)[1])
    with pytest.raises(SharesMissing) as refusal:
        home.certify()
    assert (refusal.value.good, refusal.value.threshold) == (2, 3)
    assert all(f"custodian {keepers(home)[gone].id}: " in refusal.value.troubles for gone in (0, 1, 3))
    home.server.role.close()
    troubles = home.server.role.custody_troubles()
    assert {number: (trouble.wrong, trouble.missing) for number, trouble in troubles.items()} == {
        keepers(home)[0].id: (0, 2),
        keepers(home)[1].id: (0, 1),
        keepers(home)[3].id: (0, 2),
    }


def test_a_custodian_that_lost_its_store_is_missing() -> None:
    home = household()
    keeper = keepers(home)[0]
    keeper.store.drop(keeper.store.shares(home.server.id, registered(home).commitment))
    home.certify()
    home.server.role.close()
    assert home.server.role.custody_troubles()[keeper.id].missing == 1


def wait_until(true: Callable[[], bool]) -> None:
    """The machine may be busy."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_silent_custodian_holds_nobody_up_and_no_threads_pile_up() -> None:
    home = household()
    quiet, silence = keepers(home)[2], threading.Event()
    before = threading.active_count()

    def silent(connection: Any, message: Any) -> object:
        silence.wait(30)
        return quiet.answer(connection, message)

    answered_by(home, quiet, silent)
    try:
        started = time.monotonic()
        for _ in range(12):
            home.certify()
        assert time.monotonic() - started < 12 * home.policy.custodian_patience
        wait_until(lambda: threading.active_count() - before <= 4)
        time.sleep(1.1)  # the policy's patience
        home.certify()
        assert home.server.role.custody_troubles()[quiet.id].missing >= 8
    finally:
        silence.set()
    home.server.role.close()
    wait_until(lambda: threading.active_count() <= before)


def test_too_many_silent_custodians_are_named_in_time() -> None:
    home = household()
    silence = threading.Event()
    quiet = keepers(home)[:3]
    for keeper in quiet:
        answered_by(home, keeper, lambda *_: silence.wait(30) or quiet[0])
    try:
        started = time.monotonic()
        with pytest.raises(SharesMissing) as refusal:
            home.certify()
        assert time.monotonic() - started < 3
        assert all(f"custodian {one.id}: it did not answer within 1 seconds" in refusal.value.troubles for one in quiet)
    finally:
        silence.set()
    home.server.role.close()


def test_a_fault_of_a_custodian_is_as_good_as_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    home = household()
    away(home, *keepers(home)[3:])

    def faulty(*_: Any) -> object:
        raise RuntimeError("a fault")

    answered_by(home, keepers(home)[0], faulty)
    with pytest.raises(SharesMissing, match="failed unexpectedly"):
        home.certify()


def test_a_fault_in_a_channel_is_told_to_whoever_waits() -> None:
    home = household()
    away(home, *keepers(home)[3:])
    channel = home.server.custodians[keepers(home)[0].id]
    channel.request = lambda *_: 1 / 0
    with pytest.raises(SharesMissing, match="ZeroDivisionError"):
        home.certify()


def test_a_custodian_whom_the_server_has_no_way_to_is_missing() -> None:
    home = household()
    for keeper in keepers(home)[:3]:
        del home.server.custodians[keeper.id]
    home.server.restart()
    with pytest.raises(SharesMissing, match="knows no way to it"):
        home.certify()


def test_a_key_that_was_never_divided_opens_nothing() -> None:
    """As in a management database from before there were custodians."""
    home = household()
    never = replace(registered(home), commitment=Digest(b"\x01" * 32))
    with pytest.raises(KeyDataUnreadable):
        home.server.role._equipment.custody.key(never)


# -------------------------------------------------------------------------------------------------------------- remembering


def asked(home: Household) -> list[int]:
    """Counts the questions that come to the custodians, from now on."""
    count = [0]
    for keeper in keepers(home):

        def counting(connection: Any, message: Any, keeper: Keeper = keeper) -> object:
            count[0] += message.kind == ShareQuestion.__name__
            return keeper.answer(connection, message)

        answered_by(home, keeper, counting)
    return count


def test_a_rebuilt_key_is_remembered_for_as_long_as_the_policy_says() -> None:
    home = household(replace(FORGETFUL, key_memory=(0, 0, 60)))
    count = asked(home)
    for _ in range(3):
        home.certify()
    home.server.role.close()
    assert count == [5]
    home.clock.seconds += 59
    home.certify()
    home.server.role.close()
    assert count == [5]
    home.clock.seconds += 1
    home.certify()
    home.server.role.close()
    assert count == [10]


def test_a_key_of_critical_risk_is_never_remembered() -> None:
    policy = CertificationPolicy(unlisted_risk=RiskLevel.CRITICAL, divisions=(Division(3, 5),) * 4)
    home = household(policy)
    count = asked(home)
    for _ in range(2):
        home.certify()
    home.server.role.close()
    assert count == [10]
    assert not any(home.server.role._equipment.custody.cache._kept.values())


def test_a_key_is_not_remembered_whose_registration_is_suspended_while_the_custodians_are_asked() -> None:
    """The session had read the chain before that, and goes on; but the next login has to ask again."""
    home = household(CertificationPolicy())
    keeper, number = keepers(home)[0], registered(home).id

    def suspended_first(conversation: Any, message: object) -> object:
        home.server.role.registrar.suspend(number)
        return keeper.answer(conversation, message)

    answered_by(home, keeper, suspended_first)
    away(home, *keepers(home)[3:])
    home.certify()
    assert home.server.role._equipment.custody.cache.get(registered(home).commitment) is None


def test_dividing_a_suspended_registrations_key_anew_leaves_it_nowhere_in_memory() -> None:
    home = household(CertificationPolicy())
    home.server.role.registrar.suspend(registered(home).id)
    assert home.server.role.registrar.redivide(registered(home).id) == 2
    assert home.server.role._equipment.custody.cache.get(registered(home).commitment) is None


def test_a_key_is_not_remembered_while_the_chain_does_not_say_that_its_registration_is_active(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = household(CertificationPolicy())
    custody, registration = home.server.role._equipment.custody, registered(home)

    def is_away(*_: object) -> Any:
        raise LedgerUnavailable("it is away")

    with monkeypatch.context() as patched:
        patched.setattr(type(home.server.ledger.registrations), "registration", is_away)
        with pytest.raises(LedgerUnavailable):
            custody.key(registration)
    assert custody.cache.get(registration.commitment) is None
    custody.key(registration)
    assert custody.cache.get(registration.commitment) is not None


@pytest.mark.parametrize("ending", ["suspend", "revoke", "report_lost", "supersede", "elsewhere"])
def test_a_key_is_forgotten_when_its_registration_ends(ending: str) -> None:
    home = household(CertificationPolicy())
    home.certify()
    cache, committed = home.server.role._equipment.custody.cache, registered(home).commitment
    assert cache.get(committed) is not None
    registrar, number = home.server.role.registrar, registered(home).id
    if ending == "supersede":
        home.register()
    elif ending == "report_lost":
        registrar.report_lost(home.phone.id, "operator", "left on a train")
    elif ending == "elsewhere":
        suspended_in_session(home, number)
    else:
        getattr(registrar, ending)(number)
    assert cache.get(committed) is None


def suspended_in_session(home: Household, number: RegistrationId) -> None:
    """By another process, between C6 and C10."""
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    home.account("certification server").registrations.suspend(number)
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(RegistrationNotActive):
        turned.ask(turned.forward(shown))


# -------------------------------------------------------------------------------------------------------------- re-division


def test_a_key_is_divided_anew_into_other_shares_of_the_same_key() -> None:
    home = household()
    before = stolen_key(home.account("a"), home.server.id, registered(home).commitment, keepers(home)[:3])
    first = division(home)
    assert home.server.role.registrar.redivide(registered(home).id) == 2
    after = stolen_key(home.account("a"), home.server.id, registered(home).commitment, keepers(home)[2:])
    assert after.value == before.value
    assert not {share.commitment for share in first.shares} & {share.commitment for share in division(home).shares}
    home.certify()
    home.server.role.close()
    assert held(home) == [[2]] * 5


def test_custodians_drop_old_shares_when_they_are_told_to_tidy_up() -> None:
    home = household()
    home.server.role.registrar.redivide(registered(home).id)
    assert held(home) == [[1, 2]] * 5
    assert [keeper.role.tidy() for keeper in keepers(home)] == [1] * 5
    assert held(home) == [[2]] * 5
    assert [keeper.role.tidy() for keeper in keepers(home)] == [0] * 5


def test_a_custodian_that_is_lost_is_replaced_by_a_new_division() -> None:
    home = household()
    lost = keepers(home)[0]
    away(home, lost)
    new = home.another_custodian()
    new.servers.append(home.server.id)
    new.restart()
    del home.server.custodians[lost.id]
    home.server.custodians[new.id] = new.channel(home.server.identity.party)
    home.server.restart()
    home.server.role.registrar.redivide(registered(home).id)
    assert {share.custodian for share in division(home).shares} == {keeper.id for keeper in keepers(home)[1:]}
    away(home, *keepers(home)[1:3])
    home.certify()
    assert lost.role.tidy() == 1
    assert held(home)[0] == []


def test_it_is_certified_all_the_time_while_keys_are_divided_anew() -> None:
    home = household()
    done, faults = threading.Event(), list[BaseException]()

    def certify() -> None:
        while not done.is_set():
            try:
                home.certify()
            except BaseException as fault:
                faults.append(fault)
                return

    certifying = threading.Thread(target=certify)
    certifying.start()
    for _ in range(8):
        home.server.role.registrar.redivide(registered(home).id)
    done.set()
    certifying.join()
    assert faults == []
    assert division(home).number == 9


@dataclass(frozen=True, slots=True)
class FusedCustody:
    """A ledger whose custody contract touches the fuse."""

    ledger: Any
    custody: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


def fused_home(fault: Callable[[], BaseException]) -> tuple[Household, Fuse]:
    """A household whose custody fails at one moment: at each custodian, in its store, and at the chain, before and after."""
    fuse, accounts = Fuse(fault), MemoryAccounts()

    def account(name: str) -> Any:
        ledger = accounts(name)
        return FusedCustody(ledger, Fused(ledger.custody, fuse, ("divide",)))

    home = household(account=account)
    for keeper in keepers(home):
        keeper.store = Fused(keeper.store, fuse, ("put", "drop"))
        keeper.restart()
    return home, fuse


FAULTS = (
    lambda: StorageUnavailable("the disk is full"),
    lambda: LedgerTimeout("divide", "0x00"),
    lambda: LedgerUnavailable("the node is gone"),
    lambda: RuntimeError("a fault"),
)


@pytest.mark.parametrize("fault", FAULTS, ids=["disk", "timeout", "ledger", "fault"])
def test_a_new_division_that_is_cut_off_anywhere_leaves_the_server_serving(fault: Callable[[], BaseException]) -> None:
    """At every moment in turn; afterwards everything starts again, certifies, and the key is divided anew to the end."""
    for moment in range(1, 100):
        home, fuse = fused_home(fault)
        fuse.arm(moment)
        try:
            home.server.role.registrar.redivide(registered(home).id)
            failed = False
        except Exception:
            failed = True
        burnt = fuse.disarm()
        home.server.role.close()
        for keeper in keepers(home):
            keeper.restart()
        home.server.restart()
        home.certify()
        home.server.role.close()
        number = home.server.role.registrar.redivide(registered(home).id)
        assert number == division(home).number >= 2
        home.certify()
        home.server.role.close()
        assert held(home) == [[number]] * 5
        if not burnt:
            break
        assert failed
    assert moment > 10


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A custody contract that another reaches first."""

    inner: Any
    divide: Callable[..., None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_of_two_divisions_at_once_one_is_made_and_the_other_refused_and_the_server_serves() -> None:
    """Another process of the same server was faster, after this one had deposited its shares."""
    home = household()
    ledger = home.server.ledger
    elsewhere = home.server.role.registrar

    def overtaken(*arguments: Any) -> None:
        elsewhere.redivide(registered(home).id)
        ledger.custody.divide(*arguments)

    home.server.ledger = FusedCustody(ledger, Overtaken(ledger.custody, overtaken))
    home.server.restart()
    with pytest.raises(DivisionNumberMismatch):
        home.server.role.registrar.redivide(registered(home).id)
    home.certify()
    home.server.role.close()
    assert division(home).number == 2
    assert held(home) == [[2]] * 5


def test_a_division_that_the_custodians_have_no_shares_of_takes_none_from_them() -> None:
    """Who has the server's account on the chain can divide on paper: what the custodians keep stays, for whoever mends it."""
    home = household()
    empty = [replace(share, commitment=Digest(bytes([9] * 32))) for share in division(home).shares]
    home.account("certification server").custody.divide(registered(home).commitment, 2, 3, empty)
    with pytest.raises(SharesMissing):
        home.certify()
    assert [keeper.role.tidy() for keeper in keepers(home)] == [0] * 5
    assert held(home) == [[1]] * 5


def test_the_servers_keys_may_change_between_divisions() -> None:
    """The shares are the custodians'; questions and deposits count under the keys in force."""
    home = household()
    keys = KeyPair.generate()
    home.account("authority").registrations.rotate_service_keys(home.server.id, keys.public)
    home.server.identity = replace(home.server.identity, keys=keys)
    home.server.restart()
    assert home.server.role.registrar.redivide(registered(home).id) == 2


def test_what_crosses_to_a_custodian_is_a_deposit_and_a_question() -> None:
    home = Household(policy=FORGETFUL)
    kinds = list[str]()
    keeper = keepers(home)[0]

    def listening(connection: Any, message: Any) -> object:
        kinds.append(message.kind)
        return keeper.answer(connection, message)

    answered_by(home, keeper, listening)
    home.lock.restart()
    home.register()
    home.certify()
    home.server.role.close()
    assert kinds == [ShareDeposit.__name__, ShareQuestion.__name__]
