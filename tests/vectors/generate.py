"""Writes the known answers beside it. It shares no code with certchain, and needs nothing but Python.

Run ``python tests/vectors/generate.py``; what it writes changes only when the protocol does.
"""

import hmac
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
Vector = dict[str, Any]


def frame(field: bytes) -> bytes:
    """A field behind its length in four bytes."""
    return len(field).to_bytes(4, "big") + field


def preimage(domain: str, fields: list[bytes]) -> bytes:
    """The domain's tag, then the fields."""
    return frame(b"certchain/" + domain.encode() + b"/v1") + b"".join(frame(field) for field in fields)


def number(value: int) -> bytes:
    """Eight bytes."""
    return value.to_bytes(8, "big")


def word(name: str) -> bytes:
    """32 bytes that no other name has."""
    return sha256(name.encode()).digest()


# -------------------------------------------------------------------------------------- preimage.json: Solidity and Python


def vector(name: str, function: str, domain: str, *fields: bytes) -> Vector:
    """One answer of a function over fields."""
    return {
        "name": name,
        "function": function,
        "domain": domain,
        "fields": [field.hex() for field in fields],
        "digest": sha256(preimage(domain, list(fields))).hexdigest(),
    }


def package(name: str, pkg_id: bytes, data: bytes) -> Vector:
    """A package digest: the data is no field, but comes last behind its length in eight bytes."""
    hashed = sha256(preimage("package", [pkg_id]) + number(len(data)) + data)
    return vector(name, "package", "package", pkg_id, data) | {"digest": hashed.hexdigest()}


def leaf(name: str, domain: str, *fields: bytes) -> Vector:
    """The leaf hash of a preimage (RFC 9162, 2.1.1)."""
    hashed = sha256(b"\x00" + preimage(domain, list(fields)))
    return vector(name, domain, domain, *fields) | {"digest": hashed.hexdigest()}


def framing() -> Iterator[Vector]:
    """Lists of fields that a careless encoding would confuse."""
    lists = {
        "no field": [],
        "one empty field": [b""],
        "two empty fields": [b"", b""],
        "shift: 1 and 23": [b"1", b"23"],
        "shift: 12 and 3": [b"12", b"3"],
        "shift: 123 and nothing": [b"123", b""],
        "shift: nothing and 123": [b"", b"123"],
        "shift: 123 alone": [b"123"],
        "a field that looks like a frame": [frame(b"1") + frame(b"23")],
        "three fields": [b"a", b"b", b"c"],
        "two fields, the first joined": [b"ab", b"c"],
        "a field of zeros": [bytes(4)],
        "three zeros and one": [bytes(3), bytes(1)],
        "text beyond ASCII": ["lamp ☀".encode()],
    }
    for name, fields in lists.items():
        yield vector(name, "digest", "test", *fields)
    for length in (1, 31, 32, 33, 55, 56, 63, 64, 65, 255, 256, 257, 1000):
        yield vector(f"a field of {length} bytes", "digest", "test", bytes(i % 256 for i in range(length)))
    yield vector("31 and 33 bytes", "digest", "test", b"\x01" * 31, b"\x01" * 33)
    yield vector("33 and 31 bytes", "digest", "test", b"\x01" * 33, b"\x01" * 31)
    yield vector("32 and 32 bytes", "digest", "test", b"\x01" * 32, b"\x01" * 32)
    yield vector("no domain", "digest", "", b"1")
    yield vector("another domain", "digest", "other", b"123")
    yield vector("a longer domain", "digest", "tes", b"t", b"123")


def named() -> Iterator[Vector]:
    """The digests that Solidity and Python both have a function for."""
    yield vector("keys", "keys", "keys", word("signing key"), b"\x02" + word("exchange key"))
    yield vector("keys of zeros", "keys", "keys", bytes(32), bytes(33))
    yield vector("keys, shifted by a byte", "digest", "keys", word("signing key") + b"\x02", word("exchange key"))
    yield leaf("device in a batch", "batch-device", word("description"), word("thumbprint"))
    yield leaf("device in a batch, the other way round", "batch-device", word("thumbprint"), word("description"))
    yield leaf("device in a batch, of zeros", "batch-device", bytes(32), bytes(32))
    for name in ("R", "another R"):
        yield vector(f"commitment of {name}", "commitment", "commitment", word(name))
    yield vector("commitment of zeros", "commitment", "commitment", bytes(32))
    yield vector("user name", "user-name", "user-name", word("salt"), b"Mina Kim")
    yield vector("user name beyond ASCII", "user-name", "user-name", word("salt"), "김민아".encode())
    yield vector("no user name", "user-name", "user-name", word("salt"), b"")
    yield vector("user name under another salt", "user-name", "user-name", word("another salt"), b"Mina Kim")
    yield vector("version commitment", "version-commitment", "version-commitment", word("VerID"))
    yield vector("package id", "package-id", "package-id", word("VerID"), word("UptID"))
    yield vector("package id, the other way round", "package-id", "package-id", word("UptID"), word("VerID"))
    yield vector("package id of zeros", "package-id", "package-id", bytes(32), bytes(32))


