"""Lock-out at the certification server: which failures count, and after how many a user or an IoT device has to wait for the operator."""

from dataclasses import dataclass

from certchain.errors import (
    CertificationHashWrong,
    ChallengeRejected,
    InformationChanged,
    IntegrityFailed,
    KeyNotInForce,
    LockedOut,
    LoginRefused,
    SignatureInvalid,
    WrongSigner,
)
from certchain.models.entry import Subject, SubjectKind

COUNTED = frozenset(
    error.__name__
    for error in (
        CertificationHashWrong,
        ChallengeRejected,
        InformationChanged,
        IntegrityFailed,
        KeyNotInForce,
        LoginRefused,
        SignatureInvalid,
        WrongSigner,
    )
)
"""What is refused because of who asks. An outage, a changed database or a suspended registration is no guess of anybody's."""


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """After how many failures in a row, wherever they happened, a user is locked out; and an IoT device, whoever failed there.

    A device locks a user out by itself much earlier (``LoginPolicy``); these are for who goes from device to device, and for a device
    that is tried by many; or one that is made to fail, for a device that is locked certifies nobody. 0 locks nobody out.
    """

    user_failures: int = 20
    device_failures: int = 50

    def most(self, subject: Subject) -> int:
        """How many failures a user or device may have."""
        return self.user_failures if subject.kind is SubjectKind.USER else self.device_failures


def verify_unlocked(subject: Subject, failures: int, policy: LockPolicy) -> Subject:
    """C5: returns a user or device that may try. Raises ``LockedOut``."""
    if 0 < policy.most(subject) <= failures:
        raise LockedOut(str(subject))
    return subject
