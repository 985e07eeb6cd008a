"""Databases for shared companions on the engines that a team may use, and a reading of their rows in plain SQL."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database.address import ServerAddress
from core.database.companion_address import CompanionServer
from core.database.postgresql_address import PostgresqlAddress
from tests.support.databases import Rows
from tests.support.sealed_keys import write_key_file
from tests.support.server import Server

POSTGRESQL, MYSQL = "PostgreSQL", "MySQL or MariaDB"
ENGINES = (POSTGRESQL, MYSQL)


@dataclass(frozen=True)
class PostgresqlServer:
    """A PostgreSQL server on which tests may create databases."""

    host: str
    port: int
    user: str
    password: str

    def connect(self, database: str = "postgres") -> Any:
        """Open a connection that commits each statement; the caller closes it."""
        import psycopg

        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password or None,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run a statement."""
        with self.connect(database) as connection:
            connection.execute(statement)


def postgresql_from_environment() -> PostgresqlServer:
    """Return the server that `APISETUP_TEST_POSTGRESQL` names as `user:password@host:port`; by default a local one."""
    account, _, address = os.environ.get("APISETUP_TEST_POSTGRESQL", "postgres@127.0.0.1:5432").rpartition("@")
    user, _, password = account.partition(":")
    host, _, port = address.partition(":")
    return PostgresqlServer(host, int(port or 5432), user, password)


def require_postgresql() -> PostgresqlServer:
    """Return the PostgreSQL server for tests.

    Without one, the test is skipped; it fails where `APISETUP_TEST_POSTGRESQL` promises one.
    """
    server = postgresql_from_environment()
    reason = "the package psycopg is not installed"
    if find_spec("psycopg") is not None:
        import psycopg

        try:
            server.connect().close()
        except psycopg.OperationalError as error:
            reason = f"no PostgreSQL for tests at {server.user}@{server.host}:{server.port} ({str(error).strip()})"
        else:
            return server
    if "APISETUP_TEST_POSTGRESQL" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


class SharedCompanion:
    """A companion's database on a server, and the directory of one admin's local files.

    Args:
        address: The database.
        password: The password of its user.
        directory: The directory of the key file and the lock files.
    """

    def __init__(self, address: CompanionServer, password: str, directory: Path) -> None:
        self.address = address
        self._password = password
        self.directory = directory

    def source(self, directory: Path | None = None) -> CompanionSource:
        """Return the companion as an admin with this directory opens it; by default, the first admin."""
        return CompanionSource(self.address, (directory or self.directory) / "shared", Secret(self._password))

    def give_key_to(self, directory: Path) -> CompanionSource:
        """Copy the key file to another admin's directory, as they would, and return that admin's companion."""
        directory.mkdir(exist_ok=True)
        file = directory / "shared.key"
        file.touch(0o600)
        file.write_bytes((self.directory / "shared.key").read_bytes())
        return self.source(directory)

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Open another program's connection, which commits each statement."""
        if isinstance(self.address, PostgresqlAddress):
            server = PostgresqlServer(self.address.host, self.address.port, self.address.user, self._password)
            opened = server.connect(self.address.database)
        else:
            mysql = Server(self.address.host, self.address.port, self.address.user, self._password)
            opened = mysql.connect(self.address.database)
        try:
            yield opened
        finally:
            opened.close()

    def execute(self, statement: str, *values: object) -> None:
        """Run a statement; `%s` stands for a value."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Read rows."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def tables(self) -> list[str]:
        """Return the names of the tables."""
        schema = "current_schema()" if isinstance(self.address, PostgresqlAddress) else "DATABASE()"
        found = self.query(f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}")
        return sorted(name for (name,) in found)

    def rows(self) -> Rows:
        """Read all rows of all tables, numbered in the order of their text."""
        found: Rows = {}
        with self.connection() as connection, connection.cursor() as cursor:
            for table in self.tables():
                cursor.execute(f"SELECT * FROM {table}")
                names = [column[0] for column in cursor.description]
                texts = [{name: _text(value) for name, value in zip(names, row, strict=True)} for row in cursor]
                found[table] = {str(number): row for number, row in enumerate(sorted(texts, key=str))}
        return found


@contextmanager
def shared_companion(engine: str, server: Server, directory: Path) -> Iterator[SharedCompanion]:
    """Create an empty database on an engine, and drop it at the end.

    Args:
        engine: One of `ENGINES`.
        server: The MySQL or MariaDB server.
        directory: The first admin's directory, which gets the samples' encryption key.
    """
    write_key_file(directory / "shared")
    if engine == MYSQL:
        name = server.temporary_name()
        server.execute(f"CREATE DATABASE `{name}`")
        address = ServerAddress(server.host, server.port, name, server.user)
        try:
            yield SharedCompanion(address, server.password, directory)
        finally:
            server.execute(f"DROP DATABASE IF EXISTS `{name}`")
        return
    postgresql = require_postgresql()
    name = f"apisetup_test_{secrets.token_hex(6)}"
    postgresql.execute(f"CREATE DATABASE {name}")
    try:
        yield SharedCompanion(
            PostgresqlAddress(postgresql.host, postgresql.port, name, postgresql.user), postgresql.password, directory
        )
    finally:
        postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
