"""The channel to a service: envelopes over HTTPS, mutual TLS 1.3 with certificates of the network's own CA (ADR 20)."""

import os
from collections.abc import Mapping
from typing import TypeVar

from certchain.channel.envelope import decode_answer, encode_message
from certchain.channel.http import HttpPeer, https_only
from certchain.channel.http_connection import PeerTls
from certchain.encoding.binding import https_binding
from certchain.errors import (
    PartyRequired,
    PeerUnavailable,
    RequestTooLarge,
    ServiceBusy,
    TooManyRequests,
    WrongPeer,
)
from certchain.keys import CaCertificate, TlsIdentity, client_context, verify_server
from certchain.models.certificate import Certified
from certchain.models.certification import Signed
from certchain.models.enrolment import EnrolmentAnswer
from certchain.models.identifier import Party

MESSAGES = "messages"
ENROLMENT = "enrolment"
"""The paths of the resources, below a service's address: for parties' messages, and for who is to become one."""
MEDIA_TYPE = "application/cbor"
CONVERSATION = "Certchain-Conversation"
"""The header with the conversation's 16 random bytes, in hexadecimal digits."""
CONVERSATION_LENGTH = 16
LONGEST_MESSAGE = 1 << 20
"""Bytes of a request, and of an answer: of what parties say to services, a page of 500 log entries is the longest."""

_OK, _TOO_MANY, _BUSY = 200, 429, 503

Answer = TypeVar("Answer")


class HttpsChannel:
    """The end that asks; a ``ServiceChannel``. Thread-safe: requests go in parallel, each over a connection of its own.

    Nothing is said before the service's certificate has been found to be the CA's, in force, a server's, and ``answerer``'s. A service
    that has renewed it meanwhile is another conversation, with another binding. ``timeout`` in seconds is for the connection, for the
    head of an answer, and for its body.

    Beside what every channel raises: ``CertificateInvalid`` and ``WrongPeer`` for who answers there, ``CertificateRefused`` when it
    does not take ours, ``RequestTooLarge``, ``TooManyRequests`` and ``ServiceBusy``. The constructor raises ``MalformedValue`` for an
    address that is not https, and ``PartyRequired`` for an operator's identity.
    """

    def __init__(self, url: str, identity: TlsIdentity, answerer: Party, timeout: float = 10.0) -> None:
        if not isinstance(identity.certified.name, Party):
            raise PartyRequired(str(identity.certified.name))
        self._identity, self._answerer = identity, answerer
        self._service = HttpPeer(
            https_only(url), timeout, PeerTls(client_context(identity.ca, identity), self._require)
        )
        self._conversation = os.urandom(CONVERSATION_LENGTH)
        self._server: bytes | None = None
        self._closed = False

    @property
    def peer(self) -> Party:
        """See ``Conversation.peer``."""
        return self._answerer

    @property
    def binding(self) -> bytes:
        """See ``Conversation.binding``. The service is connected to, if it has not been."""
        self._require_open()
        if self._server is None:
            self._service.get("healthz", LONGEST_MESSAGE)  # any resource: the certificate comes with the connection
        return https_binding(self._server or b"", self._identity.certified.fingerprint, self._conversation)

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """See ``ServiceChannel.request``."""
        self._require_open()
        return _asked(self._service, MESSAGES, message, answer, {CONVERSATION: self._conversation.hex()})

    def close(self) -> None:
        """See ``ServiceChannel.close``."""
        self._closed = True
        self._service.close()

    def _require_open(self) -> None:
        if self._closed:
            raise PeerUnavailable(self._service.url, "the channel is closed")

    def _require(self, certificate: bytes) -> None:
        """Looks at the certificate of each new connection, which OpenSSL has found to be the CA's and in force."""
        self._server = verify_answerer(self._identity.ca, self._answerer, certificate).fingerprint


def ask_to_be_enrolled(
    url: str, ca: CaCertificate, answerer: Party, request: Signed, timeout: float = 10.0
) -> EnrolmentAnswer:
    """What a certification server answers to who has no certificate yet, and knows the network by its CA.

    Raises as ``HttpsChannel`` does, and what the server refuses.
    """
    tls = PeerTls(client_context(ca), lambda certificate: verify_answerer(ca, answerer, certificate))
    service = HttpPeer(https_only(url), timeout, tls)
    try:
        return _asked(service, ENROLMENT, request, EnrolmentAnswer, {})
    finally:
        service.close()


def verify_answerer(ca: CaCertificate, answerer: Party, certificate: bytes) -> Certified:
    """What a service's certificate says, which OpenSSL has found to be the CA's and in force.

    Raises ``CertificateInvalid`` for one that is no server's, and ``WrongPeer`` when it is not ``answerer``'s.
    """
    certified = verify_server(ca.read(certificate))
    if certified.name != answerer:
        raise WrongPeer(str(answerer), str(certified.name))
    return certified


def _asked(service: HttpPeer, path: str, message: object, answer: type[Answer], headers: Mapping[str, str]) -> Answer:
    body = encode_message(message)
    if len(body) > LONGEST_MESSAGE:
        raise RequestTooLarge(LONGEST_MESSAGE, "bytes")
    reply = service.post(path, body, LONGEST_MESSAGE, {"Content-Type": MEDIA_TYPE, **headers})
    if (reply.status, reply.media_type) == (_OK, MEDIA_TYPE):
        return decode_answer(reply.body, answer)
    if reply.status == _TOO_MANY:
        raise TooManyRequests(reply.retry_after)
    if reply.status == _BUSY:
        raise ServiceBusy(reply.retry_after)
    raise PeerUnavailable(service.url, f"it answered {reply.status} and no message")
