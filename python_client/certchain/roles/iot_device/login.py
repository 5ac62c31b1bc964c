"""C1 and C2 at the device: the users' verifiers, logins, wrong ones counted and reported, users locked out after too many."""

import logging
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from certchain.channel import Connection
from certchain.encoding.digest import login_proof
from certchain.errors import (
    CertchainError,
    LoginLocked,
    LoginRefused,
    MalformedMessage,
    OutcomeForged,
    PeerUnavailable,
    StorageUnavailable,
    Unavailable,
)
from certchain.keys import KeyPair
from certchain.models.application import LoginGrant
from certchain.models.certification import (
    CHALLENGE_LENGTH,
    REPORT_NONCE_LENGTH,
    Login,
    LoginAccepted,
    LoginFailure,
    LoginFailureNoted,
    Signed,
    UnlockAnswer,
    UnlockQuestion,
)
from certchain.models.identifier import UserDeviceId, UserId, service_party, user_device_party
from certchain.roles.iot_device.conversation import Conversations, LoggedIn
from certchain.roles.iot_device.equipment import Equipment, refusals
from certchain.storage.kept import keep, kept_or_none
from certchain.verification.login import LoginBook, require_claim, require_unlocked, verify_login
from certchain.verification.statement import verify_peer

BOOK = "logins"
_MINUTE = 60
_ASK_AGAIN = 10.0  # seconds between two questions about one user
_log = logging.getLogger("certchain.roles.iot_device")


