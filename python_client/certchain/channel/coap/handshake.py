"""EDHOC (RFC 9528) by lakers: method 3 (static Diffie-Hellman keys at both ends), suite 2, credentials by kid, four messages.

The library raises ``ValueError`` for most bad messages, and panics at some: ``PanicException`` is a ``BaseException``. Every call to it is
guarded here, so that nothing but ``PeerNotAuthentic`` comes out of a handshake. An object that has failed is not used again.
"""

import secrets
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from lakers import CredentialTransfer, EdhocInitiator, EdhocResponder

from certchain.channel.coap.credential import credential, id_cred, party_of
from certchain.errors import MalformedValue, PeerNotAuthentic
from certchain.keys import KeyPair
from certchain.keys.interface import PrivateKeys
from certchain.models.identifier import Party
from certchain.models.registration import PublicKeys

CONNECTION_ID_LENGTH = 4
"""Of the responder's identifiers; an initiator's are shorter, so that the two of a context differ."""
_INITIATOR_ID_LENGTH = 3
_LONGEST_ID = 7
_STRANGER = "a party of this network"
_METHOD_AND_SUITE = b"\x03\x02"
_POINT_LENGTH = 32
_BYTE_STRING, _SHORT_STRING = 0x40, 0x58
_LONG, _LONGEST = 24, 256
_TAG_LENGTH = 8

Result = TypeVar("Result")


class Holder(Protocol):
    """A party with its private keys, on one network."""

    @property
    def network(self) -> bytes:
        """The network's identifier, 32 bytes."""
        ...

    @property
    def party(self) -> Party:
        """Who it is."""
        ...

    @property
    def keys(self) -> PrivateKeys:
        """Its keys; the exchange key has to be in this process."""
        ...


def exchange_scalar(holder: Holder) -> bytes:
    """The holder's private exchange key. Raises ``MalformedValue`` for one in a token, which lakers cannot ask."""
    if not isinstance(holder.keys, KeyPair):
        raise MalformedValue("exchange key", "EDHOC needs it in this process, and it is in a token")
    return holder.keys.exchange_scalar()


class Initiator:
    """The end that asks. ``answerer`` has to be at the other end, with these keys."""

    def __init__(self, holder: Holder, answerer: Party, keys: PublicKeys) -> None:
        self._holder, self._answerer = holder, answerer
        self._credential = credential(holder.network, answerer, keys)
        self._edhoc = EdhocInitiator()
        self.own_id = secrets.token_bytes(_INITIATOR_ID_LENGTH)
        self.peer_id = b""

    def message_1(self) -> bytes:
        """The first message; nobody is named in it."""
        return bytes(self._guarded(lambda: self._edhoc.prepare_message_1(self.own_id, [])))

    def message_3(self, message_2: bytes) -> tuple[bytes, bytes]:
        """Message 3, and PRK_out, once message 2 was found to come from the answerer."""
        self._require(_has_point(message_2), "its message 2 is not as it has to be")
        peer_id, named, items = self._guarded(lambda: self._edhoc.parse_message_2(message_2))
        self._require(bytes(named) == id_cred(self._answerer), "it names itself otherwise")
        self._require(not items and _is_id(bytes(peer_id), self.own_id), "its message 2 is not as it has to be")
        self.peer_id = bytes(peer_id)
        own = credential(self._holder.network, self._holder.party, self._holder.keys.public)
        scalar = exchange_scalar(self._holder)
        self._guarded(lambda: self._edhoc.verify_message_2(scalar, own, self._credential))
        message, prk_out = self._guarded(lambda: self._edhoc.prepare_message_3(CredentialTransfer.ByReference, None))
        return bytes(message), bytes(prk_out)

    def finish(self, message_4: bytes) -> None:
        """Returns once message 4 shows that the other end has taken message 3."""
        self._require(_is_sealed(message_4), "its message 4 is not as it has to be")
        items = self._guarded(lambda: self._edhoc.process_message_4(message_4))
        self._require(not items, "its message 4 is not as it has to be")

    def _require(self, holds: bool, reason: str) -> None:
        if not holds:
            raise PeerNotAuthentic(str(self._answerer), reason)

    def _guarded(self, call: Callable[[], Any]) -> Any:
        return _guarded(str(self._answerer), call)


