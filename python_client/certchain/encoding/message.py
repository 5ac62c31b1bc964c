"""Models as bytes: deterministic CBOR (RFC 8949, section 4.2), one map a dataclass, keyed by field name.

Reading is strict: a byte string that is not exactly what writing would have produced is refused, so a message has one encoding and a
signature over it means one thing.
"""

import io
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import cbor2
from cattrs import Converter

from certchain.errors import MalformedMessage

Model = TypeVar("Model")


def to_cbor(model: object) -> bytes:
    """A model (a frozen dataclass, or a tuple or basic value of a model) as deterministic CBOR."""
    return cbor2.dumps(_converter().unstructure(model), canonical=True)


def from_cbor(model: type[Model], data: bytes) -> Model:
    """Reads ``model`` from what ``to_cbor`` wrote. Raises ``MalformedMessage`` for anything else."""
    try:
        stream = io.BytesIO(data)
        value = _converter().structure(cbor2.load(stream), model)
    except Exception as problem:  # whatever cbor2 or a model's constructor makes of hostile bytes
        raise MalformedMessage(f"not a {model.__name__}: {_first_cause(problem)}") from problem
    if stream.read(1) or to_cbor(value) != data:
        raise MalformedMessage(f"not the deterministic encoding of a {model.__name__}")
    return value


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for basic in (int, str, bytes, bool):
        converter.register_structure_hook_func(stands_for(basic), exactly(basic))
    return converter


def stands_for(basic: type) -> Callable[[Any], bool]:
    """Whether a type is ``basic`` or a NewType of it."""

    def matches(kind: Any) -> bool:
        while hasattr(kind, "__supertype__"):
            kind = kind.__supertype__
        return kind is basic

    return matches


def exactly(basic: type) -> Callable[[Any, Any], Any]:
    """To cattrs ``True`` or ``"5"`` would do as a number; here a value has the type that it was written with."""

    def structure(value: Any, _: Any) -> Any:
        if type(value) is not basic:
            raise TypeError(f"{value!r} is not of type {basic.__name__}")
        return value

    return structure


def _first_cause(problem: BaseException) -> str:
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return str(problem) or type(problem).__name__