def packages() -> Iterator[Vector]:
    """Data of lengths around a word and a block of SHA-256."""
    for length in (0, 1, 31, 32, 33, 55, 56, 63, 64, 65, 1000):
        data = bytes(i % 256 for i in range(length))
        yield package(f"package of {length} bytes", word("PkgID"), data)
    yield package("package of eight zeros", word("PkgID"), bytes(8))
    yield package("another package with the same data", word("another PkgID"), bytes(8))


# ---------------------------------------------------------------------------------------------- protocol.json: Python alone

PHONE: Vector = {"model": "Fairphone 5", "platform": "Android 15", "app_instance": "3f2a"}
LAMP: Vector = {"device": 7, "manufacturer": "Lumen GmbH", "model": "lamp ☀", "serial": "SN-0001"}
KEYS: Vector = {"signing": word("signing key"), "exchange": b"\x02" + word("exchange key")}
PARTIES: Vector = {"user": 3, "user_device": 2, "device": 7, "server": 1}
SESSION: Vector = {
    "protocol_version": 1,
    "network": word("network"),
    "session": word("session")[:16],
    "challenge": word("challenge"),
    **PARTIES,
    "registration": 11,
    "method": 4,
    "expires_at": 1_800_000_000,
    "binding": word("binding"),
}
FILES: list[Vector] = [
    {"path": "lib/z.so", "size": 70_000, "digest": word("z")},
    {"path": "app.py", "size": 0, "digest": sha256(b"").digest()},
    {"path": "lib/a.so", "size": 2**40, "digest": word("a")},
]


def field(value: int | str | bytes) -> bytes:
    """A number, a text, or bytes as they are."""
    if isinstance(value, int):
        return number(value)
    return value.encode() if isinstance(value, str) else value


def fields(*values: int | str | bytes) -> list[bytes]:
    """Each value as a field."""
    return [field(value) for value in values]


def thumbprint() -> bytes:
    """Of the keys above."""
    return sha256(preimage("keys", [KEYS["signing"], KEYS["exchange"]])).digest()


def digests() -> Iterator[tuple[str, str, Vector, list[bytes]]]:
    """Name, domain, arguments and fields of everything that is H over a preimage."""
    yield "first factor", "first-factor", {"information": PHONE, "keys": KEYS}, fields(*PHONE.values(), thumbprint())
    yield (
        "second factor",
        "second-factor",
        {"user": 3, "factor_key": word("factor key")},
        fields(3, word("factor key")),
    )
    yield "third factor", "third-factor", {"information": LAMP, "keys": KEYS}, fields(*LAMP.values(), thumbprint())
    description: Vector = {"manufacturer": LAMP["manufacturer"], "model": LAMP["model"], "serial": LAMP["serial"]}
    yield "device description", "device-description", description, fields(*description.values())
    for count in (1, 2, 3):
        factors = [word(f"factor {i}") for i in range(count)]
        arguments = {"method": 4, "salt": word("salt"), "factors": factors}
        yield f"registration of {count}", "registration", arguments, fields(4, word("salt"), *factors)
    by_path = sorted(FILES, key=lambda file: file["path"])
    listed = [value for file in by_path for value in (file["path"], file["size"], file["digest"])]
    yield (
        "manifest",
        "manifest",
        {"app": "remote", "version": "1.0", "files": FILES},
        fields("remote", "1.0", *listed),
    )
    yield (
        "manifest of nothing",
        "manifest",
        {"app": "remote", "version": "1.0", "files": []},
        fields("remote", "1.0"),
    )
    yield "application", "application", {"body": b"\xa1aa\x01"}, [b"\xa1aa\x01"]
    yield "app release", "app-release", {"release": b"\xa1aa\x02"}, [b"\xa1aa\x02"]
    share: Vector = {"committed": word("commitment"), "division": 2, "index": 3, "value": word("share")}
    yield "share", "share", share, fields(*share.values())
    https: Vector = {"server": word("server"), "client": word("client"), "conversation": word("conversation")[:16]}
    yield "binding of an HTTPS channel", "https-channel", https, fields(*https.values())
    body = bytes.fromhex("a1") + b"\x65index\x00"
    yield "log entry", "log-entry", {"salt": word("salt"), "body": body}, [word("salt"), body]
    yield "log entry of nothing", "log-entry", {"salt": bytes(32), "body": b""}, [bytes(32), b""]
    contracts = [word(name)[:20] for name in ("Permissions", "Registration", "LoginLog", "UpdateRegistry")]
    yield "network", "network", {"chain_id": 1337, "contracts": contracts}, fields(1337, *contracts)
    yield (
        "intent",
        "intent",
        {"chain_id": 1337, "contract": contracts[0], "calldata": b"\x01\x02\x03\x04"},
        fields(1337, contracts[0], b"\x01\x02\x03\x04"),
    )


