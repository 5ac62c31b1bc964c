"""What an operator asks of a certification server: the seam, and the end that asks over HTTPS."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from certchain.channel.http import TEXT_LIMIT, HttpPeer, Reply, https_only
from certchain.channel.http_connection import PeerTls
from certchain.channel.https import verify_answerer
from certchain.encoding.base_64 import from_base64, to_base64
from certchain.encoding.message import from_cbor, to_cbor
from certchain.encoding.problem import raise_problem
from certchain.errors import MalformedMessage, OperatorRequired
from certchain.keys import TlsIdentity, client_context
from certchain.models.certificate import Operator
from certchain.models.certification import Signed
from certchain.models.enrolment import EnrolmentAnswer
from certchain.models.entry import Subject
from certchain.models.identifier import DeviceId, Party, PartyKind, RegistrationId, UserDeviceId, UserId

Value = TypeVar("Value")

_JSON = {"Content-Type": "application/json"}
_DONE = range(200, 300)
PATIENCE = 150.0
"""Seconds: longer than the server waits for what it sends to the chain, behind one other that it waits for (60 each, by default)."""


class Operations(Protocol):
    """Every method may raise ``Unavailable`` and what the certification server refuses with. What concerns people goes on record."""

    def enrol_user(self, name: str) -> UserId:
        """Enrols a user, of whom the chain learns no name."""
        ...

    def admit(self, request: Signed) -> EnrolmentAnswer:
        """Enrols the device or user device that signed an ``EnrolmentRequest``."""
        ...

    def rotate(self, party: Party, request: Signed) -> EnrolmentAnswer:
        """Puts the keys that signed an ``EnrolmentRequest`` in force for a device or user device that is enrolled already."""
        ...

    def permit(self, user: UserId, user_device: UserDeviceId, device: DeviceId) -> None:
        """Permits one registration, for the lifetime of a permit."""
        ...

    def suspend(self, registration: RegistrationId) -> None:
        """A registration certifies nobody, until it is reinstated or superseded."""
        ...

    def reinstate(self, registration: RegistrationId) -> None:
        """A suspended registration certifies again."""
        ...

    def revoke(self, registration: RegistrationId) -> None:
        """Ends a registration for good."""
        ...

    def redivide(self, registration: RegistrationId) -> None:
        """Gives the custodians fresh shares of the same key."""
        ...

    def report_lost(self, user_device: UserDeviceId, reason: str) -> Sequence[RegistrationId]:
        """Suspends every active registration of a lost or stolen user device; returns which."""
        ...

    def unlock(self, subject: Subject, reason: str) -> int:
        """Lets a user or device try again after too many failures; returns the index of the log's entry."""
        ...

    def allow_app(self, release: Signed, reason: str) -> None:
        """Allows an app's version by its vendor's signed release."""
        ...

    def deprecate_app(self, app: str, version: str, until: int, reason: str) -> None:
        """Allows an app's version until a time, in seconds since the epoch."""
        ...

    def revoke_app(self, app: str, version: str, reason: str) -> None:
        """Ends an app's version at once."""
        ...


class HttpOperations:
    """See ``Operations``: asked of the certification server at ``url``, which has to be ``answerer``, under an operator's certificate.

    Beside what the server refuses with, it raises what ``HttpsChannel`` raises of certificates. The constructor raises
    ``OperatorRequired`` for another identity, and ``MalformedValue`` for an address that is not https. ``timeout`` in seconds.
    """

    def __init__(self, url: str, identity: TlsIdentity, answerer: Party, timeout: float = PATIENCE) -> None:
        if not isinstance(identity.certified.name, Operator):
            raise OperatorRequired(str(identity.certified.name))
        self._identity, self._answerer = identity, answerer
        self._server = HttpPeer(https_only(url), timeout, PeerTls(client_context(identity.ca, identity), self._require))

    def close(self) -> None:
        """Lets go of the connections."""
        self._server.close()

    def enrol_user(self, name: str) -> UserId:
        return self._asked("users", {"name": name}, lambda said: UserId(_number(said["user"])))

    def admit(self, request: Signed) -> EnrolmentAnswer:
        return self._asked("enrolments", {"request": _written(request)}, _enrolment)

    def rotate(self, party: Party, request: Signed) -> EnrolmentAnswer:
        kind = "devices" if party.kind is PartyKind.DEVICE else "user-devices"
        return self._asked(f"{kind}/{party.number}/keys", {"request": _written(request)}, _enrolment)

    def permit(self, user: UserId, user_device: UserDeviceId, device: DeviceId) -> None:
        self._ask("permits", {"user": user, "user_device": user_device, "device": device})

    def suspend(self, registration: RegistrationId) -> None:
        self._ask(f"registrations/{registration}/suspend", {})

    def reinstate(self, registration: RegistrationId) -> None:
        self._ask(f"registrations/{registration}/reinstate", {})

    def revoke(self, registration: RegistrationId) -> None:
        self._ask(f"registrations/{registration}/revoke", {})

    def redivide(self, registration: RegistrationId) -> None:
        self._ask(f"registrations/{registration}/redivide", {})

    def report_lost(self, user_device: UserDeviceId, reason: str) -> Sequence[RegistrationId]:
        path, why = f"user-devices/{user_device}/lost", {"reason": reason}
        return self._asked(
            path, why, lambda said: tuple(RegistrationId(_number(each)) for each in said["registrations"])
        )

    def unlock(self, subject: Subject, reason: str) -> int:
        path, why = f"{subject.kind}s/{subject.number}/unlock", {"reason": reason}
        return self._asked(path, why, lambda said: _number(said["entry"]))

    def allow_app(self, release: Signed, reason: str) -> None:
        self._ask("apps", {"release": _written(release), "reason": reason})

    def deprecate_app(self, app: str, version: str, until: int, reason: str) -> None:
        self._ask("apps/deprecate", {"app": app, "version": version, "until": until, "reason": reason})

    def revoke_app(self, app: str, version: str, reason: str) -> None:
        self._ask("apps/revoke", {"app": app, "version": version, "reason": reason})

    def _require(self, certificate: bytes) -> None:
        verify_answerer(self._identity.ca, self._answerer, certificate)

    def _ask(self, path: str, question: dict[str, Any]) -> Reply:
        reply = self._server.post(f"operator/{path}", json.dumps(question).encode(), TEXT_LIMIT, _JSON)
        if reply.status not in _DONE:
            raise_problem(self._server.url, reply.status, reply.body)
        return reply

    def _asked(self, path: str, question: dict[str, Any], read: Callable[[Any], Value]) -> Value:
        reply = self._ask(path, question)
        try:
            return read(json.loads(reply.body))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise MalformedMessage("the server's answer is not what was asked for") from None


def _written(signed: Signed) -> str:
    return to_base64(to_cbor(signed))


def _enrolment(said: Any) -> EnrolmentAnswer:
    return from_cbor(EnrolmentAnswer, from_base64(said["answer"]))


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value
