"""A PostgreSQL server by its URL: who logs in where, and how the connection is protected."""

import ssl
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from certchain.errors import MalformedValue

DRIVER = "postgresql+pg8000"
_PATIENCE = 10.0  # seconds for a connection, and for every answer
_MODES = ("disable", "prefer", "require", "verify-full")
_QUERY = {"sslmode", "sslrootcert", "unix_sock"}


def server_url(text: str) -> URL:
    """Reads ``postgresql+pg8000://user:password@host:port/name``; nothing of it shows in the refusal. Raises ``MalformedValue``.

    After ``?`` may come ``sslmode``: ``verify-full`` (TLS, to the server that has a certificate for ``host``), ``require`` (TLS, to
    whatever server answers), ``prefer`` (the same where the server has it, the default) or ``disable``; ``sslrootcert``: the file of
    the authority that ``verify-full`` trusts instead of the system's; ``unix_sock``: the path of a socket instead of host and port.
    """
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        raise MalformedValue("database", f"it is no URL of the form {DRIVER}://user:password@host:port/name") from None
    if url.drivername != DRIVER or not url.database or not url.username:
        raise MalformedValue("database", f"it is no URL of the form {DRIVER}://user:password@host:port/name")
    unknown = sorted(set(url.query) - _QUERY)
    if unknown or not all(isinstance(value, str) for value in url.query.values()):
        raise MalformedValue("database", f"after ? come {', '.join(sorted(_QUERY))}, each once, and nothing else")
    if url.query.get("sslmode", "prefer") not in _MODES:
        raise MalformedValue("database", f"sslmode is one of {', '.join(_MODES)}")
    return url


def with_password(text: str, password: str) -> str:
    """The URL with this password, unless it has one. Raises ``MalformedValue``."""
    url = server_url(text)
    return text if url.password is not None else url.set(password=password).render_as_string(hide_password=False)


def server_arguments(url: URL) -> dict[str, Any]:
    """What the driver is told besides the URL's user, password, host, port and name. Raises ``OSError`` for an unreadable file."""
    arguments: dict[str, Any] = {"timeout": _PATIENCE, "application_name": "certchain"}
    if url.password is None:  # the driver would stumble over a server that asks for one
        arguments["password"] = ""
    if "unix_sock" in url.query:
        arguments["unix_sock"] = url.query["unix_sock"]
    mode = url.query.get("sslmode", "prefer")
    if mode == "disable":
        arguments["ssl_context"] = False
    elif mode != "prefer":  # which is what the driver does by itself
        arguments["ssl_context"] = _protection(mode == "verify-full", url.query.get("sslrootcert"))
    return arguments


def _protection(verified: bool, authority: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
