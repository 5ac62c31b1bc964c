"""Models as readable files: JSON with one spelling, so that a file whose bytes differ anywhere is another file.

An object a dataclass, in the order of its fields; bytes in hex, a digest as ``sha-256:<hex>``; two spaces a level, ASCII, and a line
end at the end.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from cattrs import Converter

from certchain.encoding.kind import register_kinds
from certchain.encoding.message import exactly, stands_for
from certchain.errors import MalformedMessage
from certchain.models.digest import Digest

Model = TypeVar("Model")

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DEEPEST = 100


def to_document(model: object) -> bytes:
    """A model as the bytes of a JSON file."""
    return (json.dumps(_converter().unstructure(model), indent=2) + "\n").encode("ascii")


def from_document(model: type[Model], data: bytes) -> Model:
    """Reads ``model`` from what ``to_document`` wrote, to the byte. Raises ``MalformedMessage`` for anything else."""
    return _read(model, data, to_document, "JSON")


def to_plain(model: object) -> Any:
    """A model as the values that JSON has."""
    return _converter().unstructure(model)


def from_plain(model: type[Model], value: Any) -> Model:
    """Reads ``model`` from what ``to_plain`` gave; raises whatever its converter or constructor makes of other values."""
    return _converter().structure(value, model)


def to_line(model: object) -> bytes:
    """A model as one line of a file that has a model a line, and is read a line at a time."""
    return (json.dumps(_converter().unstructure(model), separators=(",", ":")) + "\n").encode("ascii")


def from_line(model: type[Model], data: bytes) -> Model:
    """Reads ``model`` from what ``to_line`` wrote, to the byte. Raises ``MalformedMessage`` for anything else."""
    return _read(model, data, to_line, "a line of JSON")


def _read(model: type[Model], data: bytes, write: Callable[[object], bytes], called: str) -> Model:
    try:
        _require_shallow(data)
        value = _converter().structure(json.loads(data), model)
        same = write(value) == data
    except Exception as problem:  # whatever json, cattrs or a model's constructor makes of hostile bytes
        raise MalformedMessage(f"not a {model.__name__} as {called}") from problem
    if not same:
        raise MalformedMessage(f"not a {model.__name__} in its one spelling")
    return value


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for basic in (int, str, bool):
        converter.register_structure_hook_func(stands_for(basic), exactly(basic))
    converter.register_structure_hook(bytes, _from_hex)
    converter.register_unstructure_hook(bytes, bytes.hex)
    converter.register_structure_hook(Digest, lambda text, _: Digest.parse(text))
    converter.register_unstructure_hook(Digest, str)
    register_kinds(converter)
    return converter


def _require_shallow(data: bytes) -> None:
    """Raises ``MalformedMessage`` for brackets within brackets without end.

    The standard library's reader recurses with each of them, as deep as the interpreter allows; and libraries that raise that limit
    for the whole process (an EVM in Python does) turn it into a crash.
    """
    depth = 0
    for bracket in _TEXT.sub(b"", data).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > _DEEPEST:
            raise MalformedMessage("it has brackets within brackets without end")


def _from_hex(text: Any, _: Any) -> bytes:
    return bytes.fromhex(text)
