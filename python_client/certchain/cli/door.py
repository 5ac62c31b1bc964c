"""What the command line's IoT devices control: the bolt of a door, whose place survives a restart."""

from dataclasses import dataclass

from certchain.errors import CommandRefused
from certchain.storage import FileStore
from certchain.storage.kept import keep, kept_or_none

_FILE = "bolt"
LOCK, UNLOCK, STATUS = b"lock", b"unlock", b"status"


@dataclass(frozen=True, slots=True)
class Bolt:
    """Where the bolt is."""

    locked: bool = True


@dataclass(frozen=True, slots=True)
class Door:
    """A door that obeys `lock`, `unlock` and `status`."""

    store: FileStore

    def execute(self, command: bytes) -> bytes:
        """Carries a command out and says how the door is then. Raises ``CommandRefused`` for one that the door does not know."""
        if command not in {LOCK, UNLOCK, STATUS}:
            raise CommandRefused("the door knows lock, unlock and status")
        if command != STATUS:
            keep(self.store, _FILE, Bolt(locked=command == LOCK))
        bolt = kept_or_none(self.store, _FILE, Bolt) or Bolt()
        return b"locked" if bolt.locked else b"unlocked"
