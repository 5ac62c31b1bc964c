"""The certification server's words with each custodian: here is a share to keep, and give it back; and the shares that it keeps itself."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from certchain.channel import ServiceChannel
from certchain.encoding.custody import (
    kept_share_context,
    share_answer_context,
    share_commitment,
    share_deposit_context,
)
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import InvalidInput, PeerUnavailable, ShareUnknown, ShareWrong, VerificationFailed
from certchain.keys import SealingKey, seal_to
from certchain.ledger import RegistrationLedger
from certchain.models.certification import Signed
from certchain.models.custody import (
    NONCE_LENGTH,
    KeptShare,
    KeyDivision,
    KeyShare,
    ShareAnswer,
    ShareDeposit,
    ShareKept,
    ShareQuestion,
)
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId, service_party
from certchain.storage import ShareStore
from certchain.verification.custody import outdated, verify_answer, verify_kept, verify_share
from certchain.verification.statement import Identity, verify_statement

Said = TypeVar("Said")
Verified = TypeVar("Verified")


@dataclass(frozen=True, slots=True)
class Custodians:
    """The custodians by their identifiers, each behind a ``channel``, which several threads may ask; ``store`` has the server's own shares.

    What the methods return asks when it is called. It raises ``ShareWrong`` for a custodian that lies, and what its channel raises.
    """

    identity: Identity
    ledger: RegistrationLedger
    sealing_key: SealingKey
    store: ShareStore
    channels: Mapping[ServiceId, ServiceChannel]

    @property
    def own(self) -> ServiceId:
        """The server itself, as the keeper of a share."""
        return ServiceId(self.identity.party.number)

    def known(self) -> tuple[ServiceId, ...]:
        """Who may be given a share, in order: the server itself is not among them."""
        return tuple(sorted(custodian for custodian in self.channels if custodian != self.own))

    def question(self, division: KeyDivision, custodian: ServiceId) -> Callable[[], KeyShare]:
        """Asks for a custodian's share of a division, and finds it to be the one that the chain has a commitment to."""
        if custodian == self.own:
            return lambda: self._own_share(division)
        return lambda: self._asked(division, custodian)

    def deposit(self, committed: Digest, number: int, custodian: ServiceId, share: KeyShare) -> Callable[[], Digest]:
        """Gives a custodian its share; returns the share's commitment, as the custodian has confirmed it."""
        if custodian == self.own:
            return lambda: self._keep_own(committed, number, share)
        return lambda: self._deposited(committed, number, custodian, share)

    def drop_own(self, newest: KeyDivision) -> int:
        """Drops the server's own shares of older divisions than the chain's newest; returns how many."""
        old = outdated(self.store.shares(self.own, newest.commitment), newest, self.own)
        return self.store.drop(old) if old else 0

    def _asked(self, division: KeyDivision, custodian: ServiceId) -> KeyShare:
        nonce = secrets.token_bytes(NONCE_LENGTH)
        question = ShareQuestion(self.own, custodian, division.commitment, division.number, nonce)
        signed = self._channel(custodian).request(self.identity.sign(question), Signed)
        context = share_answer_context(self.identity.network, question)

        def opened() -> KeyShare:
            answer = verify_answer(self._said(signed, ShareAnswer, custodian), question)
            share = from_cbor(KeyShare, self.identity.keys.open(context, answer.sealed))
            return verify_share(division, custodian, share)

        return _or_wrong(custodian, opened)

    def _deposited(self, committed: Digest, number: int, custodian: ServiceId, share: KeyShare) -> Digest:
        parties = (self.own, custodian, committed, number)
        context = share_deposit_context(self.identity.network, *parties)
        keeper = self.ledger.public_keys(service_party(custodian))
        deposit = ShareDeposit(*parties, seal_to(keeper.exchange, context, to_cbor(share)))
        signed = self._channel(custodian).request(self.identity.sign(deposit), Signed)
        expected = share_commitment(committed, number, share)

        def confirmed() -> Digest:
            return verify_kept(self._said(signed, ShareKept, custodian), deposit, expected).share_commitment

        return _or_wrong(custodian, confirmed)

    def _own_share(self, division: KeyDivision) -> KeyShare:
        context = kept_share_context(self.own, self.own, division.commitment, division.number)
        committed = {share.commitment for share in division.shares}
        for kept in self.store.shares(self.own, division.commitment):
            if kept.number == division.number and kept.share_commitment in committed:
                share = from_cbor(KeyShare, self.sealing_key.open(context, kept.sealed))
                return verify_share(division, self.own, share)
        raise ShareUnknown(str(division.commitment), division.number)

    def _keep_own(self, committed: Digest, number: int, share: KeyShare) -> Digest:
        context = kept_share_context(self.own, self.own, committed, number)
        expected = share_commitment(committed, number, share)
        sealed = self.sealing_key.seal(context, to_cbor(share))
        self.store.put(KeptShare(self.own, committed, number, expected, sealed))
        return expected

    def _said(self, signed: Signed, model: type[Said], custodian: ServiceId) -> Said:
        signer = service_party(custodian)
        return verify_statement(signed, model, signer, self.ledger.keys(signer), self.identity.network)

    def _channel(self, custodian: ServiceId) -> ServiceChannel:
        channel = self.channels.get(custodian)
        if channel is None:
            raise PeerUnavailable(f"Custodian {custodian}", "this certification server knows no way to it")
        return channel


def _or_wrong(custodian: ServiceId, verified: Callable[[], Verified]) -> Verified:
    """What a custodian gave is wrong, however it is: badly signed, sealed for another question, or not even a message."""
    try:
        return verified()
    except (InvalidInput, VerificationFailed) as wrong:
        raise wrong if isinstance(wrong, ShareWrong) else ShareWrong(custodian, str(wrong)) from wrong
