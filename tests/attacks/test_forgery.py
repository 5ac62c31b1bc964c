"""Attack: forge what another party says."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import grant_context, transcript_digest
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import (
    CommandRefused,
    KeyNotInForce,
    LoginRefused,
    MalformedMessage,
    MalformedValue,
    OutcomeForged,
    SealInvalid,
    SignatureInvalid,
    UnknownDevice,
    WrongSigner,
)
from certchain.keys import KeyPair, seal_to
from certchain.models.application import (
    LoginGrant,
    LoginGrantKept,
    RegistrationAnswer,
    RegistrationGrant,
)
from certchain.models.certification import (
    Certification,
    LoginFailure,
    LoginFailureNoted,
    SessionOpened,
    SessionOutcome,
    Signed,
)
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, RegistrationId, device_party
from certchain.models.registration import PublicKeys
from certchain.verification.statement import Identity
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, Wiretap, certification, rebuilt, tap_lock, tap_server


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


# -------------------------------------------------------------------------------------------------- the server's word


def forged(home: Household, tap: Wiretap, model: type, **changes: Any) -> None:
    """The server's word, changed by whoever sits at the tap, with keys of their own under the server's name."""
    liar = Identity(home.server.identity.network, home.server.identity.party, KeyPair.generate())

    def change(answer: Any) -> Any:
        if isinstance(answer, Signed) and answer.kind == model.__name__:
            return liar.sign(replace(from_cbor(model, answer.body), **changes))
        return answer

    tap.answer = change


def test_an_outcome_under_other_keys_is_refused_by_the_lock(home: Household) -> None:
    forged(home, tap_server(home.lock), SessionOutcome)
    with pytest.raises(OutcomeForged, match="C14"):
        home.certify()
    assert home.lock.role._sessions.conversations._stages == {}


def test_an_outcome_under_the_servers_public_keys_is_refused_by_the_lock(home: Household) -> None:
    tap, keys = tap_server(home.lock), home.server.identity.keys.public

    def change(answer: Any) -> Any:
        return replace(answer, signature=bytes(64)) if answer.kind == SessionOutcome.__name__ else answer

    tap.answer = change
    with pytest.raises(OutcomeForged, match="C14"):
        home.certify()
    assert tap.answered[-1].keys == keys


def test_an_outcome_of_an_enrolled_device_is_not_the_servers(home: Household) -> None:
    """The lock itself has valid keys, but is not the server."""
    tap = tap_lock(home.lock)

    def change(answer: Any) -> Any:
        if isinstance(answer, Signed) and answer.kind == SessionOutcome.__name__:
            return home.lock.identity.sign(from_cbor(SessionOutcome, answer.body))
        return answer

    tap.answer = change
    with pytest.raises(OutcomeForged, match="C14"):
        home.phone.role.certify(tap.channel(), home.lock.id, SECRET)


def test_a_genuine_outcome_of_another_session_is_refused_by_the_lock(home: Household) -> None:
    """A thief at the server's door repeats yesterday's good outcome."""
    tap = tap_server(home.lock)
    home.certify()
    good = tap.answered[-1]
    tap.answer = lambda answer: good if answer.kind == SessionOutcome.__name__ else answer
    with pytest.raises(OutcomeForged, match="another session"):
        home.certify()


def test_a_genuine_outcome_of_another_session_is_refused_by_the_phone(home: Household) -> None:
    tap = tap_lock(home.lock)
    home.phone.role.certify(tap.channel(), home.lock.id, SECRET)
    good = tap.answered[-1]
    tap.answer = lambda answer: good if getattr(answer, "kind", "") == SessionOutcome.__name__ else answer
    with pytest.raises(OutcomeForged, match="another session"):
        home.phone.role.certify(tap.channel(), home.lock.id, SECRET)


def test_an_outcome_over_another_transcript_is_refused(home: Household) -> None:
    """Signed by the server, for the same session: but not for what the lock and the phone have seen."""
    tap = tap_server(home.lock)

    def change(answer: Any) -> Any:
        if answer.kind != SessionOutcome.__name__:
            return answer
        outcome = from_cbor(SessionOutcome, answer.body)
        return home.server.identity.sign(replace(outcome, transcript=Digest(bytes(32))))

    tap.answer = change
    with pytest.raises(OutcomeForged, match="another session"):
        home.certify()


def test_a_session_opened_under_other_keys_is_refused(home: Household) -> None:
    forged(home, tap_server(home.lock), SessionOpened)
    with pytest.raises(OutcomeForged, match="C6"):
        home.certify()


@pytest.mark.parametrize(
    "change", [{"user": 77}, {"user_device": 77}, {"device": 77}, {"server": 77}, {"session": b""}]
)
def test_a_session_opened_for_others_is_refused_by_lock_and_phone(home: Household, change: dict[str, Any]) -> None:
    turn = {"at": 0}

    def swap(answer: Any) -> Any:
        opened = answer if isinstance(answer, Signed) else getattr(answer, "opened", None)
        if opened is None or opened.kind != SessionOpened.__name__:
            return answer
        turn["at"] += 1
        changed = home.server.identity.sign(replace(from_cbor(SessionOpened, opened.body), **change))
        return changed if isinstance(answer, Signed) else replace(answer, opened=changed)

    to_server = tap_server(home.lock)
    to_server.answer = swap
    with pytest.raises(OutcomeForged, match="C6"):
        home.certify()
    to_server.answer = lambda answer: answer
    to_lock = tap_lock(home.lock)
    to_lock.answer = swap
    with pytest.raises(OutcomeForged, match="C6"):
        home.phone.role.certify(to_lock.channel(), home.lock.id, SECRET)
    assert turn["at"] == 2


def test_a_challenge_of_another_length_is_not_answered(home: Household) -> None:
    tap = tap_lock(home.lock)
    tap.answer = lambda answer: replace(answer, challenge=b"") if hasattr(answer, "opened") else answer
    with pytest.raises(Exception, match="C8"):
        home.phone.role.certify(tap.channel(), home.lock.id, SECRET)
    assert tap.of(Certification) == []


# --------------------------------------------------------------------------------------------------- login failures


def failure(home: Household, **changes: Any) -> LoginFailure:
    fields: dict[str, Any] = {
        "device": home.lock.id,
        "server": home.server.id,
        "user": home.alice,
        "user_device": home.phone.id,
        "attempts": 5,
        "locked": True,
        "nonce": bytes(16),
    }
    return LoginFailure(**fields | changes)


def test_a_stranger_cannot_report_a_login_failure(home: Household) -> None:
    liar = Identity(home.lock.identity.network, home.lock.identity.party, KeyPair.generate())
    with pytest.raises(KeyNotInForce):
        home.server.channel().request(liar.sign(failure(home)), Signed)
    assert home.server.entries() == []


def test_a_report_with_a_broken_signature_leaves_no_entry(home: Household) -> None:
    signed = home.lock.identity.sign(failure(home))
    with pytest.raises(SignatureInvalid):
        home.server.channel().request(replace(signed, signature=bytes(64)), Signed)
    assert home.server.entries() == []


def test_a_device_cannot_report_failures_at_another_device(home: Household) -> None:
    gate = home.another_lock("gate")
    with pytest.raises(WrongSigner):
        home.server.channel(gate.identity.party).request(gate.identity.sign(failure(home)), Signed)
    assert home.server.entries() == []


def test_a_phone_cannot_report_failures(home: Household) -> None:
    with pytest.raises(WrongSigner):
        home.server.channel(home.phone.identity.party).request(home.phone.identity.sign(failure(home)), Signed)
    assert home.server.entries() == []


def test_a_device_that_was_never_enrolled_leaves_no_entry(home: Household) -> None:
    ghost = Identity(home.lock.identity.network, device_party(DeviceId(999)), KeyPair.generate())
    with pytest.raises(UnknownDevice):
        home.server.channel(ghost.party).request(ghost.sign(failure(home, device=999)), Signed)
    assert home.server.entries() == []


def test_a_repeated_report_is_one_entry(home: Household) -> None:
    """Its answer was lost, or someone repeats it."""
    signed = home.lock.identity.sign(failure(home))
    first = home.server.channel().request(signed, Signed)
    again = home.server.channel().request(signed, Signed)
    assert first.body == again.body
    assert len(home.server.entries()) == 1


def test_a_report_with_a_nonce_of_another_length_is_refused(home: Household) -> None:
    with pytest.raises(MalformedValue):
        home.server.channel().request(home.lock.identity.sign(failure(home, nonce=b"")), Signed)


@pytest.mark.parametrize("step", ["", "C13", "C9 and much more" * 1000])
def test_a_report_of_another_step_does_not_reach_the_log(home: Household, step: str) -> None:
    with pytest.raises(MalformedValue):
        home.server.channel().request(home.lock.identity.sign(failure(home, step=step)), Signed)
    assert home.server.entries() == []


@pytest.mark.parametrize("forger", ["a stranger", "another report"])
def test_a_forged_receipt_does_not_make_the_lock_forget_a_failure(home: Household, forger: str) -> None:
    """Whoever sits between lock and server swallows reports, and says that they were noted."""
    tap = tap_server(home.lock)

    def answer(genuine: Any) -> Any:
        if genuine.kind != LoginFailureNoted.__name__:
            return genuine
        if forger == "a stranger":
            return Identity(b"\0" * 32, genuine.signer, KeyPair.generate()).sign(LoginFailureNoted(0, bytes(16), 0))
        return home.server.identity.sign(LoginFailureNoted(0, bytes(16), 0))

    tap.answer = answer
    with pytest.raises(LoginRefused):
        home.certify("open sesame")
    assert len(home.lock.role._logins.book().unreported) == 1
    tap.answer = lambda genuine: genuine
    home.certify()
    assert home.lock.role._logins.book().unreported == ()
    assert home.outcomes() == [("C2", "LoginRefused"), ("C13", "")]


# ------------------------------------------------------------------------------------------------------- one key swapped


def swapped(keys: PublicKeys, **changes: bytes) -> PublicKeys:
    return replace(keys, **changes)


def test_one_key_of_the_pair_swapped_is_not_the_pair_in_force(home: Household) -> None:
    """The thumbprint covers both keys: a signing key of the thief's beside the phone's genuine exchange key is refused, and the reverse."""
    thief = KeyPair.generate()
    genuine = home.phone.identity.keys.public
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), thief)
    with pytest.raises(KeyNotInForce):
        turned.ask(turned.forward(replace(shown, keys=swapped(genuine, signing=thief.public.signing))))
    turned.challenge = b"\x33" * 32
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(KeyNotInForce):
        turned.ask(turned.forward(replace(shown, keys=swapped(genuine, exchange=thief.public.exchange))))


def test_one_key_of_a_statements_pair_swapped_is_refused(home: Household) -> None:
    thief, turned = KeyPair.generate(), TurnedLock(home)
    signed = turned.statement(home.phone.identity)
    with pytest.raises(KeyNotInForce):
        turned.open(replace(signed, keys=swapped(signed.keys, exchange=thief.public.exchange)))


def test_a_phone_seals_its_second_factor_to_no_other_exchange_key_than_the_servers_in_force(home: Household) -> None:
    thief = KeyPair.generate()
    home.phone.server_keys = swapped(home.phone.server_keys, exchange=thief.public.exchange)
    home.phone.restart()
    with pytest.raises(KeyNotInForce):
        home.register()


# ------------------------------------------------------------------------------------------------------------- grants


def granted(home: Household, change: Any) -> None:
    """The phone applies, and gets another answer than the server gave."""
    tap = Wiretap(home.server.answer, home.phone.identity.party, home.server.identity.party, answer=change)
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, SECRET)


def resealed(home: Household, **changes: Any) -> Any:
    """The server's own grant, signed by it, but with something else in it."""
    context = grant_context(home.server.identity.network, home.phone.id, home.lock.id, home.server.id)

    def change(answer: Any) -> Any:
        signed = from_cbor(Signed, home.phone.identity.keys.open(context, answer.sealed_grant))
        grant = replace(from_cbor(RegistrationGrant, signed.body), **changes)
        sealed = seal_to(home.phone.identity.keys.public.exchange, context, to_cbor(home.server.identity.sign(grant)))
        return replace(answer, sealed_grant=sealed)

    return change


