"""Attack: a custodian lies, or answers where it should not; somebody says to a custodian what it should not believe."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certchain.channel import MemoryChannel
from certchain.encoding.custody import share_answer_context, share_deposit_context
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import (
    CertchainError,
    CustodianRefused,
    MalformedMessage,
    MalformedValue,
    SealInvalid,
    ShareRepeated,
    SharesMissing,
    SharesNotKept,
    ShareUnknown,
    ShareWrong,
    WrongRecipient,
    WrongSigner,
)
from certchain.keys import KeyPair, seal_to
from certchain.models.certification import Signed
from certchain.models.custody import (
    NONCE_LENGTH,
    KeyShare,
    ShareAnswer,
    ShareDeposit,
    ShareKept,
    ShareQuestion,
)
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId, device_party, service_party
from certchain.roles import custodian
from certchain.verification.policy import CertificationPolicy
from certchain.verification.statement import Identity
from tests.custodians import Keeper, newest_division, stolen_share
from tests.divided import division, keepers, registered
from tests.household import SECRET, Household

Answering = Callable[[ShareQuestion], Signed]


@pytest.fixture
def home() -> Household:
    home = Household(policy=CertificationPolicy(key_memory=(0, 0, 0), custodian_patience=2.0))
    home.register()
    return home


def answer(home: Household, liar: Keeper, asked: ShareQuestion, share: KeyShare, **other: Any) -> Signed:
    """As the custodian answers, but with another share, or another field."""
    context = share_answer_context(home.server.identity.network, asked)
    sealed = seal_to(home.server.identity.keys.public.exchange, context, to_cbor(share))
    said = ShareAnswer(asked.custodian, asked.commitment, asked.number, asked.nonce, sealed)
    return liar.identity.sign(replace(said, **other))


def lie(home: Household, liar: Keeper, answering: Callable[[ShareQuestion], object]) -> None:
    """The custodian answers questions in another way from now on."""

    def lying(connection: Any, message: Any) -> object:
        if message.kind == ShareQuestion.__name__:
            return answering(from_cbor(ShareQuestion, message.body))
        return liar.answer(connection, message)

    asker, answerer = home.server.identity.party, liar.identity.party
    home.server.custodians[liar.id] = MemoryChannel(lying, asker=asker, answerer=answerer)
    home.server.restart()


def other_registration(home: Household) -> Digest:
    """A second registration, with shares of the same custodians."""
    phone = home.another_phone("b2")
    home.server.role.registrar.permit(home.alice, phone.id, home.lock.id)
    phone.role.register(home.lock.channel(phone.identity.party), home.alice, home.lock.id, home.method, SECRET)
    ledger = home.account("anyone").registrations
    found: Digest = ledger.registration(ledger.latest_registration(phone.id, home.lock.id)).commitment
    return found


def a_wrong_share(home: Household, liar: Keeper) -> Answering:
    true = stolen_share(liar, home.server.id, division(home))
    return lambda asked: answer(home, liar, asked, replace(true, value=secrets.token_bytes(32)))


def a_share_with_one_bit_turned(home: Household, liar: Keeper) -> Answering:
    true = stolen_share(liar, home.server.id, division(home))
    turned = true.value[:-1] + bytes([true.value[-1] ^ 1])
    return lambda asked: answer(home, liar, asked, replace(true, value=turned))


def a_share_of_another_registration(home: Household, liar: Keeper) -> Answering:
    other = stolen_share(liar, home.server.id, newest_division(home.account("a"), other_registration(home)))
    return lambda asked: answer(home, liar, asked, other)


def an_old_divisions_share(home: Household, liar: Keeper) -> Answering:
    old = stolen_share(liar, home.server.id, division(home))
    home.server.role.registrar.redivide(registered(home).id)
    return lambda asked: answer(home, liar, asked, old)


def a_share_with_another_index(home: Household, liar: Keeper) -> Answering:
    true = stolen_share(liar, home.server.id, division(home))
    return lambda asked: answer(home, liar, asked, replace(true, index=true.index % 5 + 1))


def another_custodians_share(home: Household, liar: Keeper) -> Answering:
    other = next(keeper for keeper in keepers(home) if keeper.id != liar.id)
    share = stolen_share(other, home.server.id, division(home))
    return lambda asked: answer(home, liar, asked, share)


def a_share_under_another_nonce(home: Household, liar: Keeper) -> Answering:
    true = stolen_share(liar, home.server.id, division(home))
    return lambda asked: answer(home, liar, asked, true, nonce=bytes(NONCE_LENGTH))


def an_answer_to_an_earlier_question(home: Household, liar: Keeper) -> Answering:
    """A true one, as it was given once."""
    asked = ShareQuestion(home.server.id, liar.id, registered(home).commitment, 1, bytes(NONCE_LENGTH))
    true = stolen_share(liar, home.server.id, division(home))
    old = answer(home, liar, asked, true)
    return lambda _: old


def an_earlier_answer_under_the_new_nonce(home: Household, liar: Keeper) -> Answering:
    """Its seal names the earlier question."""
    earlier = from_cbor(ShareAnswer, an_answer_to_an_earlier_question(home, liar)(None).body)  # type: ignore[arg-type]
    return lambda asked: liar.identity.sign(replace(earlier, nonce=asked.nonce))


def an_answer_in_another_custodians_name(home: Household, liar: Keeper) -> Answering:
    other = next(keeper for keeper in keepers(home) if keeper.id != liar.id)
    true = stolen_share(liar, home.server.id, division(home))
    return lambda asked: answer(home, other, asked, true)


def an_answer_under_other_keys(home: Household, liar: Keeper) -> Answering:
    true = stolen_share(liar, home.server.id, division(home))
    stranger = replace(liar, identity=Identity(liar.identity.network, liar.identity.party, KeyPair.generate()))
    return lambda asked: answer(home, stranger, asked, true)


def something_else(home: Household, liar: Keeper) -> Answering:
    return lambda _: liar.identity.sign(ShareKept(liar.id, registered(home).commitment, 1, Digest(bytes(32))))


def a_share_that_is_too_long(home: Household, liar: Keeper) -> Answering:
    true = stolen_share(liar, home.server.id, division(home))
    return lambda asked: answer(home, liar, asked, replace(true, value=true.value + bytes(1)))


def a_share_sealed_to_somebody_else(home: Household, liar: Keeper) -> Answering:
    true = stolen_share(liar, home.server.id, division(home))

    def elsewhere(asked: ShareQuestion) -> Signed:
        context = share_answer_context(home.server.identity.network, asked)
        return answer(
            home, liar, asked, true, sealed=seal_to(KeyPair.generate().public.exchange, context, to_cbor(true))
        )

    return elsewhere


LIES = (
    a_wrong_share,
    a_share_with_one_bit_turned,
    a_share_of_another_registration,
    an_old_divisions_share,
    a_share_with_another_index,
    another_custodians_share,
    a_share_under_another_nonce,
    an_answer_to_an_earlier_question,
    an_earlier_answer_under_the_new_nonce,
    an_answer_in_another_custodians_name,
    an_answer_under_other_keys,
    something_else,
    a_share_that_is_too_long,
    a_share_sealed_to_somebody_else,
)


@pytest.mark.parametrize("told", LIES, ids=lambda lie: lie.__name__)
@pytest.mark.filterwarnings("error")
def test_one_liar_among_enough_custodians_is_named_and_certification_goes_on(
    home: Household, told: Callable[[Household, Keeper], Answering], caplog: pytest.LogCaptureFixture
) -> None:
    liar = keepers(home)[1]
    lie(home, liar, told(home, liar))
    home.certify()
    home.server.role.close()
    assert {number: trouble.wrong for number, trouble in home.server.role.custody_troubles().items()} == {liar.id: 1}
    assert any(f"Custodian {liar.id} gave something wrong" in text for text in caplog.messages)
    assert "ERROR" in {entry.levelname for entry in caplog.records}


@pytest.mark.parametrize("told", LIES, ids=lambda lie: lie.__name__)
def test_too_many_liars_are_all_named_and_nobody_is_certified(
    home: Household, told: Callable[[Household, Keeper], Answering]
) -> None:
    liars = keepers(home)[:1] if told is an_old_divisions_share else keepers(home)[:3]
    for liar in liars:
        lie(home, liar, told(home, liar))
    away(home, *keepers(home)[len(liars) : 3])
    with pytest.raises(SharesMissing) as refusal:
        home.certify()
    assert (refusal.value.good, refusal.value.threshold) == (2, 3)
    assert all(f"custodian {liar.id}: " in refusal.value.troubles for liar in liars)
    assert (home.server.last().step, home.server.last().reason) == ("C12", "SharesMissing")
    assert home.lock.done == []


def away(home: Household, *absent: Keeper) -> None:
    for keeper in absent:
        home.server.custodians[keeper.id].close()


def test_a_custodian_that_acknowledges_another_share_is_named_and_nothing_is_registered(home: Household) -> None:
    """Nothing is on the chain, and the permit serves again."""
    liar = keepers(home)[2]

    def lying(connection: Any, message: Any) -> object:
        kept = from_cbor(ShareKept, liar.role.answer(connection, message).body)
        return liar.identity.sign(replace(kept, share_commitment=Digest(bytes(32))))

    true = home.server.custodians[liar.id]
    home.server.custodians[liar.id] = MemoryChannel(lying, asker=true._other_end.peer, answerer=liar.identity.party)
    with pytest.raises(SharesNotKept) as refusal:
        home.register()
    assert refusal.value.troubles == f"custodian {liar.id}: it acknowledges another share"
    assert home.account("anyone").registrations.registration_count() == 1
    home.server.custodians[liar.id] = true
    home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)
    assert registered(home).version == 2


# ----------------------------------------------------------------------------------------------- what a custodian believes


def ask(keeper: Keeper, sender: Identity, message: object, peer: Any = None) -> Signed:
    return keeper.channel(peer or sender.party).request(sender.sign(message), Signed)


def question(home: Household, keeper: Keeper, **other: Any) -> ShareQuestion:
    asked = ShareQuestion(home.server.id, keeper.id, registered(home).commitment, 1, secrets.token_bytes(NONCE_LENGTH))
    return replace(asked, **other)


def deposit(home: Household, keeper: Keeper, share: KeyShare, **other: Any) -> ShareDeposit:
    """For the next division, sealed for what it says."""
    server = other.pop("server", home.server.id)
    made = replace(ShareDeposit(server, keeper.id, registered(home).commitment, 2, b""), **other)
    named = (made.server, keeper.id, made.commitment, made.number)
    context = share_deposit_context(home.server.identity.network, *named)
    return replace(made, sealed=seal_to(keeper.identity.keys.public.exchange, context, to_cbor(share)))


def test_the_custodian_answers_its_own_server(home: Household) -> None:
    """The control of what follows."""
    keeper = keepers(home)[0]
    signed = ask(keeper, home.server.identity, question(home, keeper))
    assert from_cbor(ShareAnswer, signed.body).custodian == keeper.id
    kept = ask(keeper, home.server.identity, deposit(home, keeper, KeyShare(1, bytes(32))))
    assert from_cbor(ShareKept, kept.body).number == 2


def test_another_enrolled_server_gets_no_share(home: Household) -> None:
    """Neither in its own name, nor in that of the server whose share it is, and also when it is one of the custodian's own."""
    keeper = keepers(home)[0]
    keys = KeyPair.generate()
    service = home.account("authority").registrations.enrol_service(keys.public)
    stranger = Identity(home.server.identity.network, service_party(service), keys)
    with pytest.raises(CustodianRefused):
        ask(keeper, stranger, question(home, keeper, server=ServiceId(service)))
    keeper.servers.append(service)
    keeper.restart()
    with pytest.raises(ShareUnknown):
        ask(keeper, stranger, question(home, keeper, server=service))
    with pytest.raises(WrongSigner):
        ask(keeper, stranger, question(home, keeper))


