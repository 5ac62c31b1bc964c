"""What the certification server writes into the login log: every login that an authentic request tells of, good or bad."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from certchain.errors import CertchainError
from certchain.log import LogWriter
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.roles.certification_server.lockout import Lockout
from certchain.roles.certification_server.parties import LoginParties

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """Writes entries, each durable when its method returns, and has failures counted before they are told."""

    log: LogWriter
    lockout: Lockout

    @contextmanager
    def refusals(self, step: str, parties: LoginParties) -> Iterator[None]:
        """Whatever is refused within is logged, by the step and the error's name, before it is raised further."""
        try:
            yield
        except CertchainError as refusal:
            self.refused(step, type(refusal).__name__, parties)
            raise

    def refused(self, step: str, reason: str, parties: LoginParties) -> int:
        """Counts and logs a refusal; returns the entry's index."""
        self.lockout.count(reason, parties)
        _log.warning("%s refused: %s (device %d)", step, reason, parties.device)
        return self._write(LoginOutcome.REFUSED, step, reason, parties)

    def certified(self, parties: LoginParties) -> int:
        """C13: logs a certification; returns the entry's index. What could fail besides comes first."""
        self.lockout.clear(parties)
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
