"""Certificates end after some weeks: who runs on gets another in time."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from certchain.channel.https import HttpsChannel
from certchain.cli.enrolling import CERTIFICATE, TLS_KEY, tls_identity
from certchain.cli.file import write_file
from certchain.cli.workspace import Workspace
from certchain.errors import CertchainError, CertificateInvalid
from certchain.keys import CertificateAuthority, ServerTls, TlsIdentity, TlsKey
from certchain.models.certification import Signed
from certchain.models.enrolment import CertificateRenewal, Enrolled
from certchain.models.identifier import Party
from certchain.verification.statement import Identity, verify_statement

Answer = TypeVar("Answer")

_EVERY = 3600.0  # seconds between two looks at a certificate
_log = logging.getLogger(__name__)


class PartyCertificate:
    """A party's certificate, in its folder; the certification server renews it. Thread-safe. Raises ``UnknownRecord`` without one."""

    def __init__(self, workspace: Workspace, folder: Path, identity: Identity, server: Party) -> None:
        self._workspace, self._folder, self._identity, self._server = workspace, folder, identity, server
        self._lock = threading.Lock()
        self._tls = tls_identity(workspace, folder)

    def current(self) -> TlsIdentity:
        """The certificate, renewed first if that is due and can be done."""
        with self._lock:
            if self._tls.is_due(self._workspace.clock.now()):
                try:
                    self._tls = self._renewed()
                except CertchainError as problem:
                    _log.warning("The certificate is not renewed: %s", problem)
            return self._tls

    def _renewed(self) -> TlsIdentity:
        """For the same TLS key, so that what is on the disk always belongs together."""
        key = self._workspace.keyring.tls_key(self._folder / TLS_KEY)
        channel = HttpsChannel(self._workspace.configuration.certification_server, self._tls, self._server)
        try:
            signed = channel.request(self._identity.sign(CertificateRenewal(key.request())), Signed)
        finally:
            channel.close()
        records = self._workspace.reader.registrations.keys(self._server)
        enrolled = verify_statement(signed, Enrolled, self._server, records, self._identity.network)
        if enrolled.party != self._identity.party:
            raise CertificateInvalid("it is for somebody else")
        renewed = TlsIdentity(key, enrolled.certificate, self._tls.ca)
        write_file(self._folder / CERTIFICATE, enrolled.certificate)
        _log.info("The certificate is renewed.")
        return renewed


class OwnCertificate:
    """The certificate of a service in the CA's own home: issued when it is first asked for, and again when it is due. Thread-safe."""

    def __init__(
        self, workspace: Workspace, authority: CertificateAuthority, key: TlsKey, party: Party, hosts: list[str]
    ) -> None:
        self._workspace, self._authority, self._key, self._party, self._hosts = workspace, authority, key, party, hosts
        self._lock = threading.Lock()
        self._tls = self._issued()

    def current(self) -> TlsIdentity:
        """The certificate."""
        with self._lock:
            if self._tls.is_due(self._workspace.clock.now()):
                self._tls = self._issued()
            return self._tls

    def _issued(self) -> TlsIdentity:
        now = self._workspace.clock.now()
        certificate = self._authority.issue(self._key.request(), self._party, now=now, hosts=self._hosts)
        return TlsIdentity(self._key, certificate, self._authority.certificate)


class LastingChannel:
    """A ``ServiceChannel`` that outlives its certificate: it is opened again, with another binding value, when ``current`` is another."""

    def __init__(self, url: str, current: Callable[[], TlsIdentity], answerer: Party) -> None:
        self._url, self._current, self._answerer = url, current, answerer
        self._lock = threading.Lock()
        self._identity = current()
        self._channel = HttpsChannel(url, self._identity, answerer)

    @property
    def peer(self) -> Party:
        """See ``Conversation.peer``."""
        return self._answerer

    @property
    def binding(self) -> bytes:
        """See ``Conversation.binding``."""
        return self._opened().binding

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """See ``ServiceChannel.request``."""
        return self._opened().request(message, answer)

    def close(self) -> None:
        """See ``ServiceChannel.close``."""
        self._channel.close()

    def _opened(self) -> HttpsChannel:
        identity = self._current()
        with self._lock:
            if identity is not self._identity:
                self._channel.close()
                self._identity, self._channel = identity, HttpsChannel(self._url, identity, self._answerer)
            return self._channel


@contextmanager
def renewing(tls: ServerTls, current: Callable[[], TlsIdentity]) -> Iterator[None]:
    """While within, a service shows the certificate that ``current`` says, which is asked now and then, and may renew it."""
    stopping = threading.Event()

    def run() -> None:
        while not stopping.wait(_EVERY):
            try:
                tls.renew(current())
            except CertchainError as problem:
                _log.error("The service's certificate is not renewed: %s", problem)

    thread = threading.Thread(target=run, name="certificate", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
