"""Databases that outlive releases: their tables are made, and brought up to date, by migrations."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from threading import Lock
from types import ModuleType
from typing import Any

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, inspect, select, text

from certchain.errors import DatabaseNewer, StorageUnavailable
from certchain.storage import migrations
from certchain.storage.engine import connect, reading, writing
from certchain.storage.schema import SCHEMA

# Alembic's operations are one for the whole process while a migration runs.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables that are upgraded together; several may be in one database, if their tables' names differ.

    ``name`` is the folder of their migrations, ``tables`` what the migrations lead to, ``head`` the last one's revision. ``released`` is
    the revision of what was released before there were migrations, if it was.
    """

    name: str
    tables: MetaData
    head: str
    released: str | None = None

    @property
    def reached(self) -> Table:
        """The table with the revision that a database has reached, as Alembic makes it."""
        return Table(f"{self.name}_version", MetaData(), Column("version_num", String(32), primary_key=True))


def open_database(location: Path | str, schema: Schema) -> Engine:
    """Opens a file that only its owner can read, or a server's database by its URL, and makes or upgrades what is in it.

    One of several processes upgrades, the others wait. Raises ``StorageUnavailable``, of which ``DatabaseNewer`` when a newer certchain
    has upgraded it, and ``MalformedValue`` for a URL that ``server_url`` does not know; then nothing was changed.
    """
    engine = connect(location)
    try:
        with reading(engine) as connection:
            found = _revision(connection, schema)
        if found != schema.head:
            with writing(engine) as connection:
                _upgrade(connection, schema)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _upgrade(connection: Connection, schema: Schema) -> None:
    """Nothing when another process has done it meanwhile."""
    _adopt(connection, schema)
    found = _revision(connection, schema)
    if found is not None and found > schema.head:
        raise DatabaseNewer(f"its schema {schema.name} is at {found}, and this one knows {schema.head}")
    with _one_at_a_time:
        _migrate(connection, schema)


def _migrate(connection: Connection, schema: Schema) -> None:
    # Imported here: most commands find the database as it should be, and do not wait a quarter of a second for Alembic.
    from alembic.operations import Operations  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext, MigrationStep  # noqa: PLC0415
    from alembic.script import Script  # noqa: PLC0415
    from alembic.script.revision import RevisionMap  # noqa: PLC0415

    every = RevisionMap(lambda: [Script(module, module.revision, str(module.__file__)) for module in _modules(schema)])

    def steps(reached: tuple[str, ...], _: MigrationContext) -> list[MigrationStep]:
        missing = reversed(list(every.iterate_revisions(schema.head, reached, implicit_base=True)))
        return [MigrationStep.upgrade_from_script(every, step) for step in missing if isinstance(step, Script)]

    options: dict[str, Any] = {"fn": steps, "version_table": schema.reached.name}
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()


def _modules(schema: Schema) -> list[ModuleType]:
    package = import_module(f"{migrations.__name__}.{schema.name}")
    return [import_module(f"{package.__name__}.{found.name}") for found in iter_modules(package.__path__)]


def _adopt(connection: Connection, schema: Schema) -> None:
    """The first releases wrote the version of the schema into a table of its own, and had no migrations."""
    if schema.released is None or not inspect(connection).has_table(SCHEMA):
        return
    version = connection.execute(text("SELECT version FROM schema")).scalar()
    if version != int(schema.released):
        raise StorageUnavailable(f"the database has schema version {version}, which no release has made")
    schema.reached.create(connection)
    connection.execute(insert(schema.reached).values(version_num=schema.released))
    connection.execute(text("DROP TABLE schema"))


def _revision(connection: Connection, schema: Schema) -> str | None:
    if not inspect(connection).has_table(schema.reached.name):
        return None
    found: str | None = connection.execute(select(schema.reached.c.version_num)).scalar()
    return found
