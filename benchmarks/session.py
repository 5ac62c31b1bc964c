"""Sessions as a pair of devices sees them: what the IoT device says to the certification server, with the user device's words in it."""

import secrets
import time
from dataclasses import dataclass

from centre import APP, SECRET, VERSION, Centre, Pair

from certchain.channel import ServiceChannel
from certchain.encoding.digest import certification_hash, transcript
from certchain.encoding.message import from_cbor
from certchain.models.application import RegistrationHash
from certchain.models.certification import (
    Certification,
    CertificationForward,
    CertificationRequest,
    IntegrityEvidence,
    SessionOpened,
    SessionOutcome,
    Signed,
    UserDeviceStatement,
)
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, ServiceId, UserDeviceId
from certchain.verification.session import build_transcript


@dataclass(frozen=True, slots=True)
class Timed:
    """One certification: when it ended, and how long the server took over C4 and C10, in seconds, with the way there and back."""

    ended: float
    opening: float
    certifying: float

    @property
    def whole(self) -> float:
        """Both."""
        return self.opening + self.certifying


@dataclass(frozen=True, slots=True)
class Certifying:
    """A pair that goes through one session after another; what it knows beforehand is made once."""

    pair: Pair
    server: ServiceId
    rebuilt: RegistrationHash
    manifest: Digest

    @classmethod
    def of(cls, centre: Centre, pair: Pair) -> "Certifying":
        """The pair's R, rebuilt from its secret and its grant, and its app, measured."""
        equipment = centre.user_device_equipment(
            pair.user_device, pair.user_device_information, pair.kept.derivation.cost
        )
        rebuilt = equipment.rebuild(pair.grant, pair.kept.derivation.derive(SECRET))
        return cls(pair, equipment.server, rebuilt, centre.app.evidence(b"").manifest_digest)

    def request(self, binding: bytes) -> Signed:
        """C4, with C3 in it."""
        challenge = secrets.token_bytes(32)
        return self.pair.device.sign(
            CertificationRequest(
                device=DeviceId(self.pair.device.party.number),
                server=self.server,
                information=self.pair.information,
                user=self.pair.user,
                user_device=UserDeviceId(self.pair.user_device.party.number),
                challenge=challenge,
                binding=binding,
                statement=self.pair.user_device.sign(self._statement(challenge, binding)),
            )
        )

    def forward(self, opened: SessionOpened, binding: bytes) -> Signed:
        """C10, with C8 in it."""
        challenge = secrets.token_bytes(32)
        session = build_transcript(self.pair.device.network, opened, challenge, binding)
        certification = Certification(
            session=opened.session,
            challenge=challenge,
            certification_hash=certification_hash(self.rebuilt, session),
            signature=self.pair.user_device.keys.sign(transcript(session)),
            keys=self.pair.user_device.keys.public,
        )
        device = DeviceId(self.pair.device.party.number)
        return self.pair.device.sign(CertificationForward(device, self.server, challenge, binding, certification))

    def certify(self, channel: ServiceChannel) -> Timed:
        """C4 to C13. Raises the server's refusal."""
        binding = secrets.token_bytes(32)
        request = self.request(binding)
        started = time.perf_counter()
        answer = channel.request(request, Signed)
        opening = time.perf_counter() - started
        forward = self.forward(from_cbor(SessionOpened, answer.body), binding)
        started = time.perf_counter()
        answer = channel.request(forward, Signed)
        ended = time.perf_counter()
        from_cbor(SessionOutcome, answer.body)
        return Timed(ended, opening, ended - started)

    def _statement(self, challenge: bytes, binding: bytes) -> UserDeviceStatement:
        return UserDeviceStatement(
            user=self.pair.user,
            user_device=UserDeviceId(self.pair.user_device.party.number),
            device=DeviceId(self.pair.device.party.number),
            server=self.server,
            information=self.pair.user_device_information,
            evidence=IntegrityEvidence(APP, VERSION, self.manifest, challenge),
            binding=binding,
        )
