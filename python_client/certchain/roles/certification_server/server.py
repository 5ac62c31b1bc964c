"""The certification server as a whole: its parts, and who of them answers which message."""

from collections.abc import Collection
from typing import TypeVar

from certchain.channel import Conversation
from certchain.config.clock import Clock, SystemClock
from certchain.errors import WrongRecipient, WrongSigner
from certchain.keys import SealingKey
from certchain.ledger import Ledger
from certchain.log import LogEngine, LogPublisher
from certchain.models.application import RegistrationApplication, RegistrationForward
from certchain.models.certification import (
    CertificationForward,
    CertificationRequest,
    LoginFailure,
    Signed,
)
from certchain.models.identifier import ServiceId, device_party, service_party
from certchain.roles.certification_server.enrolment import Enrolment
from certchain.roles.certification_server.equipment import Equipment
from certchain.roles.certification_server.login_record import LoginRecord
from certchain.roles.certification_server.login_report import LoginReports
from certchain.roles.certification_server.open_session import OpenSessions
from certchain.roles.certification_server.permit import Permits
from certchain.roles.certification_server.registration import Registrar
from certchain.roles.certification_server.session import Certifier
from certchain.storage import ManagementDatabase
from certchain.verification.policy import CertificationPolicy
from certchain.verification.statement import Identity, verify_peer

FromDevice = TypeVar("FromDevice", CertificationRequest, CertificationForward, LoginFailure)


class CertificationServer:
    """Answers user devices, IoT devices and auditors, and does what its operator asks: ``enrolment`` and ``registrar``.

    ``identity`` is enrolled as a service, and ``ledger`` speaks for an account with the role ``certification_server``; ``auditors`` are the
    services that may read the log's entries. Thread-safe.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        ledger: Ledger,
        database: ManagementDatabase,
        log: LogEngine,
        sealing_key: SealingKey,
        policy: CertificationPolicy | None = None,
        clock: Clock | None = None,
        auditors: Collection[ServiceId] = (),
    ) -> None:
        clock, policy = clock or SystemClock(), policy or CertificationPolicy()
        self._equipment = Equipment(identity, ledger, database, log, sealing_key, policy, clock)
        record = LoginRecord(log.writer)
        self._certifier = Certifier(self._equipment, record, OpenSessions(clock))
        self._reports = LoginReports(record)
        self._publisher = LogPublisher(log, ledger.registrations, identity, auditors)
        self.enrolment = Enrolment(self._equipment)
        self.registrar = Registrar(self._equipment, Permits(clock, policy.permit_lifetime))

    def answer(self, conversation: Conversation, message: object) -> object:
        """Answers one message; a ``Handler``. Raises the refusal, or ``MalformedMessage`` for what the server does not answer.

        What a party signed counts only when the channel leads to it: ``WrongSigner``.
        """
        if isinstance(message, Signed):
            verify_peer(conversation.peer, message.signer)
        match message:
            case Signed(kind=RegistrationApplication.__name__):
                return self.registrar.answer_application(message)
            case Signed(kind=RegistrationForward.__name__):
                return self.registrar.answer_forward(message)
            case Signed(kind=LoginFailure.__name__):
                return self._answer_failure(message)
            case Signed(kind=CertificationRequest.__name__):
                return self._answer_request(message)
            case Signed(kind=CertificationForward.__name__):
                return self._answer_forward(message)
            case _:
                return self._publisher.answer(conversation, message)

    def flush(self) -> int:
        """C16: publishes the log, and brings the chain up to it; returns how many entries it appended. Safe to repeat."""
        return self._equipment.log.keeper.turn(force=True)

    def _answer_request(self, signed: Signed) -> Signed:
        """C4."""
        return self._certifier.open(self._from_device(signed, CertificationRequest), signed)

    def _answer_forward(self, signed: Signed) -> Signed:
        """C10."""
        return self._certifier.certify(self._from_device(signed, CertificationForward))

    def _answer_failure(self, signed: Signed) -> Signed:
        """C2, reported."""
        return self._equipment.identity.sign(self._reports.note(self._from_device(signed, LoginFailure)))

    def _from_device(self, signed: Signed, model: type[FromDevice]) -> FromDevice:
        """What a device signed for this server. What fails here is nobody's word, and leaves no entry in the log."""
        message = self._equipment.said(signed, model, signed.signer)
        device = device_party(message.device)
        if signed.signer != device:
            raise WrongSigner(str(device), str(signed.signer))
        if message.server != self._equipment.id:
            raise WrongRecipient(str(self._equipment.identity.party), str(service_party(message.server)))
        return message
