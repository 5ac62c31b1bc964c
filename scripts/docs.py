"""Writes the parts of docs/ that the code owns; with --check, fails when they differ from what stands there.

docs/errors.md comes from ``certchain.errors``, docs/permissions.md from the table of roles and functions.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from certchain.errors import (
    CertchainError,
    InvalidInput,
    NotAuthorised,
    SettingsError,
    Unavailable,
    VerificationFailed,
    error_classes,
)
from certchain.ledger.permission import permission_table

DOCS = Path(__file__).parent.parent / "docs"
FAMILIES = (Unavailable, NotAuthorised, InvalidInput, VerificationFailed, SettingsError)


def errors_page() -> str:
    """docs/errors.md: a table a family, a row an error."""
    lines = [
        "# Errors",
        "",
        "Written by `scripts/docs.py` from `certchain.errors`; change it there.",
        "",
        "An error's family says what the caller should do, and is the exit code of the command line. Where an error has a counterpart in a",
        "contract, the values are the same, in the same order.",
    ]
    for family in FAMILIES:
        lines += ["", f"## {family.__name__}", "", f"{_first_line(family)} Exit code {family.exit_code}.", ""]
        lines += ["| error | when | says | advice | contract error |", "| --- | --- | --- | --- | --- |"]
        lines += [_error_row(error) for error in _members(family)]
    return "\n".join(lines) + "\n"


def permissions_page() -> str:
    """docs/permissions.md: a row a function, a column a role."""
    table = permission_table()
    roles = list(table.roles)
    lines = [
        "# Permissions",
        "",
        "Written by `scripts/docs.py` from `certchain/ledger/permissions.toml`; change it there. The deployment gives this table to the",
        "network's AccessManager. Every function that is not named here is a view, which anyone may call.",
        "",
        "| function | " + " | ".join(roles) + " |",
        "| --- |" + " :-: |" * len(roles),
    ]
    for contract, functions in table.functions.items():
        for function, role in functions.items():
            marks = " | ".join("●" if role == column else "" for column in roles)
            lines.append(f"| `{contract}.{function}` | {marks} |")
    return "\n".join(lines) + "\n"


def _members(family: type[CertchainError]) -> Iterable[type[CertchainError]]:
    return (error for _, error in sorted(error_classes().items()) if issubclass(error, family))


def _error_row(error: type[CertchainError]) -> str:
    cells = (
        f"`{error.__name__}`",
        _first_line(error),
        error.sentence,
        error.advice,
        f"`{error.contract_error}`" if error.contract_error else "",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0]


PAGES = {"errors.md": errors_page, "permissions.md": permissions_page}


def main() -> int:
    """Writes or checks every page; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, page in PAGES.items():
        path = DOCS / name
        if not path.exists() or path.read_text() != page():
            stale.append(name)
            if not check:
                path.write_text(page())
    if check and stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make docs`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