def preimages() -> Iterator[tuple[str, str, Vector, list[bytes]]]:
    """Name, domain, arguments and fields of what is signed, or bound to a seal, as it is."""
    network = word("network")
    yield "transcript", "transcript", SESSION, fields(*SESSION.values())
    login: Vector = {"network": network, "user": 3, "user_device": 2, "device": 7, "binding": word("binding")}
    yield "login", "login", login, fields(*login.values())
    signer = {"kind": "user-device", "number": 2}
    yield (
        "statement",
        "statement",
        {"network": network, "kind": "Login", "signer": signer, "body": b"\xa0"},
        fields(network, "Login", "user-device", 2, b"\xa0"),
    )
    key_data: Vector = {"user_device": 2, "device": 7, "committed": word("commitment")}
    yield "key data", "key-data", key_data, fields(*key_data.values())
    yield "second factor, sealed", "second-factor-seal", {"network": network, **PARTIES}, fields(network, 3, 2, 7, 1)
    grant: Vector = {"network": network, "user_device": 2, "device": 7, "server": 1}
    yield "grant, sealed", "grant-seal", grant, fields(*grant.values())
    enrolment: Vector = {"network": network, "keys": KEYS}
    yield "enrolment, sealed", "enrolment-seal", enrolment, fields(network, thumbprint())
    version: Vector = {"network": network, "product": 4, "version": 9}
    yield "VerID, sealed", "ver-id-seal", version, fields(*version.values())
    yield "submission, sealed", "submission-seal", version, fields(*version.values())
    leaf: Vector = {"index": 70_000, "at": 1_800_000_000, "commitment": word("commitment")}
    yield "log leaf", "log-leaf", leaf, fields(*leaf.values())
    last: Vector = {"index": 2**64 - 1, "at": 0, "commitment": bytes(32)}
    yield "log leaf, the last of all", "log-leaf", last, fields(*last.values())
    place: Vector = {"origin": f"certchain/{word('network').hex()}/login-log", "index": 70_000}
    yield "log body, sealed", "log-body", place, fields(*place.values())
    subject: Vector = {"kind": "user-device", "number": 2, "period": 694, "key": 9}
    yield "subject key, sealed", "subject-key", subject, fields(*subject.values())
    deposit: Vector = {"network": network, "server": 1, "custodian": 5, "committed": word("commitment"), "division": 2}
    yield "share for its custodian, sealed", "share-deposit-seal", deposit, fields(*deposit.values())
    answer = deposit | {"nonce": word("nonce")}
    yield "share for the certification server, sealed", "share-answer-seal", answer, fields(*answer.values())
    kept: Vector = {"server": 1, "custodian": 5, "committed": word("commitment"), "division": 2}
    yield "share where it is kept, sealed", "share-kept", kept, fields(*kept.values())
    control: Vector = {"direction": "command", "session": word("session")[:16], "counter": 5}
    yield "control", "control", control, fields(*control.values())


def protocol() -> Iterator[Vector]:
    """Every answer that only Python has."""
    for name, domain, arguments, listed in digests():
        hashed = sha256(preimage(domain, listed)).digest()
        yield {"name": name, "domain": domain, "arguments": arguments, "digest": hashed}
    for name, domain, arguments, listed in preimages():
        framed = preimage(domain, listed)
        yield {
            "name": name,
            "domain": domain,
            "arguments": arguments,
            "preimage": framed,
            "digest": sha256(framed).digest(),
        }
    session = preimage("transcript", fields(*SESSION.values()))
    yield {
        "name": "certification hash",
        "domain": "certification-hash",
        "arguments": {"registration": word("R"), "session": SESSION},
        "digest": hmac.digest(word("R"), session, "sha256"),
    }


