"""What the certification server tells of its log over a channel: entries to auditors, and its anchored checkpoint to anyone."""

from collections.abc import Collection
from dataclasses import dataclass

from certchain.channel import Conversation
from certchain.encoding.digest import key_thumbprint
from certchain.errors import MalformedMessage, UnknownRecord, WrongSigner
from certchain.ledger import RegistrationLedger
from certchain.log.engine import LogEngine
from certchain.log.publication import read_checkpoint
from certchain.models.certification import Signed
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import CheckpointQuestion, LogPage, LogPageQuestion, SignedCheckpoint
from certchain.verification.statement import Identity, verify_peer, verify_statement

PAGE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class LogPublisher:
    """Answers for the log. Entries tell who controls what and when, so only the ``auditors`` get them."""

    log: LogEngine
    registrations: RegistrationLedger
    identity: Identity
    auditors: Collection[ServiceId] = ()

    def answer(self, conversation: Conversation, message: object) -> LogPage | SignedCheckpoint:
        """Answers a signed ``LogPageQuestion`` or a ``CheckpointQuestion``; refuses anything else, ``MalformedMessage``."""
        match message:
            case CheckpointQuestion():
                return self.checkpoint()
            case Signed(kind=LogPageQuestion.__name__):
                return self._page(conversation, message)
            case _:
                raise MalformedMessage(f"a {type(message).__name__} is no question about the log")

    def checkpoint(self) -> SignedCheckpoint:
        """The newest published checkpoint that the chain has, once the chain's log was found to be this one.

        Changes nothing on the chain, whoever asks. Raises ``LogInconsistent``, or ``UnknownRecord`` while nothing is anchored under the
        keys that the server has now: after a rotation, that is so until the next anchoring.
        """
        size, _ = self.log.anchor.confirmed()
        note = self.log.publication.anchored()
        if note is None or read_checkpoint(note).size > size:  # larger: the chain has forgotten what it had
            raise UnknownRecord("checkpoint", "anchored")
        keys = self.identity.keys.public
        if read_checkpoint(note).thumbprint != key_thumbprint(keys):
            raise UnknownRecord("checkpoint", "anchored under the keys in force")
        return SignedCheckpoint(note, keys)

    def _page(self, conversation: Conversation, signed: Signed) -> LogPage:
        if signed.signer not in {service_party(auditor) for auditor in self.auditors}:
            raise WrongSigner("an auditor", str(signed.signer))
        verify_peer(conversation.peer, signed.signer)
        records = self.registrations.keys(signed.signer)
        question = verify_statement(signed, LogPageQuestion, signed.signer, records, self.identity.network)
        if question.binding != conversation.binding:
            raise MalformedMessage("the question was signed for another channel")
        limit = min(max(question.limit, 0), PAGE_LIMIT)
        return LogPage(self.log.reader.entries(question.first, limit))
