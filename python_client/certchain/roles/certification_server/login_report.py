"""C2 at the certification server: the wrong logins that devices report."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from certchain.errors import CertchainError, ChallengeRejected, LoginLocked, LoginRefused, MalformedValue
from certchain.models.certification import (
    REPORT_NONCE_LENGTH,
    LoginFailure,
    LoginFailureNoted,
    UnlockAnswer,
    UnlockQuestion,
)
from certchain.models.identifier import DeviceId
from certchain.roles.certification_server.login_record import LoginRecord
from certchain.roles.certification_server.parties import LoginParties
from certchain.roles.certification_server.remembered import REMEMBERED

_STEPS = ("C2", "C3", "C9")


@dataclass(frozen=True, slots=True)
class LoginReports:
    """Logs reported failures. A report that comes again, because its answer was lost, is not logged again."""

    record: LoginRecord
    _noted: OrderedDict[tuple[DeviceId, bytes], int] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, failure: LoginFailure) -> LoginFailureNoted:
        """Logs a failure that a device has signed. Raises ``MalformedValue`` for a nonce of another length, or another step."""
        _require_nonce(failure.nonce)
        if failure.step not in _STEPS:
            raise MalformedValue("step", "a device reports what it refused at C2, C3 or C9")
        with self._lock:
            index = self._noted.get((failure.device, failure.nonce))
            if index is None:
                index = self._log(failure)
            self._noted.move_to_end((failure.device, failure.nonce))
            if len(self._noted) > REMEMBERED:
                self._noted.popitem(last=False)
        return LoginFailureNoted(index, failure.nonce, self.record.lockout.unlocks(failure.user))

    def unlocks(self, question: UnlockQuestion) -> UnlockAnswer:
        """How often the user was unlocked, for a device that has locked them out. Raises ``MalformedValue`` for another nonce's length."""
        _require_nonce(question.nonce)
        return UnlockAnswer(question.user, self.record.lockout.unlocks(question.user), question.nonce)

    def _log(self, failure: LoginFailure) -> int:
        reason = _reason(failure)
        parties = LoginParties(failure.device, failure.user, failure.user_device)
        index = self.record.refused(failure.step, reason.__name__, parties)
        self._noted[failure.device, failure.nonce] = index
        return index


def _require_nonce(nonce: bytes) -> None:
    if len(nonce) != REPORT_NONCE_LENGTH:
        raise MalformedValue("nonce", f"it has {len(nonce)} bytes")


def _reason(failure: LoginFailure) -> type[CertchainError]:
    """What the device refused with: after a good login, a challenge that was not in force."""
    if failure.step != "C2":
        return ChallengeRejected
    return LoginLocked if failure.locked else LoginRefused
