"""One network of each kind and mode for all the tests of the ledger: deploying is what takes time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from certchain.models.log import LogMode
from tests.world import KINDS, World
from tests.world import world as network

Opener = Callable[[str, LogMode], World]


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    """Opens a network when it is first asked for."""
    with ExitStack() as closing:
        yield cache(lambda kind, mode: closing.enter_context(network(kind, tmp_path_factory.mktemp(kind), mode)))


@pytest.fixture(scope="session", params=KINDS)
def world(request: pytest.FixtureRequest, opened: Opener) -> World:
    """The people and their ledgers, with a recorded login log."""
    return opened(request.param, LogMode.RECORDED)


@pytest.fixture(scope="session", params=KINDS)
def anchored(request: pytest.FixtureRequest, opened: Opener) -> World:
    """The people and their ledgers, with an anchored login log."""
    return opened(request.param, LogMode.ANCHORED)


@pytest.fixture(scope="session", params=[(kind, mode) for kind in KINDS for mode in LogMode], ids="-".join)
def either(request: pytest.FixtureRequest, opened: Opener) -> World:
    """The people and their ledgers, with a login log of either mode."""
    return opened(*request.param)
