"""A receiver of webhooks cannot be made to believe what the certification server did not say, to it, now, and once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.document import from_document, to_document
from certchain.errors import AlertInvalid, VerificationFailed, WebhookForged, WebhookReplayed
from certchain.keys import KeyPair
from certchain.models.alert import AlertDocument
from certchain.verification.webhook import DELIVERY, WEBHOOK_WINDOW, sign_webhook
from tests.alarms import Posted, Receiver, Watch, receiving, refused, subscribed


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Watch, Receiver, Posted]]:
    """The server has told the office of a burst, and of bad integrity evidence."""
    watch = Watch()
    with receiving(Receiver()) as office:
        subscribed(watch, office, bodies=True)
        watch.turn(refused(), refused(), refused(), refused("IntegrityFailed", "C5"))
        yield watch, office, office.posted[0]
    watch.recogniser.stop()


Told = tuple[Watch, Receiver, Posted]


def now(told: Told) -> int:
    return int(told[0].book.clock.now())


def altered(posted: Posted, **headers: str) -> dict[str, str]:
    """The headers, some of them others."""
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return {name: names.get(name.lower(), value) for name, value in posted.headers.items()}


def test_what_the_server_sent_is_believed_also_in_any_spelling_of_its_headers(told: Told) -> None:
    _, office, posted = told
    found = office.verified(posted, now(told))
    assert found.signed_at == now(told)
    shouted = {name.upper(): value for name, value in posted.headers.items()}
    assert office.verified(posted, now(told), headers=shouted) == found


FORGERIES: dict[str, Callable[[Watch, Receiver, Posted], dict[str, Any]]] = {
    "another body": lambda _, __, posted: {"body": posted.body.replace(b'"number": 1', b'"number": 2')},
    "no body": lambda _, __, ___: {"body": b""},
    "another address": lambda _, office, ___: {"address": f"{office.address}/hook?key=2"},
    "another receiver": lambda _, __, ___: {"address": "https://elsewhere.example/hook?key=1"},
    "another method": lambda _, __, ___: {"method": "PUT"},
    "another delivery": lambda _, __, posted: {"headers": altered(posted, Certchain_Delivery="00" * 16)},
    "another digest": lambda _, office, posted: {
        "headers": altered(posted, Content_Digest=office.posted[1].headers["Content-Digest"])
    },
    "another media type": lambda _, __, posted: {"headers": altered(posted, Content_Type="text/plain")},
    "another's signature": lambda _, office, posted: {
        "headers": altered(posted, Signature=office.posted[1].headers["Signature"])
    },
    "a later signature": lambda _, __, posted: {
        "headers": altered(posted, Signature_Input=posted.headers["Signature-Input"].replace("created=1", "created=2"))
    },
    "less covered": lambda _, __, posted: {
        "headers": altered(posted, Signature_Input=posted.headers["Signature-Input"].replace('"content-digest" ', ""))
    },
    "no signature": lambda _, __, posted: {
        "headers": {name: value for name, value in posted.headers.items() if not name.startswith("Signature")}
    },
    "nonsense": lambda _, __, posted: {"headers": altered(posted, Signature_Input="(((", Signature="?")},
    "no headers": lambda _, __, ___: {"headers": {}},
    "another server": lambda _, __, ___: {"keys": KeyPair.generate().public},
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_webhook_is_refused(told: Told, forgery: Callable[..., dict[str, Any]]) -> None:
    watch, office, posted = told
    with pytest.raises(WebhookForged):
        office.verified(posted, now(told), **forgery(watch, office, posted))


def test_a_stranger_who_signs_for_himself_is_refused(told: Told) -> None:
    _, office, posted = told
    thief, address = KeyPair.generate(), f"{office.address}{posted.path}"
    headers = sign_webhook(address, bytes(16), posted.body, thief, now(told))
    with pytest.raises(WebhookForged):
        office.verified(posted, now(told), headers=headers)
    named = {name: value.replace(_name(headers), _name(posted.headers)) for name, value in headers.items()}
    with pytest.raises(WebhookForged):
        office.verified(posted, now(told), headers=named)


def _name(headers: dict[str, str]) -> str:
    return headers["Signature-Input"].partition('keyid="')[2].partition('"')[0]


def test_a_replayed_webhook_is_refused_while_it_is_fresh_by_its_id_and_later_by_its_time(told: Told) -> None:
    _, office, posted = told
    first = office.verified(posted, now(told))
    with pytest.raises(WebhookReplayed):
        office.verified(posted, now(told), taken={first.delivery})
    assert office.verified(posted, now(told) + WEBHOOK_WINDOW)
    for late in (WEBHOOK_WINDOW + 1, -WEBHOOK_WINDOW - 1):
        with pytest.raises(WebhookForged, match="within 300 seconds"):
            office.verified(posted, now(told) + late)


def test_a_delivery_without_a_proper_id_is_refused(told: Told) -> None:
    watch, office, posted = told
    address = f"{office.address}{posted.path}"
    headers = sign_webhook(address, b"short", posted.body, watch.book.server.keys, now(told))
    assert headers[DELIVERY] == b"short".hex()
    with pytest.raises(WebhookForged, match="no delivery"):
        office.verified(posted, now(told), headers=headers)


def resigned(told: Told, document: AlertDocument) -> dict[str, Any]:
    """Whoever holds the server's webhook signature alone brings a document of their own making."""
    watch, office, posted = told
    body, address = to_document(document), f"{office.address}{posted.path}"
    return {"body": body, "headers": sign_webhook(address, bytes(16), body, watch.book.server.keys, now(told))}


def test_a_document_with_an_entry_exchanged_or_hidden_is_refused_though_the_request_is_signed(told: Told) -> None:
    _, office, posted = told
    burst = from_document(AlertDocument, posted.body)
    other = from_document(AlertDocument, office.posted[1].body)
    entries = burst.proof.entries
    exchanged = replace(burst, proof=replace(burst.proof, entries=(*entries[:2], other.proof.entries[0])))
    hidden = replace(burst, proof=replace(burst.proof, entries=entries[:2]))
    for document in (exchanged, hidden):
        with pytest.raises(AlertInvalid):
            office.verified(posted, now(told), **resigned(told, document))


def test_a_body_that_is_no_alert_is_refused_though_the_request_is_signed(told: Told) -> None:
    watch, office, posted = told
    headers = sign_webhook(f"{office.address}{posted.path}", bytes(16), b"{}", watch.book.server.keys, now(told))
    with pytest.raises(VerificationFailed):
        office.verified(posted, now(told), body=b"{}", headers=headers)
