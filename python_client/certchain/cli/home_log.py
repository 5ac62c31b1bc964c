"""The login log of a home folder: where its parts lie, and how they are opened together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from certchain.channel.witness import HttpWitness
from certchain.cli.record import CERTIFICATION_SERVER, ServiceRecord
from certchain.encoding.checkpoint import log_origin
from certchain.encoding.note import parse_vkey
from certchain.errors import ConfigurationInvalid, MalformedValue
from certchain.log import (
    Cosigning,
    KeeperPolicy,
    KnownWitness,
    LogEngine,
    LogLimits,
    PublishedLog,
    Query,
    Retention,
)
from certchain.models.identifier import ServiceId, service_party
from certchain.models.note import KeyType, NoteKey
from certchain.models.registration import PublicKeys
from certchain.storage import DirectoryReader, SqlLogIndex, SqlSubjectKeys, open_log_store
from certchain.verification.statement import Identity

if TYPE_CHECKING:
    from certchain.cli.workspace import Workspace

_ENTRIES, _NOTES = "entries", "notes"
SUBJECT_KEYS = "subject-keys"
"""The name of the key under which subjects' keys are sealed."""


@dataclass
class HomeLog:
    """Opens each part when it is first needed; the workspace closes them. The certification server signs, and brings it to the chain."""

    workspace: "Workspace"

    @property
    def origin(self) -> str:
        """What the log is called."""
        return log_origin(self.workspace.reader.network)

    @property
    def engine(self) -> LogEngine:
        """The log's only writer. Raises ``LogInUse``, ``LogDamaged``."""
        return self._opened[0]

    @property
    def retention(self) -> Retention:
        """Holds, erasures and retention."""
        return self._opened[1]

    @cached_property
    def _opened(self) -> tuple[LogEngine, Retention]:
        """What writes the log, once an erasure that was cut off is carried out."""
        workspace, settings = self.workspace, self.workspace.configuration
        engine = LogEngine.over(  # the files come last: what refuses for another reason leaves no log behind
            ledger=workspace.ledger(CERTIFICATION_SERVER).login_log,
            identity=self.identity,
            clock=workspace.clock,
            cosigning=self._cosigning,
            keys=self.keys,
            files=workspace.store_in(workspace.home.log / _NOTES),
            store=open_log_store(workspace.home.log / _ENTRIES, write=True),
            limits=LogLimits(backlog=settings.log_backlog),
            policy=KeeperPolicy(
                interval=settings.checkpoint_interval, batch=settings.log_batch_size, age=settings.log_batch_age
            ),
            batch_limit=settings.log_batch_size,
        )
        workspace.closing.callback(engine.close)
        retention = Retention(engine.writer, engine.reader, self.keys, self.index, workspace.clock)
        retention.finish()
        return engine, retention

    @cached_property
    def keys(self) -> SqlSubjectKeys:
        """The keys of those whom entries are about."""
        sealing_key = self.workspace.keyring.sealing_key(SUBJECT_KEYS)
        keys = SqlSubjectKeys(self.workspace.home.log / "keys.sqlite", sealing_key)
        self.workspace.closing.callback(keys.close)
        return keys

    @cached_property
    def index(self) -> SqlLogIndex:
        """What the log is searched by."""
        index = SqlLogIndex(self.workspace.home.log / "index.sqlite")
        self.workspace.closing.callback(index.close)
        return index

    @cached_property
    def beside(self) -> PublishedLog:
        """What everyone may see of the log, for who only reads, beside its writer. Raises ``StorageUnavailable`` before there is a log."""
        store = open_log_store(self.workspace.home.log / _ENTRIES, write=False)
        self.workspace.closing.callback(store.close)
        return PublishedLog(store, DirectoryReader(self.workspace.home.log / _NOTES))

    @property
    def server_keys(self) -> PublicKeys:
        """The public keys of the log's server, as this home knows them."""
        record = self.workspace.records.read(ServiceRecord, CERTIFICATION_SERVER)
        return PublicKeys(bytes.fromhex(record.signing), bytes.fromhex(record.exchange))

    @property
    def query(self) -> Query:
        """Questions to the log."""
        engine = self.engine
        return Query(engine.reader, engine.store, self.index, engine.publication)

    @property
    def identity(self) -> Identity:
        """The certification server, with its private keys."""
        number = self.workspace.records.read(ServiceRecord, CERTIFICATION_SERVER).number
        keys = self.workspace.keyring.service(CERTIFICATION_SERVER)
        return Identity(self.workspace.reader.network, service_party(ServiceId(number)), keys)

    @property
    def witnesses(self) -> dict[str, bytes]:
        """The Ed25519 public keys of the witnesses by their names. Raises ``ConfigurationInvalid``."""
        return {key.name: key.value for key, _ in self._known_witnesses}

    @property
    def _cosigning(self) -> Cosigning:
        quorum = self.workspace.configuration.witness_quorum
        known = [KnownWitness(key.name, key.value, self._client(url)) for key, url in self._known_witnesses]
        with self._settings_named():
            return Cosigning(known, quorum)

    @property
    def _known_witnesses(self) -> list[tuple[NoteKey, str]]:
        with self._settings_named():
            known = [(parse_vkey(text), url) for text, url in self.workspace.configuration.witnesses.items()]
            if any(key.type is not KeyType.COSIGNATURE for key, _ in known):
                raise MalformedValue("witnesses", "one of the keys is not one that cosigns")
            return known

    def _client(self, url: str) -> HttpWitness:
        with self._settings_named():
            client = HttpWitness(url)
        self.workspace.closing.callback(client.close)
        return client

    @contextmanager
    def _settings_named(self) -> Iterator[None]:
        try:
            yield
        except MalformedValue as problem:
            path = str(self.workspace.home.configuration)
            raise ConfigurationInvalid(path, str(problem).removesuffix(".")) from None
