"""A whole certification where the device reaches the certification server over HTTPS, with certificates of the network's own CA."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from certchain.channel.https import HttpsChannel
from certchain.errors import LoginRefused, WrongSigner
from certchain.keys import ServerTls
from certchain.models.identifier import Party
from certchain.services import certification_app, running
from tests.household import Household, Lock
from tests.tls import Certificates


@contextmanager
def over_https(home: Household) -> Iterator[Callable[[Party], HttpsChannel]]:
    """The lock's channel to the server is over HTTPS, to the server's application; yields what opens such a channel for others."""
    certificates = Certificates(home.server.identity.network)
    tls = ServerTls(certificates.server(home.server.identity.party))
    app = certification_app(home.server.role, home.server.log)
    with running(app, tls=tls) as url:

        def opened(party: Party) -> HttpsChannel:
            return HttpsChannel(url, certificates.identity(party), home.server.identity.party)

        connect(home.lock, opened(home.lock.identity.party))
        yield opened


def connect(lock: Lock, channel: HttpsChannel) -> None:
    lock.to_server = channel
    lock.restart()


def test_a_user_device_is_registered_and_certified_and_controls_the_lock() -> None:
    home = Household()
    with over_https(home):
        home.register()
        session = home.certify()
        assert session.command(b"unlock") == b"done: unlock"
    assert home.outcomes()[-1] == ("C13", "")


def test_a_wrong_secret_is_refused_and_the_lock_reports_it() -> None:
    home = Household()
    with over_https(home):
        home.register()
        with pytest.raises(LoginRefused):
            home.certify("guessed")
    assert home.outcomes()[-1] == ("C2", "LoginRefused")


def test_a_neighbours_connection_carries_nothing_of_the_lock() -> None:
    """What the lock has signed counts on the lock's own connections alone: a neighbour in the network cannot bring it."""
    home = Household()
    with over_https(home) as opened:
        home.register()
        connect(home.lock, opened(home.another_lock("back door").identity.party))
        with pytest.raises(WrongSigner):
            home.certify()
    assert home.outcomes() == []
