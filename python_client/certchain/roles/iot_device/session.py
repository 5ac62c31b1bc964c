"""A session at the IoT device: C3 to C7, C9, C10, C14 and the commands of C15."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from certchain.channel import Connection
from certchain.channel.interface import CONTROL_LABEL
from certchain.encoding.digest import transcript_digest
from certchain.errors import ChallengeRejected, CommandRefused, NotLoggedIn
from certchain.keys import CONTROL_LENGTH, ControlKeys
from certchain.models.certification import (
    CHALLENGE_LENGTH,
    Certification,
    CertificationForward,
    CertificationRequest,
    Command,
    CommandResult,
    SessionOffer,
    SessionOpened,
    SessionOutcome,
    Signed,
    Transcript,
)
from certchain.models.identifier import UserDeviceId, UserId, service_party, user_device_party
from certchain.roles.iot_device.conversation import Conversations, InControl, LoggedIn, Offered
from certchain.roles.iot_device.equipment import Equipment, refusals
from certchain.roles.iot_device.login import Logins
from certchain.verification.session import (
    SessionParties,
    build_transcript,
    verify_answer,
    verify_control,
    verify_counter,
    verify_in_time,
    verify_opened,
    verify_outcome,
    verify_word,
)
from certchain.verification.statement import verify_peer

Model = TypeVar("Model")
_log = logging.getLogger("certchain.roles.iot_device")


@dataclass(frozen=True, slots=True)
class Sessions:
    """Takes user devices through a session, one a channel, and obeys their commands afterwards; ``execute`` is what a command does."""

    equipment: Equipment
    conversations: Conversations
    logins: Logins
    execute: Callable[[bytes], bytes]

    def answer_statement(self, connection: Connection, signed: Signed) -> SessionOffer:
        """C3 to C7: takes the user device's statement to the server, and gives a challenge. Raises the server's refusal."""
        with refusals("C3"):
            self._require_login_peer(connection)
            verify_peer(connection.peer, signed.signer)
            login = self._logged_in(connection)
        self.logins.report()
        with refusals("C4"):
            answer = self._ask(self._request(connection, login, signed))
        with refusals("C6"):
            opened = self._opened(answer, login)
        return self._offer(connection, answer, opened)

    def answer_certification(self, connection: Connection, certification: Certification) -> Signed:
        """C9 to C14: takes the certification to the server, and relays its signed outcome. Raises the server's refusal."""
        started = self.equipment.clock.monotonic()
        with refusals("C9"):
            self._require_login_peer(connection)
            transcript = self._offered(connection, certification, started)
        keys = self._control_keys(connection, transcript)
        with self.conversations.place(connection.binding):
            with refusals("C10"):
                answer = self._ask(self._forward(connection, transcript, certification))
            with refusals("C14"):
                outcome = verify_outcome(self._word("C14", answer, SessionOutcome), transcript)
            control = InControl(keys, transcript.user, transcript.user_device, started + outcome.control_lifetime)
            self.conversations.put(connection.binding, control)
        _log.info("C14: certified; commands are obeyed on this channel")
        return answer

    def answer_command(self, connection: Connection, command: Command) -> CommandResult:
        """C15: obeys a command under this channel's control keys. Raises ``CommandRefused``."""
        opened = list[bytes]()

        def accept(control: InControl | None) -> InControl:
            if control is None:
                raise CommandRefused("no session is in control of this channel")
            verify_control(control.keys.session, command.session, control.deadline, self.equipment.clock.monotonic())
            opened.append(control.keys.open_command(command))
            return replace(control, counter=verify_counter(command.counter, control.counter))

        with refusals("C15"):
            self._require_login_peer(connection)
            control = self.conversations.move(connection.binding, InControl, accept)
        return control.keys.seal_result(command.counter, self.execute(opened[0]))

    def _require_login_peer(self, connection: Connection) -> None:
        """Who logged in on a channel is who goes on, on it. A stranger's message changes nothing."""
        user_device = self.conversations.user_device(connection.binding)
        if user_device is not None:
            verify_peer(connection.peer, user_device_party(user_device))

    def _logged_in(self, connection: Connection) -> LoggedIn:
        """C3: who is logged in on this channel; their login serves this once."""
        login = self.conversations.take(connection.binding, LoggedIn)
        if login is None:
            self._report("C3", self.conversations.blame(connection.binding))
            raise NotLoggedIn
        with self._reported("C3", login.user, login.user_device):
            verify_in_time("C3", login.deadline, self.equipment.clock.monotonic())
        return login

    def _opened(self, answer: Signed, login: LoggedIn) -> SessionOpened:
        """C6: the session that the server opened for who is logged in."""
        parties = SessionParties(login.user, login.user_device, self.equipment.id, self.equipment.certification_server)
        return verify_opened(self._word("C6", answer, SessionOpened), parties)

    def _offered(self, connection: Connection, certification: Certification, now: float) -> Transcript:
        """C9: the transcript of the session that was offered on this channel; its challenge serves this once."""
        offered = self.conversations.take(connection.binding, Offered)
        if offered is None:
            self._report("C9", self.conversations.blame(connection.binding))
            raise ChallengeRejected("C9", "there is none in force on this channel")
        transcript = offered.transcript
        with self._reported("C9", transcript.user, transcript.user_device):
            verify_in_time("C9", offered.deadline, now)
            verify_answer(certification, transcript)
        return transcript

    @contextmanager
    def _reported(self, step: str, user: UserId, user_device: UserDeviceId) -> Iterator[None]:
        """The certification server hears of a challenge that is rejected within."""
        try:
            yield
        except ChallengeRejected:
            self._report(step, (user, user_device))
            raise

    def _report(self, step: str, whom: tuple[UserId, UserDeviceId] | None) -> None:
        """Only of who had logged in: a stranger's messages are not reported, so that they do not fill the log."""
        if whom is not None:
            self.logins.report_refusal(step, *whom)

    def _request(self, connection: Connection, login: LoggedIn, signed: Signed) -> CertificationRequest:
        return CertificationRequest(
            device=self.equipment.id,
            server=self.equipment.certification_server,
            information=self.equipment.information,
            user=login.user,
            user_device=login.user_device,
            challenge=login.challenge,
            binding=connection.binding,
            statement=signed,
        )

    def _forward(
        self, connection: Connection, transcript: Transcript, certification: Certification
    ) -> CertificationForward:
        return CertificationForward(
            device=self.equipment.id,
            server=self.equipment.certification_server,
            challenge=transcript.challenge,
            binding=connection.binding,
            certification=certification,
        )

    def _offer(self, connection: Connection, answer: Signed, opened: SessionOpened) -> SessionOffer:
        """C7."""
        challenge = secrets.token_bytes(CHALLENGE_LENGTH)
        transcript = build_transcript(self.equipment.identity.network, opened, challenge, connection.binding)
        deadline = self.equipment.clock.monotonic() + self.equipment.policy.challenge_lifetime
        self.conversations.put(connection.binding, Offered(transcript, deadline))
        _log.info("C7: a session is offered")
        return SessionOffer(answer, challenge)

    def _control_keys(self, connection: Connection, transcript: Transcript) -> ControlKeys:
        """C15: the keys of this channel and this transcript; made before C10, so that nothing can fail after the certification."""
        context = transcript_digest(transcript).value
        return ControlKeys.divide(transcript.session, connection.export(CONTROL_LABEL, context, CONTROL_LENGTH))

    def _ask(self, message: object) -> Signed:
        return self.equipment.server.request(self.equipment.identity.sign(message), Signed)

    def _word(self, step: str, signed: Signed, model: type[Model]) -> Model:
        server = self.equipment.certification_server
        records = self.equipment.ledger.registrations.keys(service_party(server))
        network = self.equipment.identity.network
        return verify_word(step, signed, model, server=server, records=records, network=network)
