"""What a party shows itself by in EDHOC: a CCS (RFC 8392, 9528 section 3.5.2) with its exchange key, named by a kid on the wire.

The kid is one byte for the kind of party and six for its number. It crosses encrypted; the CCS, which also names the network,
does not cross: each end builds it from the keys that the chain has in force.
"""

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from certchain.errors import MalformedValue
from certchain.models.identifier import Party, PartyKind
from certchain.models.registration import PublicKeys

_KINDS = {PartyKind.DEVICE: 1, PartyKind.USER_DEVICE: 2, PartyKind.SERVICE: 3}
_BY_CODE = {code: kind for kind, code in _KINDS.items()}
_NUMBER_LENGTH = 6
_COORDINATE_LENGTH = 32
_HEADER_KID = 4
_CLAIM_SUBJECT, _CLAIM_CONFIRMATION, _COSE_KEY = 2, 8, 1
_KTY, _KID, _CRV, _X, _Y = 1, 2, -1, -2, -3
_EC2, _P256 = 2, 1


def kid(party: Party) -> bytes:
    """Seven bytes. Raises ``MalformedValue`` for a number that no party has."""
    if not 0 < party.number < 2 ** (8 * _NUMBER_LENGTH):
        raise MalformedValue("party", f"{party.number} is the number of nobody")
    return bytes([_KINDS[party.kind]]) + party.number.to_bytes(_NUMBER_LENGTH)


def id_cred(party: Party) -> bytes:
    """ID_CRED_x: a map with the kid."""
    return cbor2.dumps({_HEADER_KID: kid(party)})


def party_of(id_cred_x: bytes) -> Party:
    """Whom an ID_CRED_x names. Raises ``MalformedValue``."""
    named = id_cred_x[-(1 + _NUMBER_LENGTH) :]
    if len(named) != 1 + _NUMBER_LENGTH or named[0] not in _BY_CODE:
        raise MalformedValue("credential", "it is no kid of a party")
    party = Party(_BY_CODE[named[0]], int.from_bytes(named[1:]))
    if party.number == 0 or id_cred(party) != id_cred_x:
        raise MalformedValue("credential", "it is no kid of a party")
    return party


def credential(network: bytes, party: Party, keys: PublicKeys) -> bytes:
    """CRED_x. Raises ``MalformedValue`` for an exchange key that is not on P-256."""
    try:
        point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), keys.exchange).public_numbers()
    except ValueError:
        raise MalformedValue("exchange key", "it is not a point of P-256") from None
    x, y = point.x.to_bytes(_COORDINATE_LENGTH), point.y.to_bytes(_COORDINATE_LENGTH)
    key = {_KTY: _EC2, _KID: kid(party), _CRV: _P256, _X: x, _Y: y}
    subject = f"{network.hex()}/{party.kind}/{party.number}"
    return cbor2.dumps({_CLAIM_SUBJECT: subject, _CLAIM_CONFIRMATION: {_COSE_KEY: key}})