@dataclass(frozen=True, slots=True)
class Logins:
    """Keeps the login book in the device's file store, so that a lock survives a restart."""

    equipment: Equipment
    conversations: Conversations
    _stand_in: bytes = field(default_factory=lambda: KeyPair.generate().public.signing)
    _wrong: deque[float] = field(default_factory=deque)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _reporting: threading.Lock = field(default_factory=threading.Lock)
    _asked: dict[UserId, float] = field(default_factory=dict)

    def answer_login(self, connection: Connection, login: Login) -> LoginAccepted:
        """C1, C2: lets the user log in on this channel, or counts and reports the failure.

        Raises ``WrongSigner`` for another peer's user device: so nobody else's peer locks a user out. ``LoginRefused``, ``LoginLocked``,
        or ``PeerUnavailable`` while too many logins were wrong in a minute.
        """
        try:
            with refusals("C2"):
                claim = require_claim(login)
                verify_peer(connection.peer, user_device_party(claim.user_device))
                self._hear_of_unlocking(claim.user)
                self._log_in(connection, claim)
        except LoginRefused:
            self.report()
            raise
        except LoginLocked:
            self._report_locked(login)
            raise
        policy, challenge = self.equipment.policy, secrets.token_bytes(CHALLENGE_LENGTH)
        deadline = self.equipment.clock.monotonic() + policy.challenge_lifetime
        self.conversations.put(connection.binding, LoggedIn(login.user, login.user_device, challenge, deadline))
        _log.info("C2 accepted: a user is logged in")
        return LoginAccepted(challenge)

    def keep(self, grant: LoginGrant) -> None:
        """Keeps the verifier of a registration, in place of the one that the user device had before."""
        with self._lock:
            self._write(self.book().with_verifier(grant))

    def unlock(self, user: UserId) -> None:
        """The operator lets a locked user try again."""
        with self._lock:
            self._write(self.book().with_failures(user, 0, self.equipment.policy.strangers))
        _log.info("C2: user %d is unlocked", user)

    def report(self) -> None:
        """C2: tells the certification server of every failure that it has not taken yet; those it cannot take now are kept.

        A report that the server refuses is dropped, for it would be refused for ever and keep the others back.
        """
        with self._reporting:
            taken = dict[LoginFailure, int | None]()
            try:
                for failure in self.book().unreported:
                    taken[failure] = self._tell(failure)
            except CertchainError as problem:
                _log.warning("C2: a report is kept for later: %s", type(problem).__name__)
            if taken:
                self._settle(taken)

    def report_refusal(self, step: str, user: UserId, user_device: UserDeviceId) -> None:
        """C3, C9: reports a refusal on a channel on which a user had logged in."""
        with self._lock:
            failure = self._failure(user, user_device, step=step)
            self._write(self.book().with_report(failure, self.equipment.policy.reports))
        self.report()

    def book(self) -> LoginBook:
        """The login book as it is on disk. Raises ``StorageUnavailable``."""
        try:
            return kept_or_none(self.equipment.store, BOOK, LoginBook) or LoginBook()
        except MalformedMessage:
            raise StorageUnavailable("the login book cannot be read") from None

    def _settle(self, taken: Mapping[LoginFailure, int | None]) -> None:
        """The reports are the server's now; with each it has told how often the user was unlocked."""
        with self._lock:
            book = self.book().without_reports(taken)
            for failure, unlocks in taken.items():
                book = book if unlocks is None else book.with_unlocks(failure.user, unlocks)
            self._write(book)

    def _hear_of_unlocking(self, user: UserId) -> None:
        """Asks the server whether a user who is locked out was unlocked since; not all the time.

        Of strangers, too: otherwise the time that it takes would tell whom the device knows.
        """
        book, now = self.book(), self.equipment.clock.monotonic()
        locked = book.failure_count(user) >= self.equipment.policy.attempts
        if not locked or not self._may_ask(user, now):
            return
        try:
            self.report()
            unlocks = self._ask_for_unlocks(user)
        except CertchainError as problem:
            _log.warning("C2: whether a user was unlocked is not known: %s", type(problem).__name__)
            return
        with self._lock:
            book = self.book()
            known = book.unlocks(user)
            self._write(book.with_unlocks(user, unlocks))
        if known is not None and unlocks > known:
            self.unlock(user)

    def _may_ask(self, user: UserId, now: float) -> bool:
        """Once in a while for each user; remembers no longer than that who it was."""
        with self._lock:
            for other in [other for other, asked in self._asked.items() if now >= asked + _ASK_AGAIN]:
                del self._asked[other]
            if user in self._asked:
                return False
            self._asked[user] = now
            return True

    def _ask_for_unlocks(self, user: UserId) -> int:
        server, nonce = self.equipment.certification_server, secrets.token_bytes(REPORT_NONCE_LENGTH)
        question = self.equipment.identity.sign(UnlockQuestion(self.equipment.id, server, user, nonce))
        signed = self.equipment.server.request(question, Signed)
        answer = self.equipment.said(signed, UnlockAnswer, service_party(server))
        if (answer.user, answer.nonce) != (user, nonce):
            raise OutcomeForged("C2", "another question was answered")
        return answer.unlocks

    def _log_in(self, connection: Connection, login: Login) -> None:
        policy = self.equipment.policy
        with self._lock:
            self._require_calm()
            book = self.book()
            failures = require_unlocked(book, login.user, policy) + 1
            # Counted before it is checked: who cuts the power in between has had the attempt.
            book = book.with_failures(login.user, failures, policy.strangers)
            self._write(book)
            try:
                self._verify(connection, login, book, policy.attempts - failures)
            except LoginRefused:
                self._wrong.append(self.equipment.clock.monotonic())
                self._write(book.with_report(self._failure(login.user, login.user_device, failures), policy.reports))
                raise
            self._write(book.with_failures(login.user, 0, policy.strangers))

    def _report_locked(self, login: Login) -> None:
        """The first try of a user who is locked out is reported; those after it are the same news, until the user is unlocked."""
        with self._lock:
            book = self.book()
            if book.locked_out_reported(login.user):
                return
            failure = self._failure(login.user, login.user_device, book.failure_count(login.user) + 1)
            self._write(book.with_locked_out_reported(login.user).with_report(failure, self.equipment.policy.reports))
        self.report()

    def _verify(self, connection: Connection, login: Login, book: LoginBook, attempts_left: int) -> None:
        network, device = self.equipment.identity.network, self.equipment.id
        said = login_proof(network, login.user, login.user_device, device, connection.binding)
        verify_login(login, book.verifier(login.user, login.user_device), said, self._stand_in, attempts_left)

    def _require_calm(self) -> None:
        """While too many logins were wrong, none is looked at: nobody fills the login log through this device."""
        now = self.equipment.clock.monotonic()
        while self._wrong and self._wrong[0] <= now - _MINUTE:
            self._wrong.popleft()
        if len(self._wrong) >= self.equipment.policy.failures_a_minute:
            raise PeerUnavailable("The device", "too many logins were wrong; it rests for a minute")

    def _failure(self, user: UserId, user_device: UserDeviceId, attempts: int = 0, step: str = "C2") -> LoginFailure:
        return LoginFailure(
            device=self.equipment.id,
            server=self.equipment.certification_server,
            user=user,
            user_device=user_device,
            attempts=attempts,
            locked=attempts >= self.equipment.policy.attempts,
            nonce=secrets.token_bytes(REPORT_NONCE_LENGTH),
            step=step,
        )

    def _tell(self, failure: LoginFailure) -> int | None:
        """Returns how often the user was unlocked, or nothing for a report that the server refuses."""
        try:
            signed = self.equipment.server.request(self.equipment.identity.sign(failure), Signed)
        except Unavailable:
            raise
        except CertchainError as refusal:
            _log.error("C2: a report is dropped, for the server refuses it: %s", type(refusal).__name__)
            return None
        noted = self.equipment.said(signed, LoginFailureNoted, service_party(self.equipment.certification_server))
        if noted.nonce != failure.nonce:
            raise OutcomeForged("C2", "another report was noted")
        return noted.unlocks

    def _write(self, book: LoginBook) -> None:
        keep(self.equipment.store, BOOK, book)