def test_only_a_service_is_a_certification_server(home: Household) -> None:
    """A device may have the server's number."""
    keeper = keepers(home)[0]
    device = replace(home.lock.identity, party=device_party(home.lock.id))
    keeper.servers.append(ServiceId(home.lock.id))
    keeper.restart()
    with pytest.raises(CustodianRefused):
        ask(keeper, device, question(home, keeper, server=ServiceId(home.lock.id)))


def test_a_question_over_another_peers_channel_is_refused(home: Household) -> None:
    keeper, other = keepers(home)[:2]
    with pytest.raises(WrongSigner):
        ask(keeper, home.server.identity, question(home, keeper), peer=other.identity.party)


def test_a_question_for_another_custodian_is_refused(home: Household) -> None:
    keeper, other = keepers(home)[:2]
    with pytest.raises(WrongRecipient):
        ask(keeper, home.server.identity, question(home, other))


def test_a_repeated_question_is_refused(home: Household) -> None:
    keeper = keepers(home)[0]
    asked = question(home, keeper)
    ask(keeper, home.server.identity, asked)
    with pytest.raises(ShareRepeated):
        ask(keeper, home.server.identity, asked)


def test_of_many_questions_the_latest_are_remembered(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many that nobody fills the custodian's memory; what is forgotten was sealed for its own nonce, and for its server."""
    monkeypatch.setattr(custodian, "REMEMBERED", 2)
    keeper = keepers(home)[0]
    asked = [question(home, keeper) for _ in range(3)]
    for one in asked:
        ask(keeper, home.server.identity, one)
    for one in asked[1:]:
        with pytest.raises(ShareRepeated):
            ask(keeper, home.server.identity, one)
    ask(keeper, home.server.identity, asked[0])


def test_a_question_with_a_short_nonce_is_refused(home: Household) -> None:
    keeper = keepers(home)[0]
    with pytest.raises(MalformedValue):
        ask(keeper, home.server.identity, question(home, keeper, nonce=b"1"))


def test_a_custodians_or_servers_own_answers_sent_back_to_a_custodian_are_refused(home: Household) -> None:
    """Nothing that was signed as an answer is taken for a deposit or a question."""
    keeper = keepers(home)[0]
    given = ask(keeper, home.server.identity, question(home, keeper))
    kept = ShareKept(keeper.id, registered(home).commitment, 1, Digest(bytes(32)))
    for sent in (given, keeper.identity.sign(kept), home.server.identity.sign(kept)):
        with pytest.raises(MalformedMessage):
            keeper.channel(sent.signer).request(sent, Signed)
    with pytest.raises(MalformedMessage):
        keeper.channel(home.server.identity.party).request(question(home, keeper), Signed)
    disguised = replace(home.server.identity.sign(kept), kind=ShareQuestion.__name__)
    with pytest.raises(CertchainError):
        keeper.channel(home.server.identity.party).request(disguised, Signed)


def test_a_share_that_the_chain_has_no_commitment_to_is_not_kept_for_a_division_that_it_has(home: Household) -> None:
    keeper = keepers(home)[0]
    with pytest.raises(ShareWrong):
        ask(keeper, home.server.identity, deposit(home, keeper, KeyShare(1, bytes(32)), number=1))
    true = stolen_share(keeper, home.server.id, division(home))
    again = ask(keeper, home.server.identity, deposit(home, keeper, true, number=1))
    assert from_cbor(ShareKept, again.body).number == 1


@pytest.mark.parametrize("number", [0, 3, 2**63])
def test_a_share_of_a_division_that_cannot_come_next_is_not_kept(home: Household, number: int) -> None:
    keeper = keepers(home)[0]
    with pytest.raises(ShareUnknown):
        ask(keeper, home.server.identity, deposit(home, keeper, KeyShare(1, bytes(32)), number=number))


def test_a_share_for_another_custodian_is_not_kept(home: Household) -> None:
    """Neither is one that names this one, but is sealed for the other."""
    keeper, other = keepers(home)[:2]
    with pytest.raises(WrongRecipient):
        ask(keeper, home.server.identity, deposit(home, other, KeyShare(1, bytes(32))))
    misled = replace(deposit(home, other, KeyShare(1, bytes(32))), custodian=keeper.id)
    with pytest.raises(SealInvalid):
        ask(keeper, home.server.identity, misled)


def test_a_deposit_sealed_for_another_registration_is_not_kept(home: Household) -> None:
    keeper = keepers(home)[0]
    moved = replace(deposit(home, keeper, KeyShare(1, bytes(32))), commitment=Digest(b"\x01" * 32), number=1)
    with pytest.raises(SealInvalid):
        ask(keeper, home.server.identity, moved)


def test_a_share_of_another_length_is_not_kept(home: Household) -> None:
    keeper = keepers(home)[0]
    with pytest.raises(MalformedValue):
        ask(keeper, home.server.identity, deposit(home, keeper, KeyShare(1, bytes(31))))
    with pytest.raises(ShareUnknown):
        ask(keeper, home.server.identity, question(home, keeper, number=2))


def test_a_changed_store_is_noticed_by_the_custodian_itself(home: Household) -> None:
    """The share of another registration in the place of this one's does not open there."""
    keeper = keepers(home)[0]
    (kept,) = keeper.store.shares(home.server.id, registered(home).commitment)
    (other,) = keeper.store.shares(home.server.id, other_registration(home))
    keeper.store.put(replace(kept, sealed=other.sealed))
    with pytest.raises(SealInvalid):
        ask(keeper, home.server.identity, question(home, keeper))
