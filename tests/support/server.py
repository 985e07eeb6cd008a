"""The MySQL or MariaDB server that tests run on, and the names of what they create there."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

# PyMySQL has no type hints; imported this way, it is `Any`.
pymysql: Any = import_module("pymysql")
_converters: Any = import_module("pymysql.converters")

_CONNECT_SECONDS = 5
_CLIENT_SSL = 0x0800
"""The capability of the protocol that offers TLS."""
STALE_SECONDS = 3600
"""A database or user of a test run is stale when it is older than this; no test keeps one for that long."""
_TEMPORARY_NAME = re.compile(r"apisetup_test_([0-9a-f]{8})_[0-9a-f]{8}")


@dataclass(frozen=True)
class Server:
    """A database server on which tests may create databases and users."""

    host: str
    port: int
    user: str
    password: str

    def connect(self, database: str | None = None) -> Any:
        """Open a connection that returns every value as text and has a blank `sql_mode`, as Open Dental's has.

        The caller closes it.

        Raises:
            pymysql.err.OperationalError: The server does not answer, or refuses the user.
        """
        as_text = {kind: encode for kind, encode in _converters.conversions.items() if not isinstance(kind, int)}
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            conv=as_text,
            sql_mode="",
            ssl_disabled=True,
        )

    @contextmanager
    def connection(self, database: str | None = None) -> Iterator[Any]:
        """Open a connection as `connect` does, and close it at the end."""
        with closing(self.connect(database)) as connection:
            yield connection

    def execute(self, *statements: str) -> None:
        """Run statements that need no current database."""
        with self.connection() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @property
    def is_mariadb(self) -> bool:
        """True for MariaDB, False for MySQL."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            return "mariadb" in str(cursor.fetchone()[0]).lower()

    @property
    def offers_tls(self) -> bool:
        """True if the server offers encrypted connections."""
        with self.connection() as connection:
            return bool(connection.server_capabilities & _CLIENT_SSL)

    def temporary_name(self) -> str:
        """Return a new name for a database or user: `apisetup_test_`, the server's time in hex, a random number.

        It has 31 characters; MySQL allows 32 for a user. `drop_stale` recognizes it.
        """
        with self.connection() as connection, connection.cursor() as cursor:
            return f"apisetup_test_{_server_seconds(cursor):08x}_{secrets.token_hex(4)}"

    def drop_stale(self) -> list[str]:
        """Drop the databases and users that a killed test run left behind, and return their names.

        Only names made by `temporary_name` more than an hour ago, by the server's own clock, are dropped.
        """
        with self.connection() as connection, connection.cursor() as cursor:
            oldest_kept = _server_seconds(cursor) - STALE_SECONDS
            cursor.execute("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
            databases = [name for (name,) in cursor.fetchall() if _created_before(name, oldest_kept)]
            cursor.execute("SELECT User, Host FROM mysql.user")
            users = [(name, host) for name, host in cursor.fetchall() if _created_before(name, oldest_kept)]
            for name in databases:
                cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            for name, host in users:
                # MariaDB lists a role as a user without a host.
                what = f"USER IF EXISTS '{name}'@'{host}'" if host else f"ROLE IF EXISTS '{name}'"
                cursor.execute(f"DROP {what}")
        return [*databases, *(name for name, _ in users)]


def server_from_environment() -> Server:
    """Return the server named by `APISETUP_TEST_MYSQL` as `user:password@host:port`; by default root's local one."""
    account, _, address = os.environ.get("APISETUP_TEST_MYSQL", "root@127.0.0.1:3306").rpartition("@")
    user, _, password = account.partition(":")
    host, _, port = address.partition(":")
    return Server(host, int(port or 3306), user, password)


def _server_seconds(cursor: Any) -> int:
    cursor.execute("SELECT UNIX_TIMESTAMP()")
    return int(cursor.fetchone()[0])


def _created_before(name: str, seconds: int) -> bool:
    match = _TEMPORARY_NAME.fullmatch(name)
    return match is not None and int(match[1], 16) < seconds
