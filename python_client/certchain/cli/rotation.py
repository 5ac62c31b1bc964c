"""Fresh keys for a party: made beside the ones in use, put in force on the chain, and only then in their place."""

from pathlib import Path

from certchain.cli.enrolling import PARTY_KEYS
from certchain.cli.workspace import Workspace
from certchain.errors import StorageUnavailable
from certchain.keys import KeyPair

_FRESH = "fresh.key"


def fresh_pair(workspace: Workspace, folder: Path) -> KeyPair:
    """The keys that are to come: those that an interrupted rotation has left, or new ones."""
    return workspace.keyring.made_pair(folder / _FRESH)


def take_fresh_pair(folder: Path) -> None:
    """From now on the party uses the fresh keys. Raises ``StorageUnavailable``."""
    try:
        (folder / _FRESH).replace(folder / PARTY_KEYS)
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem
