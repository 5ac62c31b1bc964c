"""Imports inside the package point one way only: down the list of layers."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "python_client" / "certchain"

LAYERS = (
    {"__main__"},
    {"cli", "console"},
    {"services"},
    {"roles"},
    {"log"},
    {"verification"},
    {"ledger", "storage", "channel"},
    {"merkle", "sharing", "keys"},
    {"encoding"},
    {"models", "errors", "config"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
# Values may refer to one another, in this order: models raise errors.
ALLOWED_SIDEWAYS = {("models", "errors"), ("config", "errors"), ("config", "models")}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path: Path) -> set[tuple[str, ...]]:
    """The certchain modules that a file imports, wherever in the file, as tuples of names below the package."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {tuple(name.split(".")[1:]) for name in names if name.startswith("certchain.")}
    return found


def place(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


@pytest.mark.parametrize("path", modules(), ids=lambda path: "/".join(place(path)))
def test_a_module_imports_only_from_layers_below_its_own(path: Path) -> None:
    """No import goes up, and none sideways to another package of the same layer."""
    here = place(path)[0]
    for target in imported(path):
        there = target[0]
        if there == here or (here, there) in ALLOWED_SIDEWAYS or there not in LEVEL:
            continue
        assert LEVEL[here] < LEVEL[there], f"{'.'.join(place(path))} imports {'.'.join(target)}"


def test_every_part_of_the_package_has_a_layer() -> None:
    """A new part of the package has to be given its place."""
    parts = {place(path)[0] for path in modules()}
    assert parts <= set(LEVEL)


def test_roles_never_import_one_another() -> None:
    """What two roles share lies below them; between them there are only messages."""
    for path in modules():
        if place(path)[0] != "roles" or len(place(path)) < 2 or place(path)[1] == "__init__":
            continue
        others = {target[1] for target in imported(path) if target[0] == "roles" and len(target) > 1}
        assert others <= {place(path)[1]}, f"{place(path)[1]} imports {others}"
