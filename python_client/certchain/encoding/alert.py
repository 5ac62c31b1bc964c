"""An alert's digest, which the chain has, and the salt in it."""

from collections.abc import Iterable

from certchain.encoding.message import to_cbor
from certchain.encoding.preimage import digest
from certchain.models.alert import Alert
from certchain.models.digest import Digest


def alert_digest(alert: Alert) -> Digest:
    """H("alert", the alert in deterministic CBOR)."""
    return digest("alert", to_cbor(alert))


def alert_salt(salts: Iterable[bytes]) -> bytes:
    """H("alert-salt", salt, …) of the entries' own salts in their order: known only to those who may read the entries."""
    return digest("alert-salt", *salts).value
