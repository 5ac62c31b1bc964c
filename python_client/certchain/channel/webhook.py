"""A notification as an HTTP request, to an address that nobody vouches for: bounded, and redirects are not followed."""

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from certchain.channel.http import HttpPeer
from certchain.channel.http_connection import PeerTls
from certchain.errors import ConfigurationInvalid, PeerUnavailable

_ANSWER_LIMIT = 64 * 1024


def post_webhook(address: str, body: bytes, headers: Mapping[str, str], *, authority: str, timeout: float) -> int:
    """Posts a body to an address, and returns the status (200 to 299) by which the other end says that it has it.

    ``authority`` is as for ``client_context``; ``timeout`` (seconds) is for each step. Raises ``PeerUnavailable`` for any other answer or
    none, ``CertificateInvalid``, ``ConfigurationInvalid``.
    """
    parts = urlsplit(address)
    path = address.partition("://")[2].partition("/")[2]
    named = PeerTls(client_context(authority), lambda _: None, named=True) if parts.scheme == "https" else None
    peer = HttpPeer(f"{parts.scheme}://{parts.netloc}", timeout, named)
    try:
        status = peer.post(path, body, _ANSWER_LIMIT, headers).status
    finally:
        peer.close()
    if not 200 <= status < 300:  # noqa: PLR2004 - RFC 9110, 15.3: success
        raise PeerUnavailable(peer.url, f"it answered {status}")
    return status


def client_context(authority: str) -> ssl.SSLContext:
    """How to speak TLS as a client of the web: with the certificate authorities in a file (PEM), or for ``""`` those of the system.

    Raises ``ConfigurationInvalid`` for a file that cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=authority or None)
    except (OSError, ssl.SSLError) as problem:
        raise ConfigurationInvalid(authority, "it is not a file of certificates (PEM)") from problem
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
