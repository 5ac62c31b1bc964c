"""Kids and credentials: one of each for each party, read back exactly."""

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from hypothesis import given
from hypothesis import strategies as st

from certchain.channel.coap.credential import credential, id_cred, kid, party_of
from certchain.errors import MalformedValue
from certchain.keys import KeyPair
from certchain.models.identifier import (
    DeviceId,
    Party,
    PartyKind,
    ServiceId,
    UserDeviceId,
    device_party,
    service_party,
    user_device_party,
)
from certchain.models.registration import PublicKeys

PARTIES = st.builds(Party, st.sampled_from(PartyKind), st.integers(1, 2**48 - 1))


def test_a_kid_is_the_kind_and_the_number() -> None:
    assert kid(device_party(DeviceId(5))).hex() == "01000000000005"
    assert kid(user_device_party(UserDeviceId(2))).hex() == "02000000000002"
    assert kid(service_party(ServiceId(2**48 - 1))).hex() == "03ffffffffffff"


@given(party=PARTIES)
def test_who_is_named_is_read_back(party: Party) -> None:
    assert party_of(id_cred(party)) == party
    assert cbor2.loads(id_cred(party)) == {4: kid(party)}


@given(data=st.one_of(st.binary(max_size=20), st.builds(lambda kid: cbor2.dumps({4: kid}), st.binary(max_size=9))))
def test_anything_else_names_nobody(data: bytes) -> None:
    try:
        party = party_of(data)
    except MalformedValue:
        return
    assert id_cred(party) == data
    assert party.number > 0


@pytest.mark.parametrize("number", [0, -1, 2**48])
def test_a_number_of_nobody_has_no_kid(number: int) -> None:
    with pytest.raises(MalformedValue, match="nobody"):
        kid(device_party(DeviceId(number)))


def test_a_number_0_in_an_id_cred_names_nobody() -> None:
    with pytest.raises(MalformedValue):
        party_of(cbor2.dumps({4: bytes([1, 0, 0, 0, 0, 0, 0])}))
    with pytest.raises(MalformedValue):
        party_of(cbor2.dumps({4: bytes([4, 0, 0, 0, 0, 0, 1])}))


def test_a_credential_has_network_party_and_the_point_of_the_exchange_key() -> None:
    keys = KeyPair.generate().public
    shown = cbor2.loads(credential(b"\x07" * 32, device_party(DeviceId(5)), keys))
    point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), keys.exchange).public_numbers()
    assert shown == {
        2: "07" * 32 + "/device/5",
        8: {1: {1: 2, 2: bytes.fromhex("01000000000005"), -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}},
    }


def test_the_longest_credential_is_one_that_the_library_takes() -> None:
    assert len(credential(bytes(32), user_device_party(UserDeviceId(2**48 - 1)), KeyPair.generate().public)) <= 192


def test_another_network_party_or_key_is_another_credential() -> None:
    keys, party = KeyPair.generate().public, device_party(DeviceId(5))
    shown = {
        credential(bytes(32), party, keys),
        credential(b"\x01" * 32, party, keys),
        credential(bytes(32), device_party(DeviceId(6)), keys),
        credential(bytes(32), service_party(ServiceId(5)), keys),
        credential(bytes(32), party, KeyPair.generate().public),
    }
    assert len(shown) == 5


def test_an_exchange_key_that_is_no_point_is_refused() -> None:
    with pytest.raises(MalformedValue, match="not a point"):
        credential(bytes(32), device_party(DeviceId(5)), PublicKeys(bytes(32), b"\x02" + b"\xff" * 32))
