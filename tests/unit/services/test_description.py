"""People find what a service answers on a page that asks nobody else for anything; in a real browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from certchain.keys import ServerTls
from certchain.services import custodian_app, running
from tests.browser import page
from tests.tls import LOCK, Certificates
from tests.unit.services.test_party import answer, ask


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service whose description anyone may read: a browser without a window shows no certificate."""
    monkeypatch.setattr("certchain.services.description.certified_peer", lambda *_: LOCK)
    with running(custodian_app(answer)) as served:
        yield served


def test_the_page_shows_every_operation(url: str, tmp_path: Path) -> None:
    shown = page(f"{url}/docs", tmp_path, seconds=10)
    for path in ("/messages", "/healthz", "/readyz", "/metrics"):
        assert f'data-path="{path}"' in shown
    assert "Custodian" in shown


def test_the_page_is_whole_in_the_package_and_its_policy_lets_nothing_else_in(url: str) -> None:
    reply = requests.get(f"{url}/docs", timeout=5)
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert "http" not in policy
    sources = re.findall(r'(?:src|href)="([^"]+)"', reply.text)
    for source in sources:
        if not source.startswith("data:"):
            assert requests.get(f"{url}/{source}", timeout=5).status_code == 200, source


def test_the_description_is_for_the_networks_own() -> None:
    certificates = Certificates()
    with running(custodian_app(answer), tls=ServerTls(certificates.server())) as url:
        assert ask(url, "/docs", certificates).problem == "CertificateMissing"
        lock = certificates.identity(LOCK)
        assert ask(url, "/docs", certificates, lock).status == 200
        assert json.loads(ask(url, "/openapi.json", certificates, lock).body)["info"]["title"] == "Custodian"
