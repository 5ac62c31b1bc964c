"""An entry as bytes: deterministic CBOR (RFC 8949, section 4.2), one map of its ``kind`` and its fields.

Reading takes exactly what writing gives. Logins, of which there may be thousands a second, are written and read by hand; the
bytes are those that every other model would get (``to_cbor``).
"""

from functools import lru_cache
from itertools import product
from operator import itemgetter
from typing import Any

import cbor2

from certchain.encoding.kind import KIND, KINDS
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.certification import SESSION_LENGTH
from certchain.models.entry import LogEntry, LoginEntry, LoginOutcome

_LOGIN = next(kind for kind, model in KINDS.items() if model is LoginEntry)
_OUTCOMES = {outcome.value: outcome for outcome in LoginOutcome}
_FIELDS = ("outcome", "step", "reason", "session", "user", "user_device", "device", "registration")
_fields_of = itemgetter(*_FIELDS)
_NOTHING = type(None)
# Every row of types that the fields of a login, in that order, can have.
_TYPES = frozenset(
    product([str], [str], [str], [bytes, _NOTHING], [int, _NOTHING], [int, _NOTHING], [int], [int, _NOTHING])
)
# One login is much like the next: most of what stands in it was written before.
_written = lru_cache(maxsize=4096, typed=True)(cbor2.dumps)
# The map's head and first field, then the other keys in the order of RFC 8949 (4.2.1) for texts: the shorter first, then by their bytes.
_STEP = cbor2.dumps({KIND: _LOGIN} | dict.fromkeys(_FIELDS))[:1] + b"".join(map(cbor2.dumps, (KIND, _LOGIN, "step")))
_USER, _DEVICE, _REASON = map(cbor2.dumps, ("user", "device", "reason"))
_OUTCOME, _SESSION = map(cbor2.dumps, ("outcome", "session"))
_SIXTEEN_BYTES = cbor2.dumps(bytes(SESSION_LENGTH))[:1]
_USER_DEVICE, _REGISTRATION = map(cbor2.dumps, ("user_device", "registration"))


def entry_bytes(entry: LogEntry) -> bytes:
    """The entry's body. Raises ``MalformedValue`` for a text that is not Unicode."""
    if type(entry) is LoginEntry:
        return _login_bytes(entry)
    return to_cbor(entry)


def read_entry(data: bytes) -> LogEntry:
    """Reads what ``entry_bytes`` wrote, to the byte. Raises ``MalformedMessage`` for anything else."""
    try:
        fields = cbor2.loads(data)
        kind = fields[KIND]
        if kind != _LOGIN:
            return from_cbor(KINDS[kind], data)
        entry = _login(fields)
        same = _login_bytes(entry) == data
    except MalformedMessage:
        raise
    except Exception as problem:  # whatever cbor2 or an entry's constructor makes of hostile bytes
        raise MalformedMessage("it is not an entry") from problem
    if not same:
        raise MalformedMessage("it is not the deterministic encoding of an entry")
    return entry


def _login_bytes(entry: LoginEntry) -> bytes:
    session = entry.session
    try:
        return b"".join(
            (
                _STEP,
                _written(entry.step),
                _USER,
                _written(entry.user),
                _DEVICE,
                _written(entry.device),
                _REASON,
                _written(entry.reason),
                _OUTCOME,
                _written(entry.outcome.value),
                _SESSION,
                _written(session) if session is None else _SIXTEEN_BYTES + session,
                _USER_DEVICE,
                _written(entry.user_device),
                _REGISTRATION,
                _written(entry.registration),
            )
        )
    except UnicodeEncodeError:
        raise MalformedValue("LoginEntry", "a text cannot be written in UTF-8") from None


def _login(fields: dict[str, Any]) -> LoginEntry:
    """The entry of a map that has the fields of a login, and each of its type; what differs besides shows when it is written."""
    values = _fields_of(fields)
    if tuple(map(type, values)) not in _TYPES:
        raise MalformedMessage("a field of a login is of the wrong type")
    return LoginEntry(_OUTCOMES[values[0]], *values[1:])
