"""The device's odd corners: messages that others answer, a login book that cannot be read."""

import pytest

from certchain.channel import Connection, MemoryChannel
from certchain.errors import MalformedMessage, StorageUnavailable
from certchain.models.delivery import LatestQuestion, PackageApproval
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId
from certchain.roles.iot_device import IotDevice
from tests.household import Household


@pytest.fixture
def home() -> Household:
    return Household()


def test_what_is_not_certification_goes_to_the_devices_other_part(home: Household) -> None:
    def others(connection: Connection, message: object) -> object:
        assert message == LatestQuestion(ProductId(1))
        return PackageApproval(Digest(bytes(32)), 1, 3)

    lock = home.lock
    device = IotDevice(
        identity=lock.identity,
        information=lock.information,
        ledger=lock.ledger,
        store=lock.store,
        server=lock.to_server,
        certification_server=home.server.id,
        execute=lock.execute,
        others=others,
    )
    channel = MemoryChannel(device.answer, asker=home.phone.identity.party, answerer=lock.identity.party)
    assert channel.request(LatestQuestion(ProductId(1)), PackageApproval).required == 3


def test_without_another_part_it_is_refused(home: Household) -> None:
    with pytest.raises(MalformedMessage, match="LatestQuestion"):
        home.lock.channel().request(LatestQuestion(ProductId(1)), PackageApproval)


def test_nobody_logs_in_while_the_login_book_cannot_be_read(home: Household) -> None:
    """A book that was damaged is no empty one: it would lift every lock-out."""
    home.register()
    home.lock.store.write("logins", [b"damaged"])
    with pytest.raises(StorageUnavailable):
        home.certify()
