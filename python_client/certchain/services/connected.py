"""Who is at the other end of a TLS connection, as our protocol class tells the application."""

from dataclasses import dataclass

from fastapi import Request

from certchain.config import Clock
from certchain.encoding.binding import https_binding
from certchain.errors import CertificateMissing, ForeignPage, OperatorRequired, PartyRequired
from certchain.keys import verify_in_force
from certchain.models.certificate import Certified, CertifiedName, Operator
from certchain.models.identifier import Party

SCOPE_KEY = "certchain.connected"
"""Where an ASGI scope has the ``Connected``; not at all without TLS."""
_OWN_SITE = ("same-origin", "none")


@dataclass(frozen=True, slots=True)
class Connected:
    """A TLS connection: our certificate's fingerprint in it (32 bytes), and what the client's says if one was shown."""

    server: bytes
    client: Certified | None


@dataclass(frozen=True, slots=True)
class HttpsConversation:
    """The end that answers, of an ``HttpsChannel``; a ``Conversation``."""

    binding: bytes
    peer: Party


def certified_peer(request: Request, clock: Clock) -> CertifiedName:
    """Whom the client's certificate names. Raises ``CertificateMissing``, or ``CertificateInvalid`` once it has expired."""
    return verify_in_force(_shown(request)[1], clock.now()).name


def require_operator(request: Request, clock: Clock) -> Operator:
    """The operator whose certificate was shown. Raises ``CertificateMissing``, ``CertificateInvalid`` or ``OperatorRequired``."""
    name = certified_peer(request, clock)
    if not isinstance(name, Operator):
        raise OperatorRequired(str(name))
    return name


def operator_of(request: Request) -> Operator:
    """A dependency of the operator API's routes: who asks. Raises as ``require_operator`` does, by the application's clock.

    ``ForeignPage`` when it was not the operator who asked, but another site's page in the operator's browser.
    """
    operator = require_operator(request, request.app.state.clock)
    _require_own_page(request)
    return operator


def require_conversation(request: Request, clock: Clock, conversation: bytes) -> HttpsConversation:
    """The conversation that a party's request belongs to; 16 bytes say which. Raises as above, and ``PartyRequired``."""
    server, client = _shown(request)
    name = verify_in_force(client, clock.now()).name
    if not isinstance(name, Party):
        raise PartyRequired(str(name))
    return HttpsConversation(https_binding(server, client.fingerprint, conversation), name)


def _require_own_page(request: Request) -> None:
    """A browser shows the certificate for whatever page asks; which page it was, it says in these headers (Fetch Metadata, Fetch).

    Programs send neither.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in _OWN_SITE:
        raise ForeignPage
    if origin is not None and origin != f"https://{request.headers.get('host', '')}":
        raise ForeignPage


def _shown(request: Request) -> tuple[bytes, Certified]:
    connected = request.scope.get(SCOPE_KEY)
    if not isinstance(connected, Connected) or connected.client is None:
        raise CertificateMissing
    return connected.server, connected.client
