"""Models as bytes: deterministic CBOR (RFC 8949, section 4.2), one map a dataclass, keyed by field name.

Reading is strict: bytes that are not exactly what writing would have produced are refused, so a message has one
encoding and a signature over it means one thing.
"""

import io
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import cbor2
from cattrs import Converter

from certchain.encoding.kind import register_kinds
from certchain.errors import MalformedMessage, MalformedValue

Model = TypeVar("Model")

_LONGEST_CAUSE = 200


def to_cbor(model: object) -> bytes:
    """A model (a frozen dataclass, or a tuple or basic value of a model) as deterministic CBOR.

    Raises ``MalformedValue`` for a text that is not Unicode, which no bytes can stand for.
    """
    try:
        # cbor2 sorts keys by length first; for keys that are all texts, that is the order of RFC 8949.
        return cbor2.dumps(_converter().unstructure(model), canonical=True)
    except UnicodeEncodeError:
        raise MalformedValue(type(model).__name__, "a text cannot be written in UTF-8") from None


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
    register_kinds(converter)
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
            # The value itself stays out of the error: it may be secret, or as long as a stranger likes.
            raise TypeError(f"a {type(value).__name__} stands where a {basic.__name__} should")
        return value

    return structure


def _first_cause(problem: BaseException) -> str:
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    try:
        said = str(problem)
    except TypeError:  # cattrs sorts the keys that it does not know; a stranger's may be of types that have no order
        said = ""
    return said[:_LONGEST_CAUSE] or type(problem).__name__
