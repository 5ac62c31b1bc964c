"""Models kept as files of a ``FileStore``: what a role has to know again after a restart."""

from typing import TypeVar

from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import UnknownRecord
from certchain.storage.interface import FileStore

Model = TypeVar("Model")


def keep(store: FileStore, name: str, model: object) -> None:
    """Replaces the file by this model; durable when it returns."""
    store.write(name, (to_cbor(model),))


def kept(store: FileStore, name: str, model: type[Model]) -> Model:
    """What was kept under the name. Raises ``UnknownRecord``; ``MalformedMessage`` if it is something else."""
    return from_cbor(model, b"".join(store.read(name)))


def kept_or_none(store: FileStore, name: str, model: type[Model]) -> Model | None:
    """What was kept under the name, or ``None`` when nothing was."""
    try:
        return kept(store, name, model)
    except UnknownRecord:
        return None
