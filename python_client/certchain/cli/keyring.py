"""The keys in the home folder: Ethereum accounts as keystores, parties' keys as key files, all under one passphrase."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from certchain.config import Configuration, Home
from certchain.config.file import write_whole
from certchain.errors import KeyFileUnreadable, RecordExists, StorageUnavailable
from certchain.keys import (
    RFC_9106_SECOND,
    Argon2Cost,
    CertificateAuthority,
    KeyPair,
    PrivateKeys,
    SealingKey,
    TlsKey,
    read_key_file,
    write_key_file,
)
from certchain.keys.uri import has_keys, make_keys, open_keys

CA = "ca"


@dataclass(slots=True)
class Keyring:
    """Opens keys, each once, and makes those that are missing. The passphrase is asked for when the first key is needed."""

    home: Home
    configuration: Configuration
    ask: Callable[[bool], str]
    """Gives the passphrase; told whether it is to be a new one."""
    _passphrase: str | None = None
    _accounts: dict[str, LocalAccount] = field(default_factory=dict)
    _pairs: dict[Path, KeyPair] = field(default_factory=dict)
    _elsewhere: dict[str, PrivateKeys] = field(default_factory=dict)

    def open(self, new: bool = False) -> str:
        """The passphrase. Raises ``SecretMissing``."""
        if self._passphrase is None:
            self._passphrase = self.ask(new)
        return self._passphrase

    def account(self, name: str) -> LocalAccount:
        """The account of a role. Raises ``KeyFileUnreadable``."""
        if name not in self._accounts:
            self._accounts[name] = _read_account(self.home.account(name), self.open())
        return self._accounts[name]

    def made_account(self, name: str) -> LocalAccount:
        """The account of a role, made if there is none."""
        path = self.home.account(name)
        if not path.exists():
            account: LocalAccount = Account.create()
            _write_account(path, account, self.open(), self.configuration.key_memory)
            self._accounts[name] = account
        return self.account(name)

    def service(self, name: str) -> PrivateKeys:
        """The keys of a service: where the settings say, else in its key file. Raises what ``open_keys`` raises."""
        uri = self.configuration.keys.get(name)
        if uri is None:
            return self.pair(self.home.key_file(name))
        if name not in self._elsewhere:
            self._elsewhere[name] = open_keys(uri, self.open)
        return self._elsewhere[name]

    def made_service(self, name: str) -> PrivateKeys:
        """The keys of a service, made where they belong if there are none."""
        uri = self.configuration.keys.get(name)
        if uri is None:
            return self.made_pair(self.home.key_file(name))
        if not has_keys(uri, self.open):
            make_keys(uri, self.open, self.cost)
        return self.service(name)

    def pair(self, path: Path) -> KeyPair:
        """A party's keys. Raises ``KeyFileUnreadable``."""
        if path not in self._pairs:
            self._pairs[path] = read_key_file(path, KeyPair, self.open())
        return self._pairs[path]

    def made_pair(self, path: Path) -> KeyPair:
        """A party's keys, made if there are none."""
        if path.exists():
            return self.pair(path)
        pair = KeyPair.generate()
        write_key_file(path, pair, self.open(), self.cost)
        return pair

    def sealing_key(self, name: str) -> SealingKey:
        """A role's sealing key, as the one for key data. Raises ``KeyFileUnreadable``."""
        return read_key_file(self.home.key_file(name), SealingKey, self.open())

    def made_sealing_key(self, name: str) -> SealingKey:
        """A role's sealing key, made if there is none."""
        if self.home.key_file(name).exists():
            return self.sealing_key(name)
        key = SealingKey.generate()
        write_key_file(self.home.key_file(name), key, self.open(), self.cost)
        return key

    def authority(self) -> CertificateAuthority:
        """The network's CA. Raises ``KeyFileUnreadable``."""
        return read_key_file(self.home.key_file(CA), CertificateAuthority, self.open())

    def made_authority(self, network: bytes, now: int) -> CertificateAuthority:
        """The network's CA, made if there is none."""
        if not self.home.key_file(CA).exists():
            write_key_file(self.home.key_file(CA), CertificateAuthority.make(network, now), self.open(), self.cost)
        return self.authority()

    def tls_key(self, path: Path) -> TlsKey:
        """A party's key for TLS. Raises ``KeyFileUnreadable``."""
        return read_key_file(path, TlsKey, self.open())

    def made_tls_key(self, path: Path) -> TlsKey:
        """A party's key for TLS, made if there is none."""
        if not path.exists():
            write_key_file(path, TlsKey.generate(), self.open(), self.cost)
        return self.tls_key(path)

    @property
    def cost(self) -> Argon2Cost:
        """The work that goes into a passphrase, and into a user's secret."""
        return Argon2Cost(RFC_9106_SECOND.iterations, self.configuration.key_memory, RFC_9106_SECOND.lanes)


def _write_account(path: Path, account: LocalAccount, passphrase: str, memory: int) -> None:
    """A new keystore as other Ethereum programs read it, under scrypt, whose N in blocks of 1 KiB is its memory."""
    keystore = Account.encrypt(account.key, passphrase, kdf="scrypt", iterations=1 << (memory.bit_length() - 1))
    try:
        write_whole(path, json.dumps(keystore).encode(), new=True)
    except FileExistsError:
        raise RecordExists("account", str(path)) from None
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem


def _read_account(path: Path, passphrase: str) -> LocalAccount:
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(path.read_text(encoding="utf-8"), passphrase))
    except OSError as problem:
        raise KeyFileUnreadable(str(path), problem.strerror or "it cannot be read") from problem
    except Exception as problem:  # whatever eth-keyfile makes of a file that is none
        raise KeyFileUnreadable(str(path), "the passphrase is wrong, or the file was changed") from problem
    return account
