"""A handshake without a network."""

from certchain.channel.coap.handshake import Initiator, Responder
from certchain.keys import KeyPair
from certchain.models.identifier import DeviceId, UserDeviceId, device_party, user_device_party
from certchain.verification.statement import Identity

NETWORK = bytes(range(32))
LOCK = Identity(NETWORK, device_party(DeviceId(5)), KeyPair.generate())
PHONE = Identity(NETWORK, user_device_party(UserDeviceId(2)), KeyPair.generate())


def begun() -> tuple[Initiator, Responder, bytes]:
    """Both ends after message 2, and that message."""
    initiator, responder = Initiator(PHONE, LOCK.party, LOCK.keys.public), Responder(LOCK, b"abcd")
    return initiator, responder, responder.message_2(initiator.message_1())


def agreed() -> tuple[Initiator, Responder, bytes]:
    """Both ends after message 4, and PRK_out."""
    initiator, responder, message_2 = begun()
    message_3, prk_out = initiator.message_3(message_2)
    party = responder.named(message_3)
    message_4, same = responder.message_4(party, PHONE.keys.public)
    initiator.finish(message_4)
    assert same == prk_out
    return initiator, responder, prk_out
