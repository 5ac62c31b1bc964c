"""What every implementation of the storage seam refuses, and how, so that the twins refuse the same."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from certchain.errors import InvalidInput, MalformedValue, RecordExists, StorageUnavailable
from certchain.models.app import AppRecord
from certchain.models.entry import THE_LOG, Subject
from certchain.models.identifier import DeviceId, UserDeviceId, UserId

_FILE_NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,99}")
Permitted = tuple[UserId, UserDeviceId, DeviceId]
MOST = 2**63 - 1
"""The largest number that a database keeps."""
LONGEST_TEXT = 1000
"""The longest text, in bytes of UTF-8. Two of them are a key of PostgreSQL's, which takes no more than 2,700 bytes."""


def file_name(name: str) -> str:
    """Returns the name of a stored file. Raises ``MalformedValue`` for one that ``FileStore`` does not allow."""
    if not _FILE_NAME.fullmatch(name):
        raise MalformedValue("file name", f"{name!r} is not 1 to 100 of a-z 0-9 - _ . without a dot in front")
    return name


def count(name: str, value: int) -> int:
    """Returns an identifier, index or size. Raises ``MalformedValue`` unless it is 0 to 2^63 - 1, as databases do."""
    if not 0 <= value <= MOST:
        raise MalformedValue(name, f"{value} is not 0 to 2^63 - 1")
    return value


def require_texts(*values: str) -> None:
    """Returns when databases keep all of them. Raises ``MalformedValue``: PostgreSQL has no NUL in a text, and no long text in a key."""
    for value in values:
        try:
            length = len(value.encode())
        except UnicodeEncodeError:
            raise MalformedValue("text", f"{value!r} cannot be written in UTF-8") from None
        if "\0" in value:
            raise MalformedValue("text", f"{value[:100]!r} has the character NUL")
        if length > LONGEST_TEXT:
            raise MalformedValue("text", f"it has {length} bytes, more than {LONGEST_TEXT}")


def require_permit(user: UserId, user_device: UserDeviceId, device: DeviceId) -> Permitted:
    """Returns whom a permit is for. Raises ``MalformedValue`` for numbers that no database keeps."""
    count("user", user), count("user device", user_device), count("device", device)
    return user, user_device, device


def require_countable(subject: Subject) -> Subject:
    """Returns a subject with a number that databases keep. Raises ``MalformedValue``."""
    count(subject.kind, subject.number)
    return subject


def require_erasable(subject: Subject) -> Subject:
    """Returns the subject when it is one whose keys may be destroyed. Raises ``MalformedValue`` for the log itself."""
    if subject == THE_LOG:
        raise MalformedValue("subject", "what is recorded about the log itself stays")
    return subject


def require_same_app(known: AppRecord, manifest: AppRecord) -> None:
    """Returns when an app's version is the one that is known. Raises ``RecordExists``."""
    if known.digest != manifest.digest:
        raise RecordExists("app", f"{manifest.app} {manifest.version}")


@contextmanager
def intact(kind: str) -> Iterator[None]:
    """A value that its model refuses was not written here: the file is damaged, or somebody changed it. Raises ``StorageUnavailable``."""
    try:
        yield
    except (InvalidInput, ValueError, TypeError) as problem:
        raise StorageUnavailable(f"a record of the {kind} is damaged") from problem


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turns every ``OSError`` into ``StorageUnavailable``."""
    try:
        yield
    except OSError as problem:
        raise StorageUnavailable(problem.strerror or type(problem).__name__) from problem
