"""What the certification server writes into the login log: every login that an authentic request tells of, good or bad."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from certchain.errors import CertchainError
from certchain.log import LogWriter
from certchain.models.certification import SessionOpened
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class LoginParties:
    """Who takes part in a login, as far as the session has come."""

    device: DeviceId
    user: UserId | None = None
    user_device: UserDeviceId | None = None
    session: bytes | None = None
    registration: RegistrationId | None = None


def parties_of(opened: SessionOpened) -> LoginParties:
    """The parties of an open session."""
    return LoginParties(opened.device, opened.user, opened.user_device, opened.session, opened.registration)


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """Writes entries; each is durable when its method returns."""

    log: LogWriter

    @contextmanager
    def refusals(self, step: str, parties: LoginParties) -> Iterator[None]:
        """Whatever is refused within is logged, by the step and the error's name, before it is raised further."""
        try:
            yield
        except CertchainError as refusal:
            self.refused(step, type(refusal).__name__, parties)
            raise

    def refused(self, step: str, reason: str, parties: LoginParties) -> int:
        """Logs a refusal; returns the entry's index."""
        _log.warning("%s refused: %s (device %d)", step, reason, parties.device)
        return self._write(LoginOutcome.REFUSED, step, reason, parties)

    def certified(self, parties: LoginParties) -> int:
        """C13: logs a certification; returns the entry's index."""
        index = self._write(LoginOutcome.CERTIFIED, "C13", "", parties)
        _log.info("C13 certified: entry %d (device %d)", index, parties.device)
        return index

    def _write(self, outcome: LoginOutcome, step: str, reason: str, parties: LoginParties) -> int:
        entry = LoginEntry(
            outcome=outcome,
            step=step,
            reason=reason,
            session=parties.session,
            user=parties.user,
            user_device=parties.user_device,
            device=parties.device,
            registration=parties.registration,
        )
        return self.log.record(entry)
