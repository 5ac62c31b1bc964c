"""Keys in a PKCS #11 token: Ed25519 signs there (CKM_EDDSA) and P-256 exchanges there (CKM_ECDH1_DERIVE); neither private key leaves it.

What does leave the token is the result of one exchange, from which HPKE's keys are derived here: tokens have no HKDF.
"""

import secrets
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import KDF, Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from certchain.errors import (
    KeyUriInvalid,
    PinRefused,
    TokenKeyMissing,
    TokenKeysExist,
    TokenModuleMissing,
    TokenUnavailable,
)
from certchain.keys.hpke import POINT_LENGTH, open_around
from certchain.keys.token_uri import TokenUri
from certchain.models.registration import PublicKeys

_ED25519 = "1.3.101.112"
_P256 = "secp256r1"
_ED25519_LENGTH = 32
_ID_LENGTH = 16
_EXCHANGED_BITS = 256
_READABLE = {Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True, Attribute.TOKEN: False}
_KEPT = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_WRONG_PIN = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked, pkcs11.PinExpired)


@dataclass(slots=True, eq=False)
class Token:
    """One token with one login. A process has one login at a token, whoever asks for it, so that all its keys share this."""

    uri: TokenUri
    _pin: str = field(repr=False)
    _lock: Any = field(default_factory=RLock, repr=False)
    _session: Any = field(default=None, repr=False)

    def require_pin(self, pin: str) -> None:
        """Raises ``PinRefused`` for another PIN than the one that the token took."""
        if not secrets.compare_digest(pin.encode(), self._pin.encode()):
            raise PinRefused(self.uri.place, "it is open in this process under another PIN")

    @contextmanager
    def session(self) -> Iterator[Any]:
        """The session, for one thread at a time. Whatever fails ends it, and the next one who asks opens another.

        Raises ``TokenUnavailable``, ``PinRefused`` or ``TokenModuleMissing``.
        """
        with self._lock:
            try:
                if self._session is None:
                    self._session = self._opened()
                yield self._session
            except pkcs11.PKCS11Error as problem:
                self._drop()
                raise TokenUnavailable(self.uri.place, type(problem).__name__) from problem
            finally:
                _empty_error_queue()

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """A session that can make keys."""
        with self.session(), self._found().open(rw=True) as session:
            yield session

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(pkcs11.PKCS11Error):
                session.close()

    def _opened(self) -> Any:
        token = self._found()
        try:
            return token.open(user_pin=self._pin)
        except pkcs11.UserAlreadyLoggedIn:  # by this very PIN, before the session was lost
            return token.open()
        except _WRONG_PIN as problem:
            raise PinRefused(self.uri.place, type(problem).__name__) from problem

    def _found(self) -> Any:
        """The one token of the URI's name. Another one that fails, as one that was taken away does, is none of our business."""
        found = [token for token in _present(self.uri.module) if self._is_meant(token)]
        if len(found) != 1:
            raise pkcs11.MultipleTokensReturned if found else pkcs11.NoSuchToken
        return found[0]

    def _is_meant(self, token: Any) -> bool:
        named = self.uri.token in {"", token.label}
        return named and self.uri.serial in {"", token.serial.decode(errors="replace")}


def _empty_error_queue() -> None:
    """A module that is made with OpenSSL may leave errors in this thread's queue, which Python's ``ssl`` would take for its own later.

    An error of its own that it has told of empties the queue.
    """
    with suppress(ssl.SSLError):
        _NO_CERTIFICATES.load_verify_locations(cadata=b"-")


def _present(module: str) -> Iterator[Any]:
    for slot in _module(module).get_slots(token_present=True):
        with suppress(pkcs11.PKCS11Error):
            yield slot.get_token()


@dataclass(frozen=True, slots=True, eq=False)
class TokenKeys:
    """See ``PrivateKeys``: the keys that a URI names in a token."""

    token: Token
    name: str
    id: bytes | None
    public: PublicKeys
    _point: bytes = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        with self.token.session() as session:
            key = self._private(session, KeyType.EC_EDWARDS)
            return bytes(key.sign(message, mechanism=Mechanism.EDDSA))

    def open(self, info: bytes, sealed: bytes) -> bytes:
        return open_around(self._exchange, self._point, info, sealed)

    def _exchange(self, point: bytes) -> bytes:
        with self.token.session() as session:
            key = self._private(session, KeyType.EC)
            parameters = (KDF.NULL, None, point)
            shared = key.derive_key(
                KeyType.GENERIC_SECRET, _EXCHANGED_BITS, mechanism_param=parameters, template=_READABLE
            )
            value = bytes(shared[Attribute.VALUE])
            shared.destroy()
            return value

    def _private(self, session: Any, kind: KeyType) -> Any:
        """Looked for each time: handles end with a session. What was there before and is not is a token that was taken away."""
        try:
            return _one(session, self, ObjectClass.PRIVATE_KEY, kind)
        except TokenKeyMissing:
            raise TokenUnavailable(self.token.uri.place, "its keys are gone") from None


