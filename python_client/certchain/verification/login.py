"""C1 and C2: whose logins a device knows, how a login is checked, when a user is locked out. The device keeps the book on disk."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from certchain.errors import LoginLocked, LoginRefused, MalformedValue, SignatureInvalid
from certchain.keys import verify_signature
from certchain.models.application import LoginGrant
from certchain.models.certification import Login, LoginFailure
from certchain.models.identifier import RegistrationId, UserDeviceId, UserId

_MOST_IDENTIFIER = 2**48 - 1


@dataclass(frozen=True, slots=True)
class LoginPolicy:
    """The device's policy: after how many wrong logins in a row a user is locked out, and how long things last, in seconds.

    A device turns all logins away once ``failures_a_minute`` were wrong, so that nobody can fill its log through it. It keeps the failures
    of at most ``strangers`` users whom it does not know, and at most ``reports`` reports that the server has not taken yet.
    """

    attempts: int = 5
    failures_a_minute: int = 30
    strangers: int = 1000
    reports: int = 1000
    challenge_lifetime: int = 60
    conversations: int = 100


@dataclass(frozen=True, slots=True)
class KeptVerifier:
    """The verifier of one user device's registration: all that the device keeps of a user."""

    registration: RegistrationId
    user: UserId
    user_device: UserDeviceId
    verifier: bytes


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Wrong logins in a row in the name of one user; ``reported`` once the server was told of a try while the user was locked out.

    ``unlocks`` is how often the operator had unlocked the user when the server took the latest report; ``None`` while it has taken none.
    """

    user: UserId
    failures: int
    reported: bool = False
    unlocks: int | None = None


@dataclass(frozen=True, slots=True)
class LoginBook:
    """What the device keeps of logins: verifiers, failures (the latest last) and reports that the server has not taken yet."""

    verifiers: tuple[KeptVerifier, ...] = ()
    failures: tuple[FailureCount, ...] = ()
    unreported: tuple[LoginFailure, ...] = ()

    def verifier(self, user: UserId, user_device: UserDeviceId) -> bytes | None:
        """The verifier of this user on this user device, or ``None``."""
        kept = (entry.verifier for entry in self.verifiers if (entry.user, entry.user_device) == (user, user_device))
        return next(kept, None)

    def failure_count(self, user: UserId) -> int:
        """How many logins in the name of the user were wrong, since the last good one."""
        return next((entry.failures for entry in self.failures if entry.user == user), 0)

    def unlocks(self, user: UserId) -> int | None:
        """How often the operator had unlocked the user, as far as the server has told since the last good login."""
        return next((entry.unlocks for entry in self.failures if entry.user == user), None)

    def with_unlocks(self, user: UserId, unlocks: int) -> "LoginBook":
        """With the number of times that the server tells; nothing changes for a user without failures."""
        failures = (replace(entry, unlocks=unlocks) if entry.user == user else entry for entry in self.failures)
        return replace(self, failures=tuple(failures))

    def locked_out_reported(self, user: UserId) -> bool:
        """Whether a try of the user, who is locked out, was reported."""
        return any(entry.reported for entry in self.failures if entry.user == user)

    def with_locked_out_reported(self, user: UserId) -> "LoginBook":
        """With the note that a try of the user, who is locked out, was reported."""
        failures = (replace(entry, reported=entry.reported or entry.user == user) for entry in self.failures)
        return replace(self, failures=tuple(failures))

    def knows(self, user: UserId) -> bool:
        """Whether any user device of the user is registered."""
        return any(entry.user == user for entry in self.verifiers)

    def with_verifier(self, grant: LoginGrant) -> "LoginBook":
        """With the grant's verifier in place of the one that its user device had."""
        kept = KeptVerifier(grant.registration, grant.user, grant.user_device, grant.login_verifier)
        others = (entry for entry in self.verifiers if entry.user_device != grant.user_device)
        return replace(self, verifiers=(*others, kept))

    def with_failures(self, user: UserId, failures: int, strangers: int) -> "LoginBook":
        """With another count for the user; the oldest counts of unknown users make room, those of known users never do."""
        others = tuple(entry for entry in self.failures if entry.user != user)
        counted = (*others, FailureCount(user, failures, unlocks=self.unlocks(user))) if failures else others
        return replace(self, failures=self._bounded(counted, strangers))

    def with_report(self, failure: LoginFailure, most: int) -> "LoginBook":
        """With one more report that the server has to be told; at most so many, the oldest first."""
        return replace(self, unreported=(*self.unreported, failure)[:most])

    def without_reports(self, taken: Iterable[LoginFailure]) -> "LoginBook":
        """Without the reports that the server has taken."""
        gone = set(taken)
        return replace(self, unreported=tuple(report for report in self.unreported if report not in gone))

    def _bounded(self, failures: tuple[FailureCount, ...], strangers: int) -> tuple[FailureCount, ...]:
        unknown = [entry for entry in failures if not self.knows(entry.user)]
        gone = set(unknown[: max(len(unknown) - strangers, 0)])
        return tuple(entry for entry in failures if entry not in gone)


def require_claim(login: Login) -> Login:
    """Returns a login whose identifiers the chain could have issued. Raises ``MalformedValue``: what is no login is not counted."""
    for name, value in (("user", login.user), ("user device", login.user_device)):
        if not 0 < value <= _MOST_IDENTIFIER:
            raise MalformedValue(name, "no identifier is like this")
    return login


def require_unlocked(book: LoginBook, user: UserId, policy: LoginPolicy) -> int:
    """Returns how many wrong logins there were. Raises ``LoginLocked``, for users known and unknown alike."""
    failures = book.failure_count(user)
    if failures >= policy.attempts:
        raise LoginLocked(user)
    return failures


def verify_login(login: Login, verifier: bytes | None, said: bytes, stand_in: bytes, attempts_left: int) -> Login:
    """C2: returns the login whose proof is good over ``said`` (``encoding.digest.login_proof``). Raises ``LoginRefused``.

    Without a verifier the proof is checked all the same, against the key ``stand_in``, so that the time taken does not tell an unknown
    user from a wrong secret.
    """
    try:
        verify_signature(verifier or stand_in, said, login.proof, "login")
    except SignatureInvalid:
        raise LoginRefused(attempts_left) from None
    if verifier is None:
        raise LoginRefused(attempts_left)
    return login
