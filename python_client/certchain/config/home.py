"""The home folder: where everything that certchain keeps on this machine has its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "CERTCHAIN_HOME"
DEFAULT_FOLDER = "~/.certchain"


@dataclass(frozen=True, slots=True)
class Home:
    """One home folder. It belongs to one deployment; nothing in it is made until it is needed.

    ``account`` is the encrypted keystore of a role's Ethereum account, ``key_file`` the encrypted keys of a service. Each IoT device, user
    device, user and product has a folder of its own under its kind and name, with what is known of it and what it keeps.
    """

    folder: Path

    @property
    def configuration(self) -> Path:
        return self.folder / "config.toml"

    @property
    def deployment(self) -> Path:
        return self.folder / "deployment.json"

    @property
    def ca(self) -> Path:
        """The certificate of the network's CA (DER), in a home that has joined."""
        return self.folder / "ca.der"

    @property
    def management_database(self) -> Path:
        return self.folder / "management.sqlite"

    @property
    def log(self) -> Path:
        """The login log: its entries, the keys of those whom they are about, an index, and what was signed."""
        return self.folder / "log"

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

    @property
    def outbox(self) -> Path:
        """What was sent to the chain and is not known to have arrived."""
        return self.folder / "outbox"

    def store(self, role: str) -> Path:
        """The files of a role that there is one of, as the update server's packages."""
        return self.folder / role


def find_home(environment: Mapping[str, str]) -> Home:
    """``CERTCHAIN_HOME``, or ``~/.certchain``."""
    return Home(Path(environment.get(HOME_VARIABLE) or DEFAULT_FOLDER).expanduser())