def test_a_grant_under_a_broken_seal_is_refused(home: Household) -> None:
    with pytest.raises(SealInvalid):
        granted(home, lambda answer: replace(answer, sealed_grant=answer.sealed_grant[:-1] + b"\0"))


@pytest.mark.parametrize("change", [{"user": 77}, {"device": 77}, {"user_device": 77}, {"server": 77}, {"method": 77}])
def test_a_grant_for_another_application_is_refused(home: Household, change: dict[str, Any]) -> None:
    with pytest.raises(OutcomeForged, match="another application"):
        granted(home, resealed(home, **change))


@pytest.mark.parametrize("change", [{"salt": bytes(32)}, {"third_factor": Digest(bytes(32))}])
def test_a_grant_that_does_not_lead_to_the_chains_commitment_is_refused(
    home: Household, change: dict[str, Any]
) -> None:
    with pytest.raises(OutcomeForged, match="another R"):
        granted(home, resealed(home, **change))


def test_a_grant_of_the_old_registration_is_refused(home: Household) -> None:
    with pytest.raises(OutcomeForged):
        granted(home, resealed(home, registration=1))


def test_a_grant_of_anothers_registration_is_refused(home: Household) -> None:
    gate = home.another_lock("gate")
    home.server.role.registrar.permit(home.alice, home.phone.id, gate.id)
    home.phone.role.register(gate.channel(), home.alice, gate.id, home.method, SECRET)

    def change(answer: Any) -> Any:
        login = replace(from_cbor(LoginGrant, answer.login_grant.body), registration=RegistrationId(2))
        return replace(resealed(home, registration=2)(answer), login_grant=home.server.identity.sign(login))

    with pytest.raises(OutcomeForged, match="for others"):
        granted(home, change)


def test_a_login_grant_with_another_verifier_is_refused(home: Household) -> None:
    def change(answer: RegistrationAnswer) -> RegistrationAnswer:
        login = replace(from_cbor(LoginGrant, answer.login_grant.body), login_verifier=bytes(32))
        return replace(answer, login_grant=home.server.identity.sign(login))

    with pytest.raises(OutcomeForged, match="login grant"):
        granted(home, change)


def test_a_login_grant_by_the_phone_itself_is_refused_by_the_lock(home: Household) -> None:
    grant = LoginGrant(RegistrationId(1), home.alice, home.phone.id, home.lock.id, home.server.id, bytes(32))
    with pytest.raises(WrongSigner):
        home.lock.channel().request(home.phone.identity.sign(grant), LoginGrantKept)


# ------------------------------------------------------------------------------------------------------------ garbage


def test_what_no_party_answers_is_refused_and_leaves_no_entry(home: Household) -> None:
    """Strangers cannot fill the log."""
    nonsense = home.phone.identity.sign(LoginFailureNoted(0, bytes(16), 0))
    for channel in (home.server.channel(home.phone.identity.party), home.lock.channel()):
        with pytest.raises(MalformedMessage):
            channel.request(nonsense, Signed)
    assert home.server.entries() == []


def test_a_statement_in_place_of_another_kind_does_not_verify(home: Household) -> None:
    """The kind is in what was signed."""
    signed = home.lock.identity.sign(failure(home))
    with pytest.raises(SignatureInvalid):
        home.server.channel().request(replace(signed, kind="CertificationForward"), Signed)


def test_numbers_beyond_every_identifier_are_refused_by_name(home: Household) -> None:
    giant = Identity(home.lock.identity.network, home.lock.identity.party, home.lock.identity.keys)
    signed = replace(giant.sign(failure(home)), signer=device_party(DeviceId(2**70)))
    with pytest.raises((MalformedValue, UnknownDevice)):
        home.server.channel(signed.signer).request(signed, Signed)
    assert home.server.entries() == []


def test_the_transcripts_digest_in_the_outcome_is_the_one_that_both_ends_have(home: Household) -> None:
    """The control: an untouched session ends with one transcript at all three parties."""
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    session = turned.transcript(opened)
    shown = certification(session, rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    outcome = from_cbor(SessionOutcome, turned.ask(turned.forward(shown)).body)
    assert outcome.transcript == transcript_digest(session)
    with pytest.raises(CommandRefused):
        home.lock.channel().request(home.certify().keys.seal_command(1, b"open"), Signed)
