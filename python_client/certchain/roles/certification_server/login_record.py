"""What the certification server writes into the login log: every login that an authentic request tells of, good or bad."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from certchain.config.clock import Clock
from certchain.errors import CertchainError
from certchain.log import LogWriter
from certchain.models.certification import SessionOpened
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId
from certchain.models.log import LoginOutcome

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an entry is about, as far as the session has come."""

    device: DeviceId
    user: UserId | None = None
    user_device: UserDeviceId | None = None
    session: bytes | None = None
    registration: RegistrationId | None = None


def subject_of(opened: SessionOpened) -> Subject:
    """The subject of an open session."""
    return Subject(opened.device, opened.user, opened.user_device, opened.session, opened.registration)


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """Writes entries; each is durable when its method returns."""

    log: LogWriter
    clock: Clock

    @contextmanager
    def refusals(self, step: str, subject: Subject) -> Iterator[None]:
        """Whatever is refused within is logged, by the step and the error's name, before it is raised further."""
        try:
            yield
        except CertchainError as refusal:
            self.refused(step, type(refusal).__name__, subject)
            raise

    def refused(self, step: str, reason: str, subject: Subject) -> int:
        """Logs a refusal; returns the entry's index."""
        _log.warning("%s refused: %s (device %d)", step, reason, subject.device)
        return self._write(LoginOutcome.REFUSED, step, reason, subject)

    def certified(self, subject: Subject) -> int:
        """C13: logs a certification; returns the entry's index."""
        index = self._write(LoginOutcome.CERTIFIED, "C13", "", subject)
        _log.info("C13 certified: entry %d (device %d)", index, subject.device)
        return index

    def _write(self, outcome: LoginOutcome, step: str, reason: str, subject: Subject) -> int:
        return self.log.record(
            at=self.clock.now(),
            outcome=outcome,
            step=step,
            reason=reason,
            session=subject.session,
            user=subject.user,
            user_device=subject.user_device,
            device=subject.device,
            registration=subject.registration,
        )
