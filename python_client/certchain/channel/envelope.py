"""What crosses a channel: one model, or one error, with its type's name. Every transport uses these bytes.

An error crosses as its class name and its values, and is raised again as the same class. What is not in
``certchain.models``, or must not leave its holder, does not cross.
"""

import inspect
from dataclasses import dataclass, is_dataclass
from enum import StrEnum
from functools import cache
from types import ModuleType
from typing import TypeVar

from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import CertchainError, MalformedMessage, error_classes
from certchain.models import (
    application,
    certification,
    custody,
    delivery,
    digest,
    enrolment,
    identifier,
    log,
    registration,
    update,
)

_SUBJECTS = (application, certification, custody, delivery, digest, enrolment, identifier, log, registration, update)
_KEPT = (application.RegistrationHash, application.KeyData, custody.KeyShare, custody.KeptShare, delivery.SubmittedPair)

Answer = TypeVar("Answer")


class EnvelopeKind(StrEnum):
    """What an envelope holds."""

    MESSAGE = "message"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The name of a class, and its fields as deterministic CBOR."""

    kind: EnvelopeKind
    type: str
    body: bytes


def encode_message(message: object) -> bytes:
    """A model, as it crosses. Raises ``MalformedMessage`` for what is no model, or is one that must not cross."""
    name = type(message).__name__
    if _models().get(name) is not type(message):
        raise MalformedMessage(f"a {name} does not cross a channel")
    return to_cbor(Envelope(EnvelopeKind.MESSAGE, name, to_cbor(message)))


def encode_error(error: CertchainError) -> bytes:
    """A refusal, as it crosses."""
    return to_cbor(Envelope(EnvelopeKind.ERROR, type(error).__name__, to_cbor(error)))


def decode_message(data: bytes) -> object:
    """The model that crossed. Raises the error instead, if it was one; ``MalformedMessage`` for anything else."""
    envelope = from_cbor(Envelope, data)
    if envelope.kind is EnvelopeKind.ERROR:
        raise _decoded(error_classes(), envelope)
    return _decoded(_models(), envelope)


def decode_answer(data: bytes, answer: type[Answer]) -> Answer:
    """The same, when only one type of answer will do."""
    message = decode_message(data)
    if not isinstance(message, answer):
        raise MalformedMessage(f"a {type(message).__name__} came where a {answer.__name__} was expected")
    return message


def is_message(name: str) -> bool:
    """Whether a model of this name crosses a channel."""
    return name in _models()


def _decoded(classes: dict[str, type[Answer]], envelope: Envelope) -> Answer:
    cls = classes.get(envelope.type)
    if cls is None:
        raise MalformedMessage(f"{envelope.type!r} is no {envelope.kind} that crosses a channel")
    return from_cbor(cls, envelope.body)


@cache
def _models() -> dict[str, type]:
    return {cls.__name__: cls for subject in _SUBJECTS for cls in _dataclasses(subject) if cls not in _KEPT}


def _dataclasses(module: ModuleType) -> list[type]:
    return [cls for _, cls in inspect.getmembers(module, inspect.isclass) if is_dataclass(cls)]
