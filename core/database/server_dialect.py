"""SQLAlchemy's dialect for PyMySQL, without the round trips that a practice doesn't need.

A practice may be at the end of a line on which each round trip takes 100 ms. SQLAlchemy asks a server six things after
connecting, pings it before each use, and ends each transaction although none was begun. What it asks is known: the
server greets with its version, and the session's SQL mode is ours. The server states with each answer whether a
transaction is open.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.exc import DisconnectionError

from core.database.connect_failure import unusable_answer
from core.database.server_connection import ServerConnection

DRIVER = "mysql+apisetup"
"""The name of the dialect in a URL."""

_IN_TRANSACTION = 0x0001
"""The bit `SERVER_STATUS_IN_TRANS` of the protocol: the session has begun a transaction."""

registry.register(DRIVER.replace("+", "."), __name__, "ServerDialect")


class ServerDialect(MySQLDialect_pymysql):
    """A dialect for sessions with autocommit, strict SQL mode and utf8mb4; transactions are begun by `BEGIN`."""

    supports_statement_cache = True

    def connect(self, *arguments: Any, **options: Any) -> Any:
        """Connect to the server."""
        return ServerConnection(*arguments, **options)

    def initialize(self, connection: Connection) -> None:
        """Set what SQLAlchemy would ask the server for, from the greeting of the server and from our own settings.

        Raises:
            ConnectionLost: The version in the greeting is not that of a MySQL or MariaDB server.
        """
        driver: Any = connection.connection.dbapi_connection
        self._connection_charset = driver.character_set_name()
        self.default_schema_name = connection.engine.url.database or ""
        try:
            self.server_version_info = self._parse_server_version(driver.get_server_info())
        except Exception as error:
            raise unusable_answer("it doesn't say which server it is") from error
        self._dispatch_for_vendor(self._initialize_mysql, self._initialize_mariadb, connection)

    def on_connect(self) -> Callable[[Any], None]:
        """Do nothing after connecting: PyMySQL has set the character set."""
        return lambda _connection: None

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back if a transaction is open."""
        if _in_transaction(dbapi_connection):
            dbapi_connection.rollback()

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit if a transaction is open."""
        if _in_transaction(dbapi_connection):
            dbapi_connection.commit()


def replace_dead_connections(engine: Engine) -> Engine:
    """Replace connections that the server has closed before they are used again, without asking it.

    An idle connection has nothing to read, unless the server closed it or sent the reason why it's about to.
    A connection whose line is dead looks alive, as it would to a ping until the ping's time is over.
    """

    @event.listens_for(engine, "checkout")
    def _check(connection: Any, _record: object, _proxy: object) -> None:
        if _has_input(connection):
            raise DisconnectionError

    return engine


def _in_transaction(connection: Any) -> bool:
    return bool(connection.server_status & _IN_TRANSACTION)


def _has_input(connection: Any) -> bool:
    # PyMySQL has no public way to its socket.
    try:
        readable, _, _ = select.select([connection._sock], [], [], 0)
    except (OSError, TypeError, ValueError):
        return True
    return bool(readable)
