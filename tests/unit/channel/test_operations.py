"""An operator's operations go to the certification server by TLS alone, and are waited for as long as the server may need."""

import pytest

from certchain.channel.operations import PATIENCE, HttpOperations
from certchain.errors import MalformedValue, OperatorRequired
from certchain.ledger.chain import SendingPolicy
from tests.tls import LOCK, OLGA, SERVER, Certificates


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1", ""])
def test_an_operation_is_not_sent_without_tls(url: str) -> None:
    """Else a word in the settings would hand an operator's requests to whoever listens, and take anybody's answers."""
    with pytest.raises(MalformedValue):
        HttpOperations(url, Certificates().identity(OLGA), SERVER)


def test_a_party_has_no_operations() -> None:
    with pytest.raises(OperatorRequired):
        HttpOperations("https://127.0.0.1:1", Certificates().identity(LOCK), SERVER)


def test_an_operator_waits_longer_than_the_server_does_for_the_chain() -> None:
    """A transaction may have to wait for one before it: an operator who gives up sooner does not learn what was done."""
    assert 2 * SendingPolicy().receipt_timeout < PATIENCE
