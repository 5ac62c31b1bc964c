"""The login log of a home folder: where its parts lie, and how they are opened together."""

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
    LogReader,
    PublishedLog,
    Query,
    Retention,
)
from certchain.models.identifier import ServiceId, service_party
from certchain.models.note import KeyType
from certchain.storage import FileStore, LogStore, SqlLogIndex, SqlSubjectKeys, open_log_store
from certchain.verification.statement import Identity

if TYPE_CHECKING:
    from certchain.cli.workspace import Workspace

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

    @cached_property
    def engine(self) -> LogEngine:
        """The log's only writer, with what the last process left undone done. Raises ``LogInUse``, ``LogDamaged``."""
        workspace, settings = self.workspace, self.workspace.configuration
        engine = LogEngine.over(
            store=open_log_store(workspace.home.log / "entries", write=True),
            keys=self.keys,
            files=self._notes,
            ledger=workspace.ledger(CERTIFICATION_SERVER).login_log,
            identity=self._identity,
            clock=workspace.clock,
            cosigning=self._cosigning,
            limits=LogLimits(backlog=settings.log_backlog),
            policy=KeeperPolicy(
                interval=settings.checkpoint_interval, batch=settings.log_batch_size, age=settings.log_batch_age
            ),
            batch_limit=settings.log_batch_size,
        )
        workspace.closing.callback(engine.close)
        return engine

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
    def store(self) -> LogStore:
        """The entries, for who only reads. Raises ``StorageUnavailable`` before the first is written."""
        store = open_log_store(self.workspace.home.log / "entries", write=False)
        self.workspace.closing.callback(store.close)
        return store

    @cached_property
    def reader(self) -> LogReader:
        """The entries opened, for who only reads."""
        return LogReader(self.store, self.keys, self.origin)

    @cached_property
    def retention(self) -> Retention:
        """Holds, erasures and retention."""
        engine = self.engine
        retention = Retention(engine.writer, engine.reader, self.keys, self.index, self.workspace.clock)
        retention.finish()
        return retention

    @property
    def query(self) -> Query:
        """Questions to the log."""
        engine = self.engine
        return Query(engine.reader, engine.store, self.index, engine.publication)

    @property
    def published(self) -> PublishedLog:
        """What everyone may see of the log."""
        return PublishedLog(self.engine.store, self._notes)

    @property
    def _notes(self) -> FileStore:
        return self.workspace.store_in(self.workspace.home.log / "notes")

    @property
    def _identity(self) -> Identity:
        number = self.workspace.records.read(ServiceRecord, CERTIFICATION_SERVER).number
        keys = self.workspace.keyring.service(CERTIFICATION_SERVER)
        return Identity(self.workspace.reader.network, service_party(ServiceId(number)), keys)

    @property
    def _cosigning(self) -> Cosigning:
        settings, path = self.workspace.configuration, str(self.workspace.home.configuration)
        try:
            witnesses = [self._witness(vkey, url) for vkey, url in settings.witnesses.items()]
            return Cosigning(witnesses, settings.witness_quorum)
        except MalformedValue as problem:
            raise ConfigurationInvalid(path, str(problem).removesuffix(".")) from None

    def _witness(self, vkey: str, url: str) -> KnownWitness:
        key = parse_vkey(vkey)
        if key.type is not KeyType.COSIGNATURE:
            raise MalformedValue("witnesses", f"the key of {key.name} is not one that cosigns")
        client = HttpWitness(url)
        self.workspace.closing.callback(client.close)
        return KnownWitness(key.name, key.value, client)
