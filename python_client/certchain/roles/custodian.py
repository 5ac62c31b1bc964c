"""A custodian: keeps shares of divided key data for certification servers, and gives each back to who deposited it, and to nobody else."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Collection
from typing import TypeVar

from certchain.channel import Conversation
from certchain.encoding.custody import kept_share_context, share_answer_context, share_deposit_context
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import (
    CustodianRefused,
    MalformedMessage,
    MalformedValue,
    ShareRepeated,
    ShareUnknown,
    WrongRecipient,
    WrongSigner,
)
from certchain.keys import SealingKey, seal_to
from certchain.ledger import Ledger
from certchain.models.certification import Signed
from certchain.models.custody import (
    NONCE_LENGTH,
    SHARE_LENGTH,
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
from certchain.verification.custody import outdated, share_of, verify_deposit, verify_share
from certchain.verification.statement import Identity, verify_peer, verify_statement

Asked = TypeVar("Asked", ShareDeposit, ShareQuestion)

REMEMBERED = 10_000
_log = logging.getLogger("certchain.roles.custodian")


class Custodian:
    """Answers ``ShareDeposit`` and ``ShareQuestion`` of the certification ``servers`` that its operator named. Thread-safe.

    ``identity`` is enrolled as a service; ``sealing_key`` is the custodian's own, and seals what ``store`` keeps. A share is given out
    only while its division is the chain's newest, and older ones are dropped.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        ledger: Ledger,
        store: ShareStore,
        sealing_key: SealingKey,
        servers: Collection[ServiceId],
    ) -> None:
        self._identity = identity
        self._ledger = ledger
        self._store = store
        self._sealing_key = sealing_key
        self._servers = frozenset(servers)
        self._answered: OrderedDict[tuple[ServiceId, bytes], None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def id(self) -> ServiceId:
        """The custodian's own identifier."""
        return ServiceId(self._identity.party.number)

    def answer(self, conversation: Conversation, message: object) -> Signed:
        """Answers one message; a ``Handler``. Raises the refusal, or ``MalformedMessage`` for what a custodian does not answer."""
        match message:
            case Signed(kind=ShareDeposit.__name__):
                return self._keep(self._asked(conversation, message, ShareDeposit))
            case Signed(kind=ShareQuestion.__name__):
                return self._give(self._asked(conversation, message, ShareQuestion), message.keys.exchange)
            case _:
                raise MalformedMessage(f"a custodian does not answer a {type(message).__name__}")

    def tidy(self) -> int:
        """Drops all shares of divisions that the chain has a newer one of; returns how many. Safe to repeat."""
        found = ((server, self._newest(commitment)) for server, commitment in self._store.kept())
        return sum(self._drop_older(server, newest) for server, newest in found if newest is not None)

    def _asked(self, conversation: Conversation, signed: Signed, model: type[Asked]) -> Asked:
        """What a certification server of ours signed, for this custodian, and says itself."""
        verify_peer(conversation.peer, signed.signer)
        named = ServiceId(signed.signer.number)
        if signed.signer != service_party(named) or named not in self._servers:
            raise CustodianRefused(signed.signer.number)
        records = self._ledger.registrations.keys(signed.signer)
        asked = verify_statement(signed, model, signed.signer, records, self._identity.network)
        if asked.server != named:
            raise WrongSigner(str(service_party(asked.server)), str(signed.signer))
        if asked.custodian != self.id:
            raise WrongRecipient(str(self._identity.party), str(service_party(asked.custodian)))
        return asked

    def _keep(self, deposit: ShareDeposit) -> Signed:
        """The share is durable before it is acknowledged."""
        opener = share_deposit_context(
            self._identity.network, deposit.server, self.id, deposit.commitment, deposit.number
        )
        share = from_cbor(KeyShare, self._identity.keys.open(opener, deposit.sealed))
        if len(share.value) != SHARE_LENGTH:
            raise MalformedValue("share", f"it has {len(share.value)} bytes, not {SHARE_LENGTH}")
        newest = self._ledger.custody.division_count(deposit.commitment)
        known = 1 <= deposit.number <= newest
        division = self._ledger.custody.division(deposit.commitment, deposit.number) if known else None
        committed = verify_deposit(deposit, share, newest, division)
        context = kept_share_context(deposit.server, self.id, deposit.commitment, deposit.number)
        sealed = self._sealing_key.seal(context, to_cbor(share))
        self._store.put(KeptShare(deposit.server, deposit.commitment, deposit.number, committed, sealed))
        _log.info("A share of division %d is kept for service %d.", deposit.number, deposit.server)
        return self._identity.sign(ShareKept(self.id, deposit.commitment, deposit.number, committed))

    def _give(self, question: ShareQuestion, reader: bytes) -> Signed:
        """Only the division in use is answered for: an older one may have been made because a share of it got about."""
        self._require_new(question)
        newest = self._newest(question.commitment)
        if newest is None or newest.number != question.number:
            raise ShareUnknown(str(question.commitment), question.number)
        self._drop_older(question.server, newest)
        share = self._opened(question.server, newest)
        sealed = seal_to(reader, share_answer_context(self._identity.network, question), to_cbor(share))
        return self._identity.sign(ShareAnswer(self.id, question.commitment, question.number, question.nonce, sealed))

    def _opened(self, server: ServiceId, division: KeyDivision) -> KeyShare:
        """The share that the chain has a commitment to. Raises ``ShareUnknown``, or ``ShareWrong`` when the store was changed."""
        place = share_of(division, self.id)
        for kept in self._store.shares(server, division.commitment):
            if place and (kept.number, kept.share_commitment) == (division.number, place[1].commitment):
                context = kept_share_context(server, self.id, division.commitment, division.number)
                share = from_cbor(KeyShare, self._sealing_key.open(context, kept.sealed))
                return verify_share(division, self.id, share)
        raise ShareUnknown(str(division.commitment), division.number)

    def _newest(self, commitment: Digest) -> KeyDivision | None:
        number = self._ledger.custody.division_count(commitment)
        return self._ledger.custody.division(commitment, number) if number else None

    def _drop_older(self, server: ServiceId, newest: KeyDivision) -> int:
        old = outdated(self._store.shares(server, newest.commitment), newest, self.id)
        dropped = self._store.drop(old) if old else 0
        if dropped:
            _log.info("%d shares of older divisions are dropped.", dropped)
        return dropped

    def _require_new(self, question: ShareQuestion) -> None:
        if len(question.nonce) != NONCE_LENGTH:
            raise MalformedValue("nonce", f"it has {len(question.nonce)} bytes, not {NONCE_LENGTH}")
        mark = (question.server, question.nonce)
        with self._lock:
            if mark in self._answered:
                raise ShareRepeated
            self._answered[mark] = None
            if len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)
