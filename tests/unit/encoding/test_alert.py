"""An alert's digest and salt, by the letter of the protocol (1.2, 5.15)."""

from hashlib import sha256

import cbor2

from certchain.encoding.alert import alert_digest, alert_salt
from certchain.models.alert import Alert, AlertRule
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId
from certchain.models.log import LogLeaf


def framed(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4) + field for field in fields)


def test_an_alerts_digest_is_of_its_message_in_deterministic_cbor() -> None:
    leaf = LogLeaf(7, 1_700_000_000, Digest(bytes([1] * 32)))
    alert = Alert(bytes([2] * 32), AlertRule.BAD_INTEGRITY, DeviceId(3), bytes([4] * 32), (leaf,))
    entry = {"index": 7, "at": 1_700_000_000, "commitment": {"value": bytes([1] * 32), "algorithm": "sha-256"}}
    message = {"network": bytes([2] * 32), "rule": 2, "device": 3, "salt": bytes([4] * 32), "entries": [entry]}
    body = cbor2.dumps(message, canonical=True)

    assert alert_digest(alert).value == sha256(framed(b"certchain/alert/v1", body)).digest()
    assert alert_digest(alert).value.hex() == "c9e3999aa013edf6c6170d61c47c36b1b7ad82afe6eaaba4bca1cd8eee21706e"


def test_an_alerts_salt_is_made_from_those_of_its_entries_in_their_order() -> None:
    one, two = bytes([1] * 32), bytes([2] * 32)
    assert alert_salt([one, two]) == sha256(framed(b"certchain/alert-salt/v1", one, two)).digest()
    assert len({alert_salt(salts) for salts in ([one, two], [two, one], [one], [])}) == 4
