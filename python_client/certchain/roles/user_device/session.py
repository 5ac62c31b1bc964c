"""A session at the user device: C1, C3, C8, and the commands of C15."""

import logging
import threading
from dataclasses import dataclass, field
from typing import TypeVar

from certchain.channel import Channel
from certchain.channel.interface import CONTROL_LABEL
from certchain.encoding.digest import certification_hash, login_proof, transcript, transcript_digest
from certchain.errors import CommandRefused
from certchain.keys import CONTROL_LENGTH, ControlKeys, SecretKeys
from certchain.models.application import RegistrationGrant
from certchain.models.certification import (
    Certification,
    CommandResult,
    Login,
    LoginAccepted,
    SessionOffer,
    SessionOpened,
    SessionOutcome,
    Signed,
    Transcript,
    UserDeviceStatement,
)
from certchain.models.identifier import DeviceId
from certchain.roles.user_device.equipment import Equipment, KeptRegistration, registration_file
from certchain.storage.kept import kept
from certchain.verification.session import (
    SessionParties,
    build_transcript,
    verify_control,
    verify_offer,
    verify_opened,
    verify_outcome,
    verify_word,
)

Model = TypeVar("Model")
_log = logging.getLogger("certchain.roles.user_device")


@dataclass(slots=True)
class ControlSession:
    """What a certified user device controls the IoT device with (C15), on the channel of the session."""

    equipment: Equipment
    channel: Channel
    outcome: SessionOutcome
    keys: ControlKeys
    deadline: float
    _counter: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def command(self, text: bytes) -> bytes:
        """C15: has the device carry out a command; returns its result. Raises ``CommandRefused``, after the control keys' time too."""
        with self._turn:
            verify_control(self.keys.session, self.outcome.session, self.deadline, self.equipment.clock.monotonic())
            self._counter += 1
            result = self.channel.request(self.keys.seal_command(self._counter, text), CommandResult)
            if (result.session, result.counter) != (self.keys.session, self._counter):
                raise CommandRefused("the answer is to another command")
            return self.keys.open_result(result)


@dataclass(frozen=True, slots=True)
class Claimant:
    """Takes the user device's part in a session."""

    equipment: Equipment

    def certify(self, channel: Channel, device: DeviceId, secret: str) -> ControlSession:
        """C1 to C14; see ``UserDevice.certify``."""
        registration = kept(self.equipment.store, registration_file(device), KeptRegistration)
        grant, keys = registration.grant, registration.derivation.derive(secret)
        accepted = channel.request(self._login(channel, grant, keys), LoginAccepted)
        statement = self.equipment.identity.sign(self._statement(channel, grant, accepted.challenge))
        offer = channel.request(statement, SessionOffer)
        session = self._transcript(channel, grant, offer)
        started = self.equipment.clock.monotonic()
        answer = channel.request(self._certification(session, grant, keys), Signed)
        outcome = verify_outcome(self._word("C14", answer, SessionOutcome), session)
        _log.info("C14: certified for device %d", device)
        control = self._control_keys(channel, session)
        return ControlSession(self.equipment, channel, outcome, control, started + outcome.control_lifetime)

    def _login(self, channel: Channel, grant: RegistrationGrant, keys: SecretKeys) -> Login:
        """C1."""
        network, user_device = self.equipment.identity.network, self.equipment.id
        said = login_proof(network, grant.user, user_device, grant.device, channel.binding)
        return Login(grant.user, user_device, keys.login.sign(said))

    def _statement(self, channel: Channel, grant: RegistrationGrant, challenge: bytes) -> UserDeviceStatement:
        """C3, with the app measured as it is on the disk now."""
        return UserDeviceStatement(
            user=grant.user,
            user_device=self.equipment.id,
            device=grant.device,
            server=grant.server,
            information=self.equipment.information,
            evidence=self.equipment.app.evidence(challenge),
            binding=channel.binding,
        )

    def _transcript(self, channel: Channel, grant: RegistrationGrant, offer: SessionOffer) -> Transcript:
        """C8, once the server's word is for us, and for the registration that we have."""
        opened = self._word("C6", offer.opened, SessionOpened)
        verify_opened(opened, SessionParties(grant.user, self.equipment.id, grant.device, grant.server))
        verify_offer(opened, offer.challenge, grant)
        return build_transcript(self.equipment.identity.network, opened, offer.challenge, channel.binding)

    def _certification(self, session: Transcript, grant: RegistrationGrant, keys: SecretKeys) -> Certification:
        """C8: A, and the signature over the same transcript."""
        return Certification(
            session=session.session,
            challenge=session.challenge,
            certification_hash=certification_hash(self.equipment.rebuild(grant, keys), session),
            signature=self.equipment.identity.keys.sign(transcript(session)),
            keys=self.equipment.identity.keys.public,
        )

    def _control_keys(self, channel: Channel, session: Transcript) -> ControlKeys:
        context = transcript_digest(session).value
        return ControlKeys.divide(session.session, channel.export(CONTROL_LABEL, context, CONTROL_LENGTH))

    def _word(self, step: str, signed: Signed, model: type[Model]) -> Model:
        equipment = self.equipment
        records, network = equipment.server_records(), equipment.identity.network
        return verify_word(step, signed, model, server=equipment.server, records=records, network=network)
