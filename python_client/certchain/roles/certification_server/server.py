"""The certification server as a whole: its parts, and who of them answers which message."""

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from certchain.channel import Conversation, ServiceChannel
from certchain.config.clock import Clock, SystemClock
from certchain.errors import WrongRecipient, WrongSigner
from certchain.keys import CertificateAuthority, SealingKey
from certchain.ledger import Ledger
from certchain.log import LogEngine, LogPublisher
from certchain.models.application import RegistrationApplication, RegistrationForward
from certchain.models.certification import (
    CertificationForward,
    CertificationRequest,
    LoginFailure,
    Signed,
    UnlockQuestion,
)
from certchain.models.enrolment import CertificateRenewal
from certchain.models.identifier import ServiceId, device_party, service_party
from certchain.roles.certification_server.admission import Admission
from certchain.roles.certification_server.apps import Apps
from certchain.roles.certification_server.custodians import Custodians
from certchain.roles.certification_server.custody import KeyCustody
from certchain.roles.certification_server.enrolment import Enrolment
from certchain.roles.certification_server.equipment import Equipment
from certchain.roles.certification_server.inquiry import Inquiry
from certchain.roles.certification_server.key_cache import KeyCache
from certchain.roles.certification_server.lockout import Lockout
from certchain.roles.certification_server.login_record import LoginRecord
from certchain.roles.certification_server.login_report import LoginReports
from certchain.roles.certification_server.open_session import OpenSessions
from certchain.roles.certification_server.operations import ServerOperations
from certchain.roles.certification_server.permit import Permits
from certchain.roles.certification_server.registration import Registrar
from certchain.roles.certification_server.session import Certifier
from certchain.roles.certification_server.trouble import CustodianTroubles, Troubles
from certchain.storage import ManagementDatabase, ShareStore
from certchain.verification.policy import CertificationPolicy
from certchain.verification.statement import Identity, verify_peer

FromDevice = TypeVar("FromDevice", CertificationRequest, CertificationForward, LoginFailure, UnlockQuestion)


class CertificationServer:
    """Answers user devices, IoT devices and auditors, and does what its operators ask (``operations``).

    ``identity`` is enrolled as a service, and ``ledger`` speaks for an account with the role ``certification_server``; ``authority`` is
    the network's CA, for whom it admits; ``auditors`` are the services that may read the log's entries. Key data is sealed under keys that
    are divided among the ``custodians``, each behind an open channel; ``shares`` keeps, under ``sealing_key``, those of low risk.
    Thread-safe.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        ledger: Ledger,
        database: ManagementDatabase,
        log: LogEngine,
        authority: CertificateAuthority,
        sealing_key: SealingKey,
        shares: ShareStore,
        custodians: Mapping[ServiceId, ServiceChannel],
        policy: CertificationPolicy | None = None,
        clock: Clock | None = None,
        auditors: Collection[ServiceId] = (),
    ) -> None:
        clock, policy = clock or SystemClock(), policy or CertificationPolicy()
        self._troubles = Troubles()
        self._inquiry = Inquiry(self._troubles, policy.custodian_patience)
        custody = KeyCustody(
            ledger.custody,
            policy,
            Custodians(identity, ledger.registrations, sealing_key, shares, custodians),
            self._inquiry,
            KeyCache(clock, policy.key_memory),
        )
        self._equipment = Equipment(identity, ledger, database, log, sealing_key, policy, clock, custody)
        self.lockout = Lockout(database, log.writer, policy.locks)
        record = LoginRecord(log.writer, self.lockout)
        self.apps = Apps(self._equipment)
        self._certifier = Certifier(self._equipment, record, OpenSessions(clock, policy.session_lifetime), self.apps)
        self._reports = LoginReports(record)
        self._publisher = LogPublisher(log, ledger.registrations, identity, auditors)
        self.enrolment = Enrolment(self._equipment)
        self.admission = Admission(self._equipment, self.enrolment, authority)
        self.registrar = Registrar(self._equipment, Permits(database, clock, policy.permit_lifetime))
        self._answers: Mapping[str, Callable[[Signed], object]] = {
            RegistrationApplication.__name__: self.registrar.answer_application,
            RegistrationForward.__name__: self.registrar.answer_forward,
            LoginFailure.__name__: self._answer_failure,
            UnlockQuestion.__name__: self._answer_question,
            CertificationRequest.__name__: self._answer_request,
            CertificationForward.__name__: self._answer_forward,
            CertificateRenewal.__name__: self.admission.renew,
        }

    def answer(self, conversation: Conversation, message: object) -> object:
        """Answers one message; a ``Handler``. Raises the refusal, or ``MalformedMessage`` for what the server does not answer.

        What a party signed counts only when the channel leads to it: ``WrongSigner``.
        """
        if not isinstance(message, Signed):
            return self._publisher.answer(conversation, message)
        verify_peer(conversation.peer, message.signer)
        answer = self._answers.get(message.kind)
        return answer(message) if answer else self._publisher.answer(conversation, message)

    def operations(self, by: str) -> ServerOperations:
        """What an operator of that name does here."""
        return ServerOperations(self.admission, self.registrar, self.lockout, self.apps, by)

    def close(self) -> None:
        """Waits for what custodians have still to answer; those that are silent are waited for as long as the policy says."""
        self._inquiry.settle()

    def custody_troubles(self) -> Mapping[ServiceId, CustodianTroubles]:
        """The custodians that gave something wrong or nothing since the start, and how often."""
        return self._troubles.counted()

    def flush(self) -> int:
        """C16: publishes the log, and brings the chain up to it; returns how many entries it appended. Safe to repeat."""
        return self._equipment.log.keeper.turn(force=True)

    def _answer_request(self, signed: Signed) -> Signed:
        """C4, and what follows from it by the chain as it is now."""
        with self._equipment.ledger.registrations.moment():
            return self._certifier.open(self._from_device(signed, CertificationRequest), signed)

    def _answer_forward(self, signed: Signed) -> Signed:
        """C10, and what follows from it by the chain as it is now: C11 reads nothing that is older than this message."""
        with self._equipment.ledger.registrations.moment():
            return self._certifier.certify(self._from_device(signed, CertificationForward))

    def _answer_failure(self, signed: Signed) -> Signed:
        """C2, reported."""
        return self._equipment.identity.sign(self._reports.note(self._from_device(signed, LoginFailure)))

    def _answer_question(self, signed: Signed) -> Signed:
        """C2, of a user whom the device has locked out."""
        return self._equipment.identity.sign(self._reports.unlocks(self._from_device(signed, UnlockQuestion)))

    def _from_device(self, signed: Signed, model: type[FromDevice]) -> FromDevice:
        """What a device signed for this server. What fails here is nobody's word, and leaves no entry in the log."""
        message = self._equipment.said(signed, model, signed.signer)
        device = device_party(message.device)
        if signed.signer != device:
            raise WrongSigner(str(device), str(signed.signer))
        if message.server != self._equipment.id:
            raise WrongRecipient(str(self._equipment.identity.party), str(service_party(message.server)))
        return message
