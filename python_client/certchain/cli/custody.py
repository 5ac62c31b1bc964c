"""The custodians of a home that has everyone: each with keys and a store of its own, and a channel of the certification server to it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from certchain.channel import Handler, MemoryChannel, ServiceChannel
from certchain.cli.enrolling import PARTY_KEYS
from certchain.cli.record import CERTIFICATION_SERVER, ServiceRecord, custodian_names
from certchain.cli.workspace import Workspace
from certchain.config import Home
from certchain.models.identifier import ServiceId, service_party
from certchain.roles.custodian import Custodian
from certchain.storage import SqlShareStore
from certchain.verification.statement import Identity


def shares_key(name: str) -> str:
    """The name of the key under which a custodian seals the shares that it keeps."""
    return f"{name}-shares"


def shares_file(home: Home, name: str) -> Path:
    """Where a custodian keeps its shares."""
    return home.store(name) / "shares.sqlite"


@dataclass
class HomeCustodians:
    """Opens a custodian when it is first asked: to open its keys takes a while, and few commands need it."""

    workspace: Workspace
    _opened: dict[str, Custodian] = field(default_factory=dict)
    _stores: list[SqlShareStore] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def channels(self) -> Mapping[ServiceId, ServiceChannel]:
        """The certification server's channel to each, by its number. Raises ``UnknownRecord``."""
        self.workspace.closing.callback(self._close)
        server = service_party(self._number(CERTIFICATION_SERVER))
        names = custodian_names(self.workspace.configuration.home_custodians)
        numbers = {name: self._number(name) for name in names}
        return {
            number: MemoryChannel(self._handler(name), asker=server, answerer=service_party(number))
            for name, number in numbers.items()
        }

    def custodian(self, name: str) -> Custodian:
        """One of them, by its name, over the shares that it keeps."""
        with self._lock:  # several are asked at once, and the keyring is not made for that
            if name not in self._opened:
                self._opened[name] = self._open(name)
            return self._opened[name]

    def identity(self, name: str) -> Identity:
        """A custodian with its keys: in its own folder where it was enrolled from this home, else with those of the home's services.

        Raises ``UnknownRecord``, and ``KeyFileUnreadable``.
        """
        party = service_party(self._number(name))
        own = self.workspace.records.folder(ServiceRecord, name) / PARTY_KEYS
        keyring = self.workspace.keyring
        keys = keyring.pair(own) if own.exists() else keyring.service(name)
        return Identity(self.workspace.reader.network, party, keys)

    def _open(self, name: str) -> Custodian:
        workspace = self.workspace
        store = SqlShareStore(shares_file(workspace.home, name))
        self._stores.append(store)
        return Custodian(
            identity=self.identity(name),
            ledger=workspace.reader,
            store=store,
            sealing_key=workspace.keyring.made_sealing_key(shares_key(name)),
            servers=(self._number(CERTIFICATION_SERVER),),
        )

    def _close(self) -> None:
        for store in self._stores:
            store.close()

    def _handler(self, name: str) -> Handler:
        return lambda conversation, message: self.custodian(name).answer(conversation, message)

    def _number(self, name: str) -> ServiceId:
        return ServiceId(self.workspace.records.read(ServiceRecord, name).number)
