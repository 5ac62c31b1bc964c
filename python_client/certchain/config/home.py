"""The home folder: where everything that certchain keeps on this machine has its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "CERTCHAIN_HOME"
DEFAULT_FOLDER = "~/.certchain"


@dataclass(frozen=True, slots=True)
class Home:
    """One home folder. It belongs to one deployment; nothing in it is made until it is needed.

    ``accounts`` holds the encrypted Ethereum keystores, ``key_file`` the encrypted keys of a service; each IoT device and user device
    has a folder of its own for keys, store and record; ``outbox`` keeps what was sent to the chain and not yet confirmed.
    """

    folder: Path

    @property
    def configuration(self) -> Path:
        return self.folder / "config.toml"

    @property
    def deployment(self) -> Path:
        return self.folder / "deployment.json"

    @property
    def management_database(self) -> Path:
        return self.folder / "management.sqlite"

    @property
    def trouble(self) -> Path:
        """Where the traceback of an unexpected error goes."""
        return self.folder / "trouble.log"

    @property
    def running_node(self) -> Path:
        """The address of the node that `certchain node` runs, while it runs."""
        return self.folder / "node" / "running.toml"

    def node(self, engine: str) -> Path:
        return self.folder / "node" / engine

    def account(self, name: str) -> Path:
        return self.folder / "keys" / f"{name}.account.json"

    def key_file(self, name: str) -> Path:
        return self.folder / "keys" / f"{name}.key"

    def outbox(self, account: str) -> Path:
        return self.folder / "outbox" / account

    def parties(self, kind: str) -> Path:
        """The folders of every party of a kind, each under its name."""
        return self.folder / kind

    def party(self, kind: str, name: str) -> Path:
        return self.parties(kind) / name

    def store(self, role: str) -> Path:
        """The files of a role that there is one of, as the update server's packages."""
        return self.folder / role


def find_home(environment: Mapping[str, str]) -> Home:
    """``CERTCHAIN_HOME``, or ``~/.certchain``."""
    return Home(Path(environment.get(HOME_VARIABLE) or DEFAULT_FOLDER).expanduser())
