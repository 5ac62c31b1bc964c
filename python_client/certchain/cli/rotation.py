"""Fresh keys for a party: made beside the ones in use, put in force on the chain, and only then in their place."""

from pathlib import Path

from certchain.cli.enrolling import CERTIFICATE, PARTY_KEYS, TLS_KEY
from certchain.cli.workspace import Workspace
from certchain.errors import StorageUnavailable
from certchain.keys import KeyPair

_TAKEN = (TLS_KEY, PARTY_KEYS, CERTIFICATE)
"""What a party has of its own, in the order in which it is replaced: the certificate last, so that one left here says what to finish."""


def fresh_folder(folder: Path) -> Path:
    """Where a party's fresh keys wait, beside those in use."""
    return folder / "fresh"


def fresh_pair(workspace: Workspace, folder: Path) -> KeyPair:
    """The keys that are to come: those that an interrupted rotation has left, or new ones."""
    return workspace.keyring.made_pair(fresh_folder(folder) / PARTY_KEYS)


def is_certified(folder: Path) -> bool:
    """Whether the fresh keys have their certificate already: then nothing is left to do but to take them."""
    return (fresh_folder(folder) / CERTIFICATE).exists()


def take_fresh_pair(folder: Path) -> None:
    """From now on the party uses the fresh keys, with their certificate if they have one.

    Safe to repeat after an interruption, while ``is_certified``. Raises ``StorageUnavailable``.
    """
    fresh = fresh_folder(folder)
    waiting = [name for name in _TAKEN if (fresh / name).exists()]
    if not waiting:
        raise StorageUnavailable(f"there are no fresh keys in {fresh}")
    try:
        for name in waiting:
            (fresh / name).replace(folder / name)
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem
