"""Where secrets come from: the environment, a file, or a question on the terminal; never the command line."""

import os
import sys
from getpass import getpass
from pathlib import Path

from certchain.errors import SecretMissing, StorageUnavailable

PASSPHRASE_VARIABLE = "CERTCHAIN_PASSPHRASE"  # noqa: S105 - the variable's name
DATABASE_VARIABLE = "CERTCHAIN_DATABASE_PASSWORD"
SECRET_VARIABLE = "CERTCHAIN_SECRET"  # noqa: S105 - the variable's name


def read_passphrase(new: bool = False) -> str:
    """The passphrase of this home's key files; a ``new`` one is asked for twice. Raises ``SecretMissing``."""
    return os.environ.get(PASSPHRASE_VARIABLE) or _ask("passphrase of the key files", PASSPHRASE_VARIABLE, new)


def database_password() -> str:
    """The password of the database's server; none is asked for, since a server may need none."""
    return os.environ.get(DATABASE_VARIABLE, "")


def read_user_secret(file: Path | None, new: bool = False) -> str:
    """The user's secret: from a file (without the line's end), the environment or the terminal.

    Raises ``SecretMissing``, and ``StorageUnavailable`` for a file that cannot be read.
    """
    if file is None:
        return os.environ.get(SECRET_VARIABLE) or _ask("user's secret", SECRET_VARIABLE, new)
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise StorageUnavailable(str(problem)) from problem


def _ask(what: str, variable: str, new: bool) -> str:
    if not sys.stdin.isatty():
        raise SecretMissing(what, variable)
    answer = getpass(f"The {what}: ")
    if not answer or (new and getpass("The same again: ") != answer):
        raise SecretMissing(what, variable)
    return answer
