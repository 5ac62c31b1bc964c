"""A webhook counts as taken when its receiver says so, and nobody else can say it; whatever happens takes a bounded time."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certchain.channel.webhook import post_webhook
from certchain.errors import CertificateInvalid, ConfigurationInvalid, MalformedValue, PeerUnavailable
from tests.alarms import Receiver, receiving
from tests.certificates import Certificates


def post(address: str, **given: Any) -> int:
    return post_webhook(address, b"{}", {"Certchain-Delivery": "aa"}, **{"authority": "", "timeout": 2.0} | given)


@pytest.fixture
def office() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


def test_a_receiver_gets_body_headers_path_and_query_as_they_are(office: Receiver) -> None:
    assert post(f"{office.address}/a/b?c=d%20e") == 204
    (posted,) = office.posted
    assert (posted.path, posted.body, posted.headers["Certchain-Delivery"]) == ("/a/b?c=d%20e", b"{}", "aa")
    assert post(office.address) == 204
    assert office.posted[1].path == "/"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
def test_any_other_answer_than_a_success_is_none_and_a_redirect_is_not_followed(office: Receiver, status: int) -> None:
    office.answers = [status]
    with pytest.raises(PeerUnavailable, match=f"it answered {status}"):
        post(f"{office.address}/hook?token=secret")
    assert len(office.posted) == 1


def test_an_address_in_an_error_shows_no_path_which_may_be_secret(office: Receiver) -> None:
    office.answers = [500]
    with pytest.raises(PeerUnavailable) as caught:
        post(f"{office.address}/hook?token=secret")
    assert "secret" not in str(caught.value)


def test_a_receiver_that_takes_too_long_is_given_up() -> None:
    with receiving(Receiver(pause=1.0)) as slow:
        started = time.monotonic()
        with pytest.raises(PeerUnavailable):
            post(slow.address, timeout=0.2)
        assert time.monotonic() - started < 0.9


def test_with_tls_the_receiver_has_to_be_who_its_address_says(tmp_path: Path) -> None:
    made = Certificates.make(tmp_path)
    with receiving(Receiver(), made.context) as office:
        assert post(f"{office.address}/hook", authority=str(made.authority)) == 204
        assert post(office.address.replace("127.0.0.1", "localhost"), authority=str(made.authority)) == 204
        with pytest.raises(CertificateInvalid):
            post(office.address)  # the system's authorities do not know it
        with pytest.raises(ConfigurationInvalid):
            post(office.address, authority=str(tmp_path / "none.pem"))
        assert len(office.posted) == 2


@pytest.mark.parametrize(("host", "expired"), [("office.example", False), ("localhost", True)])
def test_a_certificate_for_another_host_or_one_that_has_expired_is_refused(
    tmp_path: Path, host: str, *, expired: bool
) -> None:
    made = Certificates.make(tmp_path, host, expired=expired)
    with receiving(Receiver(), made.context) as office, pytest.raises(CertificateInvalid):
        post(office.address.replace("127.0.0.1", "localhost"), authority=str(made.authority))
    assert office.posted == []


def test_a_receiver_that_speaks_no_tls_where_its_address_says_so_is_not_told(office: Receiver) -> None:
    with pytest.raises(PeerUnavailable):
        post(office.address.replace("http://", "https://"))
    assert office.posted == []


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(MalformedValue):
        post("gopher://office.example")