# ------------------------------------------------------------------------------------------------------- log.json: a whole log

NOBODY: Vector = {"session": None, "user": None, "user_device": None, "registration": None}
ENTRIES: list[Vector] = [
    {
        "kind": "login",
        "outcome": "certified",
        "step": "C13",
        "reason": "",
        "session": word("session")[:16],
        "user": 3,
        "user_device": 2,
        "device": 7,
        "registration": 11,
    },
    {"kind": "login", "outcome": "refused", "step": "C2", "reason": "LoginRefused", "device": 2**63 - 1} | NOBODY,
    {"kind": "login", "outcome": "refused", "step": "C5", "reason": "장치", "device": 0} | NOBODY | {"user": 23},
    {"kind": "login", "outcome": "refused", "step": "C5", "reason": "x" * 300, "device": 255} | NOBODY | {"user": 24},
    {"kind": "hold", "held": {"kind": "user", "number": 3}, "name": "case 17", "reason": "court order"},
    {"kind": "release", "held": {"kind": "user-device", "number": 256}, "name": "case 17", "reason": ""},
    {"kind": "erasure", "erased": {"kind": "device", "number": 65_536}, "before": 1_800_000_000, "reason": "request"},
    {"kind": "retention", "days": 0, "reason": "everything is kept"},
    {"kind": "retention", "days": 3_650, "reason": "ten years"},
    {"kind": "unlock", "unlocked": {"kind": "user", "number": 3}, "by": "Olga", "reason": "identified in person"},
    {"kind": "lost-key", "user_device": 2, "by": "Olga", "reason": "stolen on a train"},
    {
        "kind": "app",
        "app": "door",
        "version": "1.0",
        "vendor": 4,
        "release": {"algorithm": "sha-256", "value": word("release")},
        "status": "deprecated",
        "until": 1_800_000_000,
        "by": "Olga",
        "reason": "1.1 is out",
    },
]


def cbor(value: object) -> bytes:
    """Deterministic CBOR (RFC 8949, 4.2.1) of what an entry is made of."""
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return cbor_head(0, value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        pairs = sorted((cbor(key), cbor(member)) for key, member in value.items())
        return cbor_head(5, len(pairs)) + b"".join(key + member for key, member in pairs)
    raise TypeError(value)


def cbor_head(major: int, argument: int) -> bytes:
    """A major type with its argument in as few bytes as it takes."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for more, length in enumerate((1, 2, 4, 8)):
        if argument < 1 << 8 * length:
            return bytes([major << 5 | 24 + more]) + argument.to_bytes(length, "big")
    raise OverflowError(argument)


def tree_root(leaf_hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, by its recursion."""
    if len(leaf_hashes) < 2:
        return leaf_hashes[0] if leaf_hashes else sha256(b"").digest()
    split = 1
    while split * 2 < len(leaf_hashes):
        split *= 2
    return sha256(b"\x01" + tree_root(leaf_hashes[:split]) + tree_root(leaf_hashes[split:])).digest()


def log() -> Vector:
    """A log with an entry of every kind, and its root at every size."""
    rows, leaf_hashes = [], []
    for index, entry in enumerate(ENTRIES):
        salt, body, at = word(f"salt {index}"), cbor(entry), 1_800_000_000 + index
        commitment = sha256(preimage("log-entry", [salt, body])).digest()
        leaf = preimage("log-leaf", fields(index, at, commitment))
        leaf_hashes.append(sha256(b"\x00" + leaf).digest())
        rows.append(
            {
                "entry": entry,
                "body": body,
                "salt": salt,
                "at": at,
                "commitment": commitment,
                "leaf": leaf,
                "leaf_hash": leaf_hashes[-1],
            }
        )
    bundle = b"".join(len(row["leaf"]).to_bytes(2, "big") + row["leaf"] for row in rows)
    roots = [tree_root(leaf_hashes[:size]) for size in range(len(leaf_hashes) + 1)]
    return {"entries": rows, "bundle": bundle, "roots": roots}


def hexadecimal(value: object) -> str:
    """Bytes as JSON has them."""
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(value)


def written(content: Vector) -> str:
    """The file's text."""
    return json.dumps(content, indent=2, ensure_ascii=False, default=hexadecimal) + "\n"


def files() -> dict[str, str]:
    """Every file of known answers by its name."""
    return {
        "preimage.json": written({"vectors": [*framing(), *named(), *packages()]}),
        "protocol.json": written({"vectors": list(protocol())}),
        "log.json": written(log()),
    }


if __name__ == "__main__":
    for name, content in files().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
