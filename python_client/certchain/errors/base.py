"""The families of errors and what they share."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, ClassVar


class CertchainError(Exception):
    """The root of the tree. A subclass is a dataclass whose fields are the offending values.

    ``sentence`` is a format string over the fields; ``advice`` says in one sentence what to do about it.
    """

    sentence: ClassVar[str]
    advice: ClassVar[str]
    exit_code: ClassVar[int]
    contract_error: ClassVar[str | None] = None

    def __str__(self) -> str:
        return self.sentence.format_map(vars(self))

    def values(self) -> dict[str, Any]:
        """The offending values by name, as they cross a channel or appear in ``--json`` output."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(self.values().values())


class Unavailable(CertchainError):
    """Something that is needed did not answer. Nothing is wrong with what was asked: try again."""

    advice = "Try again; what was asked is kept and is not done twice."
    exit_code = 69  # EX_UNAVAILABLE


class NotAuthorised(CertchainError):
    """The caller may not do this."""

    advice = "Ask the authority for the role, or use the account that holds it."
    exit_code = 77  # EX_NOPERM


class InvalidInput(CertchainError):
    """What was asked cannot be done as asked."""

    advice = "Correct the value and ask again."
    exit_code = 65  # EX_DATAERR


class VerificationFailed(CertchainError):
    """Something is not what it claims to be."""

    advice = "Do not trust it; keep it as evidence and report it."
    exit_code = 76  # EX_PROTOCOL


class SettingsError(CertchainError):
    """The configuration, the home folder or the installation is not usable."""

    advice = "Mend the settings that the message names."
    exit_code = 78  # EX_CONFIG


def error_classes() -> dict[str, type[CertchainError]]:
    """Every concrete error class by its name; the families are not among them."""
    return {cls.__name__: cls for cls in _descendants(CertchainError) if "sentence" in vars(cls)}


def _descendants(cls: type[CertchainError]) -> Iterator[type[CertchainError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
