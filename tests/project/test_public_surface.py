"""What others may import is what ``__all__`` says, and nothing gets there by accident."""

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import certchain

PUBLIC = ("errors", "keys", "ledger", "ledger.chain", "storage", "channel", "log", "roles.iot_device")
PUBLIC += ("roles.user_device", "roles.certification_server")


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


@pytest.mark.parametrize("name", PUBLIC)
def test_a_package_shows_nothing_that_all_does_not_name(name: str) -> None:
    """Whatever else a package has is a submodule, or private."""
    module = surface(name)
    shown = {
        each for each, item in vars(module).items() if not each.startswith("_") and not isinstance(item, ModuleType)
    }
    assert shown == set(module.__all__)


def test_every_module_of_the_package_can_be_imported_and_says_what_it_is() -> None:
    """No module is broken, or without a docstring."""
    for found in pkgutil.walk_packages(certchain.__path__, "certchain."):
        if not found.name.endswith("__main__"):
            assert importlib.import_module(found.name).__doc__, f"{found.name} has no docstring"