class Responder:
    """The end that answers, in one handshake; ``own_id`` is its identifier of the connection."""

    def __init__(self, holder: Holder, own_id: bytes) -> None:
        own = credential(holder.network, holder.party, holder.keys.public)
        scalar = exchange_scalar(holder)
        self._network = holder.network
        self._edhoc = _guarded(_STRANGER, lambda: EdhocResponder(r=scalar, cred_r=own))
        self.own_id, self.peer_id = own_id, b""

    def message_2(self, message_1: bytes) -> bytes:
        """The answer to anyone's first message."""
        if message_1[:2] != _METHOD_AND_SUITE or not _has_point(message_1[2:]):
            raise PeerNotAuthentic(_STRANGER, "its message 1 is not as it has to be")
        peer_id, items = _guarded(_STRANGER, lambda: self._edhoc.process_message_1(message_1))
        if items or not _is_id(bytes(peer_id), self.own_id):
            raise PeerNotAuthentic(_STRANGER, "its message 1 is not as it has to be")
        self.peer_id = bytes(peer_id)
        prepare = self._edhoc.prepare_message_2
        return bytes(_guarded(_STRANGER, lambda: prepare(CredentialTransfer.ByReference, self.own_id, [])))

    def named(self, message_3: bytes) -> Party:
        """Whom message 3 claims to come from; nothing is shown yet."""
        if not _is_sealed(message_3):
            raise PeerNotAuthentic(_STRANGER, "its message 3 is not as it has to be")
        named, items = _guarded(_STRANGER, lambda: self._edhoc.parse_message_3(message_3))
        if items:
            raise PeerNotAuthentic(_STRANGER, "its message 3 is not as it has to be")
        try:
            return party_of(bytes(named))
        except MalformedValue:
            raise PeerNotAuthentic(_STRANGER, "it names nobody") from None

    def message_4(self, party: Party, keys: PublicKeys) -> tuple[bytes, bytes]:
        """Message 4, and PRK_out, once message 3 was found to come from the party with these keys."""
        theirs = credential(self._network, party, keys)
        prk_out = _guarded(str(party), lambda: self._edhoc.verify_message_3(theirs))
        return bytes(_guarded(str(party), lambda: self._edhoc.prepare_message_4([]))), bytes(prk_out)


def _is_sealed(data: bytes) -> bool:
    """Whether this is one CBOR byte string in its shortest form that can have a tag in it, and nothing after it.

    The library passes over what follows, and panics, aloud, at one that is shorter than a tag.
    """
    length = len(data) - 1
    if length < _LONG:
        return length >= _TAG_LENGTH and data[0] == _BYTE_STRING + length
    return _LONG < length <= _LONGEST and data[:2] == bytes([_SHORT_STRING, length - 1])


def _has_point(data: bytes) -> bool:
    """Whether the CBOR byte string that comes next begins with the x of a point of P-256: the library panics, aloud, when it does not."""
    if data[:1] != bytes([_SHORT_STRING]):
        return False
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x02" + data[2 : 2 + _POINT_LENGTH])
    except ValueError:
        return False
    return True


def _is_id(peer_id: bytes, own_id: bytes) -> bool:
    """Whether OSCORE can use the identifier beside our own (RFC 8613, 3.3; RFC 9528, A.1)."""
    return len(peer_id) <= _LONGEST_ID and peer_id != own_id


def _guarded(peer: str, call: Callable[[], Result]) -> Result:
    """What lakers returns; ``PeerNotAuthentic`` for whatever it raises, a panic too."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:  # PanicException is no Exception
        raise PeerNotAuthentic(peer, f"the key exchange failed ({type(problem).__name__})") from None
