"""What the certification server tells of its log: entries to auditors, and its signed checkpoint to anyone."""

from collections.abc import Collection
from dataclasses import dataclass

from certchain.channel import Connection
from certchain.encoding.digest import key_thumbprint
from certchain.encoding.note import log_origin
from certchain.errors import MalformedMessage, WrongSigner
from certchain.ledger import RegistrationLedger
from certchain.log.writer import LogWriter
from certchain.models.certification import Signed
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import Checkpoint, CheckpointQuestion, LogPage, LogPageQuestion, SignedCheckpoint
from certchain.verification.checkpoint import sign_checkpoint
from certchain.verification.statement import Identity, verify_statement

PAGE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class LogPublisher:
    """Answers for the log. Entries tell who controls what and when, so only the ``auditors`` get them."""

    writer: LogWriter
    registrations: RegistrationLedger
    identity: Identity
    auditors: Collection[ServiceId] = ()

    def answer(self, connection: Connection, message: object) -> LogPage | SignedCheckpoint:
        """Answers a signed ``LogPageQuestion`` or a ``CheckpointQuestion``; refuses anything else, ``MalformedMessage``."""
        match message:
            case CheckpointQuestion():
                return self.checkpoint()
            case Signed(kind=LogPageQuestion.__name__):
                return self._page(connection, message)
            case _:
                raise MalformedMessage(f"a {type(message).__name__} is no question about the log")

    def checkpoint(self) -> SignedCheckpoint:
        """The chain's size and root, compared with the database and signed. Raises ``LogInconsistent``."""
        size, root = self.writer.confirmed()
        keys, origin = self.identity.keys, log_origin(self.identity.network)
        checkpoint = Checkpoint(origin, size, root, self.identity.party, key_thumbprint(keys.public))
        return SignedCheckpoint(sign_checkpoint(checkpoint, keys), keys.public)

    def _page(self, connection: Connection, signed: Signed) -> LogPage:
        if signed.signer not in {service_party(auditor) for auditor in self.auditors}:
            raise WrongSigner("an auditor", str(signed.signer))
        records = self.registrations.keys(signed.signer)
        question = verify_statement(signed, LogPageQuestion, signed.signer, records, self.identity.network)
        if question.binding != connection.binding:
            raise MalformedMessage("the question was signed for another channel")
        limit = min(max(question.limit, 0), PAGE_LIMIT)
        return LogPage(self.writer.database.entries(question.first, limit))
