"""One network of each kind for all the tests of the ledger: deploying is what takes time."""

from collections.abc import Iterator

import pytest

from tests.world import KINDS, World
from tests.world import world as network


@pytest.fixture(scope="session", params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The people and their ledgers."""
    with network(request.param, tmp_path_factory.mktemp(request.param)) as found:
        yield found
