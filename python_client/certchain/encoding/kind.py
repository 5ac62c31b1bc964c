"""The kinds of entry, and how a kind stands in an entry: as the field ``kind`` beside its own. The only place that knows."""

from collections.abc import Callable
from typing import Any

from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from certchain.models.entry import (
    AppEntry,
    ErasureEntry,
    HoldEntry,
    LogEntry,
    LoginEntry,
    LostKeyEntry,
    ReleaseEntry,
    RetentionEntry,
    UnlockEntry,
)

KIND = "kind"
KINDS: dict[str, type[LogEntry]] = {
    "login": LoginEntry,
    "hold": HoldEntry,
    "release": ReleaseEntry,
    "erasure": ErasureEntry,
    "retention": RetentionEntry,
    "unlock": UnlockEntry,
    "lost-key": LostKeyEntry,
    "app": AppEntry,
}
KIND_OF = {model: kind for kind, model in KINDS.items()}


def register_kinds(converter: Converter) -> None:
    """Has a converter write every entry with its kind, and read it by that."""
    readers = {kind: _register(converter, kind, model) for kind, model in KINDS.items()}

    def read(value: Any, _: Any) -> Any:
        return readers[value[KIND]](value)

    converter.register_structure_hook(LogEntry, read)
    converter.register_structure_hook(LogEntry | None, lambda value, _: None if value is None else read(value, _))


def _register(converter: Converter, kind: str, model: type[LogEntry]) -> Callable[[Any], Any]:
    write_fields = make_dict_unstructure_fn(model, converter)
    read_fields = make_dict_structure_fn(model, converter, _cattrs_forbid_extra_keys=True)

    def write(entry: Any) -> dict[str, Any]:
        return {KIND: kind, **write_fields(entry)}

    def read(value: Any, _: Any = None) -> Any:
        if value[KIND] != kind:
            raise ValueError(f"its kind is not {kind}")
        return read_fields({name: field for name, field in value.items() if name != KIND}, model)

    converter.register_unstructure_hook(model, write)
    converter.register_structure_hook(model, read)
    return read
