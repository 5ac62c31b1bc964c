"""The device's two slots for firmware, and the pointer to the one that runs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from certchain.encoding.digest import package_digest
from certchain.errors import CorruptedPackage, UnknownRecord
from certchain.models.certification import Signed
from certchain.models.delivery import InstalledPackage
from certchain.models.digest import Digest
from certchain.storage import FileStore
from certchain.storage.kept import keep, kept_or_none
from certchain.verification.update import verify_data

_POINTER = "installed"


class Slot(StrEnum):
    """The two places for firmware, by their files' names: one runs, the other takes what comes next."""

    A = "slot-a"
    B = "slot-b"


@dataclass(frozen=True, slots=True)
class Installation:
    """The pointer: which slot runs, what is in it, the receipt for it, and whether the update server has that receipt."""

    slot: Slot
    package: InstalledPackage
    receipt: Signed
    reported: bool


@dataclass(frozen=True, slots=True)
class Firmware:
    """Two slots and a pointer, in a file store.

    The pointer is written last and replaces the one before whole: a device whose power fails at any moment runs the old package or the
    new one, and nothing else.
    """

    store: FileStore

    def running(self) -> Installation | None:
        """What runs, or ``None`` before the first installation."""
        return kept_or_none(self.store, _POINTER, Installation)

    def free_slot(self) -> Slot:
        """The slot that does not run."""
        running = self.running()
        return Slot.B if running is not None and running.slot is Slot.A else Slot.A

    def fill(self, slot: Slot, data: Iterable[bytes]) -> None:
        """Puts data into a slot, whole or not at all."""
        self.store.write(slot, data)

    def empty(self, slot: Slot) -> None:
        """Leaves nothing of a refused package behind."""
        try:
            self.store.remove(slot)
        except UnknownRecord:
            return

    def digest(self, slot: Slot, pkg_id: Digest, length: int) -> Digest:
        """A7: H(PkgID ‖ Data) of what is really in the slot."""
        digest, _ = package_digest(pkg_id, length, self.store.read(slot))
        return digest

    def switch(self, slot: Slot, package: InstalledPackage, receipt: Signed) -> None:
        """A11: from now on this slot runs."""
        keep(self.store, _POINTER, Installation(slot, package, receipt, reported=False))

    def mark_reported(self, installation: Installation) -> None:
        """The update server has the receipt."""
        keep(self.store, _POINTER, replace(installation, reported=True))

    def boot(self) -> InstalledPackage | None:
        """Compares the slot that runs with what was installed, as a loader does. Raises ``CorruptedPackage``."""
        running = self.running()
        if running is None:
            return None
        package = running.package
        try:
            digest = self.digest(running.slot, package.pkg_id, package.length)
        except UnknownRecord as problem:
            raise CorruptedPackage("boot", "its slot is empty") from problem
        verify_data("boot", digest, package.digest)
        return package
