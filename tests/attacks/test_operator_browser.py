"""Attack: have the operator's own browser, which shows the certificate to whoever makes it ask, do what another site's page wants."""

import json
from collections.abc import Iterator

import pytest

from certchain.channel.http import TEXT_LIMIT, HttpPeer, Reply
from certchain.channel.http_connection import PeerTls
from certchain.keys import ServerTls, client_context
from certchain.models.registration import RegistrationStatus
from certchain.services import running
from certchain.services.operator import operator_router
from certchain.services.problem import refusing_app
from tests.household import Household
from tests.tls import OLGA, Certificates, now

SUSPEND = "operator/registrations/1/suspend"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


@pytest.fixture
def browser(home: Household) -> Iterator[HttpPeer]:
    """Olga's."""
    home.clock.seconds = now()
    certificates = Certificates(home.server.identity.network)
    app = refusing_app([])
    app.state.clock = home.clock
    app.include_router(operator_router(home.server.role.operations))
    with running(app, tls=ServerTls(certificates.server(home.server.identity.party))) as url:
        context = client_context(certificates.ca.certificate, certificates.identity(OLGA))
        yield HttpPeer(url, 5, PeerTls(context, lambda _: None))


def posted(browser: HttpPeer, headers: dict[str, str], path: str = SUSPEND, body: bytes = b"") -> Reply:
    return browser.post(path, body, TEXT_LIMIT, headers)


def status(home: Household) -> RegistrationStatus:
    ledger = home.account("anyone").registrations
    return ledger.registration(ledger.latest_registration(home.phone.id, home.lock.id)).status


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://mallory.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://127.0.0.1:1"},
        {"Origin": "https://mallory.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_form_does_nothing(home: Household, browser: HttpPeer, said: dict[str, str]) -> None:
    """It has no body, so that no check of a body could stop it."""
    reply = posted(browser, FORM | said)
    assert (reply.status, json.loads(reply.body)["error"]) == (403, "ForeignPage")
    assert status(home) is RegistrationStatus.ACTIVE


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_can_send_is_no_request_even_without_those_headers(
    home: Household, browser: HttpPeer, kind: str
) -> None:
    reply = posted(browser, {"Content-Type": kind} if kind else {}, "operator/users", b'{"name": "Mallory"}')
    assert reply.status == 400
    assert home.account("anyone").registrations.user_count() == 1


def test_the_services_own_page_and_programs_are_let_in(home: Household, browser: HttpPeer) -> None:
    own = {"Sec-Fetch-Site": "same-origin", "Origin": browser.url.rstrip("/")}
    assert posted(browser, own).status == 204
    assert status(home) is RegistrationStatus.SUSPENDED
    assert posted(browser, {}, "operator/registrations/1/reinstate").status == 204
    assert status(home) is RegistrationStatus.ACTIVE
