"""A service's certificate is looked at now and then, and renewed in time; a failure leaves the one that is there."""

import logging
import threading
from typing import Any, cast

import pytest

from certchain.cli import renewal
from certchain.cli.renewal import LastingChannel, OwnCertificate, renewing
from certchain.errors import CertificateInvalid
from certchain.keys import CertificateAuthority, ServerTls, TlsIdentity, TlsKey
from certchain.models.identifier import ServiceId, service_party
from certchain.services import custodian_app, running
from tests.tls import LOCK, SERVER, Certificates, now

NETWORK = bytes(32)
PARTY = service_party(ServiceId(2))


class Shown:
    """What a service shows: every certificate in turn."""

    def __init__(self) -> None:
        self.certificates = list[TlsIdentity]()
        self.enough = threading.Event()

    def renew(self, identity: TlsIdentity) -> None:
        self.certificates.append(identity)
        if len(self.certificates) == 2:
            self.enough.set()


def test_a_service_shows_what_is_current_at_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "_EVERY", 0.01)
    certificates = Certificates(NETWORK)
    issued, shown = [certificates.identity(SERVER) for _ in range(3)], Shown()
    following = iter([*issued, *[issued[-1]] * 10_000])
    with renewing(cast("ServerTls", shown), lambda: next(following)):
        assert shown.enough.wait(10)
    assert shown.certificates[:2] == issued[:2]


def test_a_look_that_fails_is_logged_and_the_next_one_comes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(renewal, "_EVERY", 0.01)
    identity, shown, looks = Certificates(NETWORK).identity(SERVER), Shown(), [0]

    def current() -> TlsIdentity:
        looks[0] += 1
        if looks[0] == 1:
            raise CertificateInvalid("the CA is away")
        return identity

    with caplog.at_level(logging.ERROR), renewing(cast("ServerTls", shown), current):
        assert shown.enough.wait(10)
    assert "The service's certificate is not renewed" in caplog.text


class At:
    """A clock that stands where it is put."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def now(self) -> int:
        return self.seconds


class Standing:
    """As much of a workspace as a certificate needs."""

    def __init__(self) -> None:
        self.clock = At(now())


def test_a_service_in_the_cas_home_issues_itself_another_when_the_one_it_has_is_due() -> None:
    here = Standing()
    authority = CertificateAuthority.make(NETWORK, here.clock.seconds)
    own = OwnCertificate(cast("Any", here), authority, TlsKey.generate(), PARTY, ["127.0.0.1"])
    first = own.current()
    assert own.current() is first
    here.clock.seconds += 25 * 24 * 3600
    assert own.current().certified.not_after > first.certified.not_after
    assert own.current().certified.name == PARTY


def test_a_channel_is_opened_again_under_another_certificate_and_is_another_conversation() -> None:
    certificates = Certificates(NETWORK)
    used = [certificates.identity(LOCK)]
    app = custodian_app(lambda _, message: message)
    with running(app, tls=ServerTls(certificates.server(SERVER))) as url:
        channel = LastingChannel(url, lambda: used[-1], SERVER)
        try:
            before = channel.binding
            assert (channel.peer, channel.binding) == (SERVER, before)
            used.append(certificates.identity(LOCK))
            after = channel.binding
            assert after == channel.binding != before
        finally:
            channel.close()
