"""What all tests share: one PostgreSQL server, started when the first test needs it, with a fresh database for each."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from certchain.storage import MemoryManagementDatabase, SqlManagementDatabase
from tests.databases import KINDS, PostgresServer, households_use, open_management, postgres_server


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
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str | None:
    """The same, and ``None`` for a twin in memory."""
    places: dict[str, Any] = {"memory": lambda: None, "sqlite": lambda: tmp_path / "records.sqlite"}
    found: Path | str | None = places.get(request.param, lambda: request.getfixturevalue("postgres_url"))()
    return found


@pytest.fixture
def database(place: Path | str | None) -> Iterator[Any]:
    """An empty management database of each kind."""
    found = open_management(place)
    yield found
    if place is not None:
        found.close()


@pytest.fixture(params=("memory", *KINDS))
def each_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """For ``usefixtures``: the test runs once with each kind of database in its households."""
    kind, numbers = request.param, count(1)
    server: PostgresServer | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
    with ExitStack() as opened:

        def make() -> Any:
            if kind == "memory":
                return MemoryManagementDatabase()
            file = tmp_path / f"household-{next(numbers)}.sqlite"
            place = opened.enter_context(server.database()) if server else file
            return opened.enter_context(closing(SqlManagementDatabase(place)))

        with households_use(make):
            yield
