"""Webhooks: an alert's document as an HTTP request that only the certification server can have made, for this address, now.

HTTP message signatures (RFC 9421) by Ed25519 over method, target, content digest (RFC 9530), media type and delivery id. A receiver calls
``verify_webhook``, which takes a web framework's values as they are, and keeps the ids of the deliveries that it took.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from certchain.encoding.digest import key_thumbprint
from certchain.errors import WebhookForged, WebhookReplayed
from certchain.keys.interface import PrivateKeys
from certchain.models.alert import ProvenAlert
from certchain.models.notification import DELIVERY_ID_LENGTH
from certchain.models.registration import PublicKeys
from certchain.verification.alert import verify_alert

DELIVERY = "Certchain-Delivery"
"""The header with the delivery's id, in hex."""
WEBHOOK_MEDIA_TYPE = "application/json"
WEBHOOK_WINDOW = 300
"""How old or how far ahead, in seconds, a signature may be; for so long a receiver has to remember deliveries at least."""
_LABEL = "certchain"
_TAG = "certchain-alert"
_COVERED = ("@method", "@target-uri", "content-digest", "content-type", DELIVERY.lower())


@dataclass(frozen=True, slots=True)
class _Request:
    """A request as the library reads it."""

    url: str
    headers: dict[str, str]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class VerifiedWebhook:
    """A delivery that the certification server made: its id in hex, when it was signed (seconds since the epoch), and the alert."""

    delivery: str
    signed_at: int
    alert: ProvenAlert


@dataclass(frozen=True, slots=True)
class _ServerKey(HTTPSignatureKeyResolver):
    """The one key that counts, by its thumbprint."""

    keys: PublicKeys
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", str(key_thumbprint(self.keys)))

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        """The key, or ``None`` for another's name."""
        return Ed25519PublicKey.from_public_bytes(self.keys.signing) if key_id == self.name else None


class _Verifier(HTTPMessageVerifier):
    """The library's verifier, without its clock: the caller says what time it is."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Left to ``verify_webhook``."""


def sign_webhook(address: str, delivery: bytes, body: bytes, keys: PrivateKeys, at: int) -> dict[str, str]:
    """The headers of a request that brings ``body`` to an address, signed at ``at`` (seconds since the epoch)."""
    request = _Request(address, {"Content-Type": WEBHOOK_MEDIA_TYPE, DELIVERY: delivery.hex()})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)
    prepared = signer.prepare(
        request,
        key_id=str(key_thumbprint(keys.public)),
        created=datetime.fromtimestamp(at, UTC),
        label=_LABEL,
        tag=_TAG,
        covered_component_ids=_COVERED,
        body=body,
    )
    signer.apply(request, prepared, keys.sign(prepared.signature_base))
    return request.headers


def verify_webhook(
    *,
    method: str,
    address: str,
    headers: Mapping[str, str],
    body: bytes,
    keys: PublicKeys,
    now: int,
    taken: Container[str] = (),
) -> VerifiedWebhook:
    """What the server with these ``keys`` brings to ``address`` (the URL that it was told), when it is genuine, of now, and new.

    ``taken`` are the ids of deliveries that were taken before: keep those of the last ``WEBHOOK_WINDOW`` seconds, or longer, and add this
    one's. Raises ``WebhookForged``, ``WebhookReplayed``, or what ``verify_alert`` raises.
    """
    request = _Request(address, {name.lower(): value for name, value in headers.items()}, method)
    parameters, covered = _signed(request, body, keys)
    signed_at = parameters["created"]
    if type(signed_at) is not int or abs(now - signed_at) > WEBHOOK_WINDOW:
        raise WebhookForged(f"it was not signed within {WEBHOOK_WINDOW} seconds of now")
    delivery = covered[f'"{DELIVERY.lower()}"']
    if len(delivery) != 2 * DELIVERY_ID_LENGTH:
        raise WebhookForged("it names no delivery")
    if delivery in taken:
        raise WebhookReplayed(delivery)
    return VerifiedWebhook(delivery, signed_at, verify_alert(body, thumbprint=key_thumbprint(keys)))


def _signed(request: _Request, body: bytes, keys: PublicKeys) -> tuple[dict[str, Any], dict[str, str]]:
    """Parameters and covered components of the request's one signature, once it is found to be good."""
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_ServerKey(keys))
    try:
        (result,) = verifier.verify(request, max_age=None, expect_tag=_TAG, require_components=_COVERED, body=body)
        return {"created": None, **result.parameters}, dict(result.covered_components)
    except InvalidSignature as problem:
        raise WebhookForged(_reason(problem)) from problem
    except Exception as problem:  # whatever the library makes of hostile headers
        raise WebhookForged(type(problem).__name__) from problem


def _reason(problem: Exception) -> str:
    """The library's words, without a stop: what a stranger sent may stand in them."""
    return ascii(str(problem) or "its signature does not verify").strip("'\"").rstrip(".")[:200]