@dataclass(frozen=True, slots=True)
class _Named:
    """The names of keys that are looked for, before they are found."""

    token: Token
    name: str
    id: bytes | None


def open_token_keys(uri: TokenUri, pin: Callable[[], str]) -> TokenKeys:
    """The keys that a URI names. Raises ``TokenKeyMissing``, and what ``Token.session`` raises."""
    named = _Named(_token(uri, uri.pin(pin)), uri.name, uri.id)
    with named.token.session() as session:
        signing = _one(session, named, ObjectClass.PUBLIC_KEY, KeyType.EC_EDWARDS)[Attribute.EC_POINT]
        point = bytes(_one(session, named, ObjectClass.PUBLIC_KEY, KeyType.EC)[Attribute.EC_POINT])[-POINT_LENGTH:]
        for kind in (KeyType.EC_EDWARDS, KeyType.EC):
            _one(session, named, ObjectClass.PRIVATE_KEY, kind)
    # Modules give a point as it is or inside an OCTET STRING: either way it is what stands last.
    public = PublicKeys(bytes(signing)[-_ED25519_LENGTH:], _compressed(point, named))
    return TokenKeys(named.token, uri.name, uri.id, public, point)


def has_token_keys(uri: TokenUri, pin: Callable[[], str]) -> bool:
    """Whether the token has any key of the URI's name. Raises what ``Token.session`` raises."""
    with _token(uri, uri.pin(pin)).session() as session:
        return any(True for _ in session.get_objects({Attribute.LABEL: uri.name}))


def make_token_keys(uri: TokenUri, pin: Callable[[], str]) -> TokenKeys:
    """Has the token draw new keys under the URI's name, which it will not let out.

    Raises ``TokenKeysExist``, and what ``open_token_keys`` raises.
    """
    token = _token(uri, uri.pin(pin))
    with token.writing() as session:
        if any(True for _ in session.get_objects({Attribute.LABEL: uri.name})):
            raise TokenKeysExist(uri.place, uri.name)
        chosen = uri.id or secrets.token_bytes(_ID_LENGTH)
        made = _draw(session, KeyType.EC_EDWARDS, _ED25519, uri.name, chosen)
        try:
            _draw(session, KeyType.EC, _P256, uri.name, chosen)
        except pkcs11.PKCS11Error:
            for key in made:
                key.destroy()
            raise
    return open_token_keys(uri, pin)


def _draw(session: Any, kind: KeyType, curve: str, name: str, key_id: bytes) -> Any:
    parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
    signs = kind is KeyType.EC_EDWARDS
    return session.create_domain_parameters(kind, parameters, local=True).generate_keypair(
        id=key_id,
        label=name,
        store=True,
        mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN if signs else Mechanism.EC_KEY_PAIR_GEN,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY if signs else MechanismFlag.DERIVE,
        private_template=_KEPT,
    )


def _one(session: Any, named: _Named | TokenKeys, kind: ObjectClass, type_: KeyType) -> Any:
    """The one key of that name and type. Raises ``TokenKeyMissing``."""
    wanted = {Attribute.CLASS: kind, Attribute.KEY_TYPE: type_, Attribute.LABEL: named.name}
    found = list(session.get_objects(wanted | ({} if named.id is None else {Attribute.ID: named.id})))
    if len(found) != 1:
        raise TokenKeyMissing(named.token.uri.place, named.name)
    return found[0]


def _compressed(point: bytes, named: _Named) -> bytes:
    try:
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:  # a key of another curve
        raise TokenKeyMissing(named.token.uri.place, named.name) from None
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def _module(path: str) -> Any:
    try:
        return pkcs11.lib(path)
    except RuntimeError as problem:  # the library's own errors are of that class, too
        raise TokenModuleMissing(path, str(problem) or type(problem).__name__) from problem


_tokens: dict[tuple[str, str, str], Token] = {}
_opening = RLock()


def _token(uri: TokenUri, pin: str) -> Token:
    """The token of a URI, opened once in this process: its login is the process's, by PKCS #11 (5.6)."""
    if not pin:
        raise KeyUriInvalid("there is no PIN")
    place = uri.module, uri.token, uri.serial
    with _opening:
        token = _tokens.get(place)
        if token is None:
            token = Token(uri, pin)
            with token.session():
                _tokens[place] = token
        token.require_pin(pin)
        return token
