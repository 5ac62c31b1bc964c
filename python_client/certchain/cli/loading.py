"""Commands whose modules are imported when somebody uses them: to import everything would take longer than most commands do."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from typer.core import TyperGroup

PACKAGE = "certchain.cli"


@dataclass(frozen=True, slots=True)
class Part:
    """A noun, or a verb without one: where it is defined (``attribute`` of ``module``), and the modules that add verbs to it."""

    module: str
    attribute: str
    added_by: tuple[str, ...] = ()

    def load(self) -> Any:
        """The noun or the function, complete."""
        for module in self.added_by:
            import_module(f"{PACKAGE}.{module}")
        return getattr(import_module(f"{PACKAGE}.{self.module}"), self.attribute)


@dataclass(slots=True)
class Commands(MutableMapping[str, Any]):
    """The commands of a tree by their names; each is made of its part when it is first looked at."""

    parts: Mapping[str, Callable[[], Any]]
    _made: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self.parts[name]()
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)


def tree(name: str, sentence: str, parts: Mapping[str, Callable[[], Any]]) -> TyperGroup:
    """The tree of these parts, none of which is imported yet."""
    group = TyperGroup(name=name, help=sentence, no_args_is_help=True)
    group.commands = Commands(parts)
    return group
