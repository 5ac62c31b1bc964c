"""Lock-out: failures are counted for each user and IoT device, durably, and only an operator ends it, on record."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from certchain.errors import UnknownRecord
from certchain.log import LogWriter
from certchain.models.entry import Subject, SubjectKind, UnlockEntry
from certchain.models.identifier import DeviceId, UserId
from certchain.roles.certification_server.parties import LoginParties
from certchain.storage import ManagementDatabase
from certchain.verification.lockout import COUNTED, LockPolicy, verify_unlocked

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class Lockout:
    """The counts in the management database. They survive a restart, and so does a lock."""

    database: ManagementDatabase
    log: LogWriter
    policy: LockPolicy

    def require_unlocked(self, parties: LoginParties) -> None:
        """C5: returns while user and device may try. Raises ``LockedOut``."""
        for subject in self._known(parties):
            verify_unlocked(subject, self.database.failures(subject).failures, self.policy)

    def count(self, reason: str, parties: LoginParties) -> None:
        """Counts a refusal for its user and device, if it is one that counts; whom nobody has enrolled is not counted."""
        if reason in COUNTED:
            for subject in self._known(parties):
                self.database.count_failure(subject)

    def clear(self, parties: LoginParties) -> None:
        """C13: user and device begin anew after a certification."""
        for subject in self._known(parties):
            if self.database.failures(subject).failures:
                self.database.clear_failures(subject)

    def unlock(self, subject: Subject, by: str, reason: str) -> int:
        """An operator lets a user or device try again; returns the index of the log's entry about it, which comes first.

        Raises ``UnknownRecord`` for whom the server does not know.
        """
        self._require_known(subject)
        index = self.log.record(UnlockEntry(subject, by, reason))
        self.database.unlock(subject)
        _log.info("An operator has unlocked %s: entry %d", subject, index)
        return index

    def unlocks(self, user: UserId) -> int:
        """How often an operator has unlocked the user: devices ask for it that have locked them out."""
        return self.database.failures(Subject(SubjectKind.USER, user)).unlocks

    def _known(self, parties: LoginParties) -> Iterator[Subject]:
        """The device, which has signed; and the user, if they are enrolled: what is claimed could be any number."""
        yield Subject(SubjectKind.DEVICE, parties.device)
        if parties.user is not None:
            try:
                self.database.user(parties.user)
            except UnknownRecord:
                return
            yield Subject(SubjectKind.USER, parties.user)

    def _require_known(self, subject: Subject) -> None:
        if subject.kind is SubjectKind.USER:
            self.database.user(UserId(subject.number))
        elif subject.kind is SubjectKind.DEVICE:
            self.database.device(DeviceId(subject.number))
        else:
            raise UnknownRecord("lock", str(subject))
