"""Keys in encrypted files: readable by their owner only, opened by a passphrase, refused after any change.

A file is the deterministic CBOR of a ``KeyFile``. The passphrase is stretched by Argon2id to a sealing key; the seal covers what kind
of key it is, the salt and the cost, so that nothing in the file can be changed.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from certchain.config.file import write_whole
from certchain.encoding.message import from_cbor, to_cbor
from certchain.encoding.preimage import number, preimage, text
from certchain.errors import InvalidInput, KeyFileUnreadable, RecordExists, SealInvalid, StorageUnavailable
from certchain.keys.certificate_authority import CertificateAuthority
from certchain.keys.pair import KeyPair
from certchain.keys.sealing import SealingKey
from certchain.keys.secret import RFC_9106_SECOND, SECRET_SALT_LENGTH, Argon2Cost
from certchain.keys.tls import TlsKey

FORMAT = "certchain/key-file/v1"
_MOST_BYTES = 4096
_OTHERS = 0o077
_KINDS: dict[type, str] = {
    KeyPair: "key-pair",
    SealingKey: "sealing-key",
    TlsKey: "tls-key",
    CertificateAuthority: "certificate-authority",
}

AnyKey = KeyPair | SealingKey | TlsKey | CertificateAuthority
Key = TypeVar("Key", KeyPair, SealingKey, TlsKey, CertificateAuthority)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What is in the file; ``salt`` is 16 bytes, ``sealed`` the key's bytes under AES-256-GCM-SIV."""

    format: str
    kind: str
    cost: Argon2Cost
    salt: bytes
    sealed: bytes


def write_key_file(path: Path, key: AnyKey, passphrase: str, cost: Argon2Cost = RFC_9106_SECOND) -> None:
    """Keeps a key in a new file, which is whole and on the disk when this returns.

    Raises ``RecordExists`` when there is a file already, ``MalformedValue`` for an empty passphrase, ``StorageUnavailable``.
    """
    kind, salt = _KINDS[type(key)], os.urandom(SECRET_SALT_LENGTH)
    sealed = SealingKey(cost.stretch(passphrase, salt)).seal(_context(kind, cost, salt), key.private_bytes())
    try:
        write_whole(path, to_cbor(KeyFile(FORMAT, kind, cost, salt, sealed)), new=True)
    except FileExistsError:
        raise RecordExists("key file", str(path)) from None
    except OSError as problem:
        raise StorageUnavailable(f"{path}: {problem.strerror}") from problem


def read_key_file(path: Path, key: type[Key], passphrase: str) -> Key:
    """The key that ``write_key_file`` kept. Raises ``KeyFileUnreadable`` for anything but that file and its passphrase."""
    try:
        content = from_cbor(KeyFile, _read_private(path))
        if (content.format, content.kind) != (FORMAT, _KINDS[key]):
            raise KeyFileUnreadable(str(path), f"it holds no {_KINDS[key]}")
        opener = SealingKey(content.cost.stretch(passphrase, content.salt))
        private = opener.open(_context(content.kind, content.cost, content.salt), content.sealed)
        return key.from_private_bytes(private)
    except OSError as problem:
        raise KeyFileUnreadable(str(path), problem.strerror or "it cannot be read") from problem
    except SealInvalid as problem:
        raise KeyFileUnreadable(str(path), "the passphrase is wrong, or the file was changed") from problem
    except InvalidInput as problem:
        raise KeyFileUnreadable(str(path), str(problem)) from problem


def _context(kind: str, cost: Argon2Cost, salt: bytes) -> bytes:
    costs = number(cost.iterations), number(cost.memory), number(cost.lanes)
    return preimage("key-file", text(FORMAT), text(kind), *costs, salt)


def _read_private(path: Path) -> bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS:
            raise KeyFileUnreadable(str(path), "others than its owner can read or change it")
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise KeyFileUnreadable(str(path), "it is too long for a key file")
    return content
