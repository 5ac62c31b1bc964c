"""What all tests share: one PostgreSQL server, started when the first test needs it, with a fresh database for each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import KINDS, PostgresServer, open_management, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database of the server's."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=KINDS)
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty database is, of each kind that outlives its process."""
    found: Path | str = tmp_path / "management.sqlite"
    return found if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture(params=("memory", *KINDS))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An empty management database of each kind."""
    places = {"memory": lambda: None, "sqlite": lambda: tmp_path / "management.sqlite"}
    place = places.get(request.param, lambda: request.getfixturevalue("postgres_url"))()
    found = open_management(place)
    yield found
    if place is not None:
        found.close()
