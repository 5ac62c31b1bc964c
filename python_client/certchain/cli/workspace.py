"""What a command works with: the home folder, its settings, its keys and records, and the network that it belongs to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from eth_account import Account

from certchain.cli.home_log import HomeLog
from certchain.cli.keyring import Keyring
from certchain.cli.network import Network, NetworkOpener, open_chain
from certchain.cli.output import Output
from certchain.cli.record import Records
from certchain.cli.secret import database_password, read_passphrase
from certchain.config import Clock, Configuration, Home, SystemClock, read_configuration
from certchain.config.file import make_folder
from certchain.config.lock import held
from certchain.errors import StorageUnavailable
from certchain.ledger import Ledger
from certchain.storage import DirectoryFileStore, FileStore, SqlManagementDatabase, SqlShareStore
from certchain.storage.server import with_password

_LOCK = ".lock"
_PATIENCE = 10.0


@dataclass
class Workspace:
    """One home folder, open for one command. Everything in it is opened when it is first needed, and closed with it."""

    home: Home
    output: Output
    open_network: NetworkOpener
    clock: Clock = field(default_factory=SystemClock)
    closing: ExitStack = field(default_factory=ExitStack)
    ask_passphrase: Callable[[bool], str] = read_passphrase
    known_as: Sequence[str] = ()
    """The addresses and DNS names at which a service of this home is reached."""
    _stores: dict[Path, FileStore] = field(default_factory=dict)

    @cached_property
    def configuration(self) -> Configuration:
        """The settings. Raises ``ConfigurationInvalid``."""
        return read_configuration(self.home.configuration)

    @cached_property
    def network(self) -> Network:
        """The chain that the configuration names."""
        return self.open_network(self.home, self.configuration, self.closing)

    @cached_property
    def keyring(self) -> Keyring:
        """The keys of this home."""
        return Keyring(self.home, self.configuration, self.ask_passphrase)

    @cached_property
    def records(self) -> Records:
        """What this home knows of parties by their names."""
        return Records(self.home.folder)

    @cached_property
    def reader(self) -> Ledger:
        """The ledger for whoever only reads: an account of the moment, which holds no role."""
        return self.network.ledger(Account.create())

    @cached_property
    def database_location(self) -> Path | str:
        """Where the certification server's databases are: a file of this home, or a server's URL. Raises ``MalformedValue``."""
        url, password = self.configuration.database, database_password()
        return self.home.management_database if not url else with_password(url, password) if password else url

    @cached_property
    def database(self) -> SqlManagementDatabase:
        """The management database. Raises ``StorageUnavailable``."""
        database = SqlManagementDatabase(self.database_location)
        self.closing.callback(database.close)
        return database

    @cached_property
    def shares(self) -> SqlShareStore:
        """The shares that the certification server keeps itself, beside the management database. Raises ``StorageUnavailable``."""
        shares = SqlShareStore(self.database_location)
        self.closing.callback(shares.close)
        return shares

    @cached_property
    def log(self) -> HomeLog:
        """The login log, which has one writer."""
        return HomeLog(self)

    def alone_in(self, folder: Path) -> None:
        """From here to the end of the command, when everything is closed, no other works in the folder. Raises ``StorageUnavailable``."""
        self.closing.enter_context(held_alone(folder))

    def ledger(self, role: str) -> Ledger:
        """The ledger for the account of a role. Raises ``KeyFileUnreadable``, and what ``Network.ledger`` raises."""
        return self.network.ledger(self.keyring.account(role))

    def store(self, role: str) -> FileStore:
        """The files of a role. Raises ``StorageUnavailable``."""
        return self.store_in(self.home.store(role))

    def store_in(self, folder: Path) -> FileStore:
        """The files of a folder, by one store, since a second one would tidy up behind the first. Raises ``StorageUnavailable``."""
        if folder not in self._stores:
            self._stores[folder] = DirectoryFileStore(folder)
        return self._stores[folder]


@contextmanager
def held_home(home: Home) -> Iterator[None]:
    """While within, no other command that holds the home folder works there: roles expect to be alone with their stores.

    Makes the folder. Raises ``StorageUnavailable``, also when another command does not end in time.
    """
    with held_alone(home.folder):
        yield


@contextmanager
def held_alone(folder: Path) -> Iterator[None]:
    """The same for any folder that one process at a time may work in."""
    with ExitStack() as lock:
        try:
            make_folder(folder)
            lock.enter_context(held(folder / _LOCK, _PATIENCE))
        except TimeoutError:
            raise StorageUnavailable(f"another command is at work in {folder}") from None
        except OSError as problem:
            raise StorageUnavailable(str(problem)) from problem
        yield


Opener = Callable[[Home, Output], AbstractContextManager[Workspace]]


def opener(open_network: NetworkOpener) -> Opener:
    """How commands open their workspace, on networks of one kind."""

    @contextmanager
    def open_workspace(home: Home, output: Output) -> Iterator[Workspace]:
        with ExitStack() as closing:
            yield Workspace(home, output, open_network, closing=closing)

    return open_workspace


open_workspace = opener(open_chain)
"""Workspaces on real chains."""
