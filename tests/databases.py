"""The databases that tests run on: in memory, a file of SQLite, and PostgreSQL, of which the tests start a server of their own."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pg8000.dbapi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, insert

from certchain.ledger.node import free_port
from certchain.models.app import AppRecord
from certchain.storage import MemoryManagementDatabase, SqlManagementDatabase
from certchain.storage.engine import writing
from certchain.storage.schema import apps, metadata
from certchain.storage.sql import _app_columns

KINDS = ("sqlite", "postgresql")
USER, PASSWORD = "certchain", "not-in-any-message"
_PATIENCE = 30.0
_makers: list[Callable[[], Any]] = [MemoryManagementDatabase]


@dataclass
class PostgresServer:
    """A server in a temporary folder, at a port of 127.0.0.1 and at a socket. It does not sync: the machine is not what fails here."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: tuple[str, ...] = ("fsync=off", "full_page_writes=off")
    _process: subprocess.Popen[bytes] | None = None
    _names: Iterator[int] = field(default_factory=lambda: count(1))

    def initialise(self) -> None:
        """Makes its folder, which belongs to whom it runs as: a server refuses to run as root."""
        _give_away(self.folder)
        password = self.folder / "password"
        password.write_text(PASSWORD)
        options = ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [program("initdb"), "-D", str(self.folder / "data"), "-U", USER, *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **_as_whom())
        password.unlink()

    def start(self) -> None:
        options = [word for setting in self.settings for word in ("-c", setting)]
        command = [program("postgres"), "-D", str(self.folder / "data"), "-h", "127.0.0.1", "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, "-p", str(self.port), *options], stderr=log, **_as_whom())
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends it by its process: ``SIGINT`` closes connections in good order, ``SIGQUIT`` is as a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)
            self._process = None

    def adopt(self, certificate: Path) -> None:
        """Takes a certificate and its key into the data folder, where they are the server's own."""
        for file in (certificate, certificate.with_suffix(".key")):
            taken = self.folder / "data" / file.name
            taken.write_bytes(file.read_bytes())
            taken.chmod(0o600)
            _give_away(taken)

    def url(self, name: str, query: str = "", *, password: str = PASSWORD, host: str = "127.0.0.1") -> str:
        return f"postgresql+pg8000://{USER}:{password}@{host}:{self.port}/{name}{query}"

    @property
    def socket(self) -> Path:
        return self.folder / f".s.PGSQL.{self.port}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, which is gone afterwards."""
        name = f"test_{next(self._names)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            with suppress(pg8000.dbapi.Error):  # the test has stopped the server
                self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> Any:
        """What the server's operator types, outside of any transaction."""
        connection = self._connect(database)
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def _connect(self, database: str) -> Any:
        return pg8000.dbapi.connect(
            user=USER, password=PASSWORD, host="127.0.0.1", port=self.port, database=database, timeout=_PATIENCE
        )

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except (pg8000.dbapi.Error, OSError):
            return False
        return True


@contextmanager
def postgres_server(*settings: str) -> Iterator[PostgresServer]:
    """A server of its own; the test is skipped where there is none, but never under CI."""
    if program("postgres") is None:
        reason = "there is no PostgreSQL on this machine: run `make postgres`"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    folder = Path(mkdtemp(prefix="certchain-postgres-"))
    server = PostgresServer(folder)
    server.settings += settings
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def protected_server(certificate: Path) -> Iterator[PostgresServer]:
    """The same, with TLS under a certificate that has its key beside it."""
    with postgres_server() as server:
        server.stop()
        server.adopt(certificate)
        server.settings += ("ssl=on", f"ssl_cert_file={certificate.name}", f"ssl_key_file={certificate.stem}.key")
        server.start()
        yield server


def self_signed(folder: Path, host: str) -> Path:
    """A certificate for a host, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.with_suffix(".key").write_bytes(key.private_bytes(*private))
    return path


def program(name: str) -> Any:
    """A program of the server's: on PATH, or where Debian has the newest of those that are installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return shutil.which(name) or (str(found[-1]) if found else None)


@contextmanager
def households_use(make: Callable[[], Any]) -> Iterator[None]:
    """Within, the certification servers of households keep their records in databases that this makes."""
    _makers.append(make)
    try:
        yield
    finally:
        _makers.pop()


def fresh_database() -> Any:
    """An empty management database of the kind that the test is run on: in memory, unless its file uses ``each_database``."""
    return _makers[-1]()


def open_management(location: Path | str | None) -> Any:
    """The management database of a location, or in memory."""
    return MemoryManagementDatabase() if location is None else SqlManagementDatabase(location)


def empty(database: Any, table: str) -> None:
    """Somebody removes every row of a table, behind the server's back."""
    if isinstance(database, MemoryManagementDatabase):
        getattr(database, f"_{table}").clear()
    else:
        with writing(database._engine) as connection:
            connection.execute(delete(metadata.tables[table]))


def write_app(database: Any, record: AppRecord) -> None:
    """Somebody writes an app's row, whatever it was, behind the server's back."""
    if isinstance(database, MemoryManagementDatabase):
        database._apps[record.app, record.version] = record
    else:
        with writing(database._engine) as connection:
            connection.execute(delete(apps).where(apps.c.app == record.app, apps.c.version == record.version))
            connection.execute(insert(apps).values(_app_columns(record)))


def _as_whom() -> dict[str, Any]:
    """Root starts the server as somebody else."""
    if os.getuid() != 0:
        return {}
    user = _somebody()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _somebody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _give_away(folder: Path) -> None:
    if os.getuid() == 0:
        os.chown(folder, _somebody().pw_uid, _somebody().pw_gid)
