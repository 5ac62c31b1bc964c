"""Errors of databases that outlive the program that made them."""

from dataclasses import dataclass

from certchain.errors.local import StorageUnavailable

__all__ = ["DatabaseNewer"]


@dataclass(eq=False)
class DatabaseNewer(StorageUnavailable):
    """A newer certchain has upgraded the database, and this one does not know what is in it."""

    sentence = "The database is from a newer certchain: {reason}."
    advice = "Use the certchain that upgraded it, or put back a backup from before; nothing was changed."
