"""What others may import is what ``__all__`` says, and nothing gets there by accident."""

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import certchain

PUBLIC = sorted(
    found.name.removeprefix("certchain.")
    for found in pkgutil.walk_packages(certchain.__path__, "certchain.")
    if found.ispkg and hasattr(importlib.import_module(found.name), "__all__")
)


def surface(name: str) -> ModuleType:
    return importlib.import_module(f"certchain.{name}")


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_exists_once_and_says_what_it_is(name: str) -> None:
    """``__all__`` is sorted, every name in it is there, and every class and function in it has a docstring."""
    module = surface(name)
    assert len(set(module.__all__)) == len(module.__all__)
    for item in (getattr(module, each) for each in module.__all__):
        if inspect.isclass(item) or inspect.isfunction(item):
            assert item.__doc__, f"{name}: {item!r} is not documented"


def defines_nothing(module: ModuleType) -> bool:
    """Whether a package only gathers names from its modules."""
    return not any(getattr(item, "__module__", "") == module.__name__ for item in vars(module).values())


@pytest.mark.parametrize("name", [name for name in PUBLIC if defines_nothing(surface(name))])
def test_a_package_that_gathers_names_shows_no_other(name: str) -> None:
    """Whatever else it has is a submodule, or private."""
    module = surface(name)
    shown = {each for each, item in vars(module).items() if not isinstance(item, ModuleType)}
    assert {each for each in shown if not each.startswith("_")} == set(module.__all__)


def test_packages_that_are_imported_from_say_what_they_show() -> None:
    """The seams, the algorithms, and the roles that are folders."""
    assert {"errors", "keys", "ledger", "ledger.chain", "storage", "channel", "log", "roles.iot_device"} <= set(PUBLIC)


def test_every_module_of_the_package_can_be_imported_and_says_what_it_is() -> None:
    """No module is broken, or without a docstring."""
    for found in pkgutil.walk_packages(certchain.__path__, "certchain."):
        if not found.name.endswith("__main__"):
            assert importlib.import_module(found.name).__doc__, f"{found.name} has no docstring"
