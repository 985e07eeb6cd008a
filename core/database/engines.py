"""Engines for MySQL, MariaDB and SQLite, and the translation of their errors into ours."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, ResourceClosedError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from core.base.errors import (
    ApiSetupError,
    ConnectionLost,
    LoginRefused,
    NoSuchDatabase,
    NotAPractice,
    NotPermitted,
    PracticeUnavailable,
    ServerUnreachable,
    StorageFailed,
)
from core.base.private_file import create_private_file
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.statement_log import log_statements
from core.database.tls import insecure_connection
from core.opendental.log_hash_sql import register_functions

CONNECT_SECONDS = 5
READ_SECONDS = 20
WRITE_SECONDS = 20
_SQLITE_BUSY_SECONDS = 5

# Open Dental blanks the server's sql_mode, under which what does not fit is cut silently. Ours is strict for all
# engines. A lock is given up before the read timeout would take the connection with it.
_SESSION = (
    "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout=10, lock_wait_timeout=15"
)


def server_engine(address: ServerAddress, password: Secret) -> Engine:
    """An engine for a server; it connects when first used.

    The connection speaks utf8mb4, which every supported server knows and which loses nothing of a three-byte column;
    what a column cannot hold is replaced before it is written.

    Raises:
        ConfigurationError: The files for TLS cannot be used.
    """
    url = URL.create(
        "mysql+pymysql",
        username=address.user,
        password=password.reveal(),
        host=address.host,
        port=address.port,
        database=address.database,
    )
    options: dict[str, Any] = {"unix_socket": address.socket} if address.socket else {}
    options |= {"ssl": address.tls.context()} if address.tls is not None else {"ssl_disabled": True}
    return _with_listeners(
        create_engine(
            url,
            pool_size=2,
            max_overflow=2,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": READ_SECONDS,
                "write_timeout": WRITE_SECONDS,
                "charset": "utf8mb4",
                "init_command": _SESSION,
                **options,
            },
        )
    )


def read_only_file_engine(path: Path) -> Engine:
    """An engine for an SQLite file that is there, through which nothing can be written.

    Raises:
        StorageFailed: There is no such file.
    """
    if not path.is_file():
        raise StorageFailed(
            f"There is no file {path} to read.", "Name another one, or start without --read-only to have it made."
        )
    engine = file_engine(path)

    @event.listens_for(engine, "connect")
    def _forbid_writing(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    return engine


def refuse_writes(engine: Engine) -> Engine:
    """Have a server refuse to write through an engine, where it can: MySQL since 5.6, MariaDB always."""

    @event.listens_for(engine, "connect")
    def _begin_read_only(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor, suppress(connection.ProgrammingError):
            cursor.execute("SET SESSION TRANSACTION READ ONLY")

    return engine


def file_engine(path: Path) -> Engine:
    """An engine for an SQLite file, which is created for this user alone where it is missing.

    Raises:
        StorageFailed: The file cannot be created.
    """
    _create_private_file(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"timeout": _SQLITE_BUSY_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def _manage_transactions(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin late and commit around DDL; we begin ourselves, below.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")
        register_functions(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its lock at once: waiting happens before anything was written, not in the middle.
        reading = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return _with_listeners(engine)


def _create_private_file(path: Path) -> None:
    try:
        create_private_file(path)
    except OSError as error:
        raise StorageFailed(
            f"The file {path} cannot be created: {error.strerror}.",
            "Check the directory's permissions and the disk's free space.",
        ) from error


def _with_listeners(engine: Engine) -> Engine:
    return log_statements(_enforce_read_sessions(engine))


def _enforce_read_sessions(engine: Engine) -> Engine:
    """Make connections with the execution option `read_only` refuse every statement that could write."""

    @event.listens_for(engine, "before_cursor_execute")
    def _refuse_writes(
        connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        if not connection.get_execution_options().get("read_only", False):
            return
        if not _READS.match(statement):
            raise WriteInReadSession(statement.split(None, 1)[0])

    return engine


# SQLite's own way to ask about tables, as SQLAlchemy's inspector uses it; other pragmas may write.
_READS = re.compile(r"[\s(]*(SELECT|BEGIN|SHOW)\b|\s*PRAGMA\s+(\w+\.)?table_x?info\(", re.IGNORECASE)


class WriteInReadSession(RuntimeError):
    """A programming error: something other than reading was tried outside the one door."""


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn driver errors raised inside into ours, with the cause chained."""
    try:
        yield
    except ApiSetupError:
        raise
    except DBAPIError as error:
        raise _from_driver(error) from error
    except ResourceClosedError as error:
        raise ConnectionLost(_LOST, _LOST_HINT) from error
    except SQLAlchemyError as error:
        raise PracticeUnavailable(f"The database could not be used ({type(error).__name__}).") from error


_LOST = "The connection to the database server was lost."
_LOST_HINT = "Try again when the server answers."


def _from_driver(error: DBAPIError) -> ApiSetupError:
    if isinstance(error.orig, sqlite3.Error):
        return _from_sqlite(error.orig)
    if isinstance(error.orig, RuntimeError):
        # PyMySQL: a server plug-in asks for cryptography or a secure line.
        return LoginRefused("The database server asks for a way to sign in that is not available here.")
    arguments = error.orig.args if error.orig is not None else ()
    code = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    beneath = getattr(error.orig, "original_exception", None)
    insecure = insecure_connection(beneath, code)
    if insecure is not None:
        return insecure
    if isinstance(beneath, socket.gaierror):
        return ServerUnreachable(
            "The name of the database server cannot be found.",
            "Check how it is written, and whether this computer's name service answers.",
        )
    return _from_server(code, str(arguments[1]) if len(arguments) > 1 else "", error.connection_invalidated)


def _from_sqlite(error: sqlite3.Error) -> ApiSetupError:
    # The low byte is the kind, the rest says more than we need.
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageFailed("The SQLite file is locked by another program.", "Try again when it has finished.")
    if kind == sqlite3.SQLITE_READONLY:
        return NotPermitted("The SQLite file cannot be written.", "Check its owner and its permissions.")
    if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageFailed(
            "The SQLite file is damaged, or is no SQLite file at all.",
            "Restore it from a backup, or move it away.",
        )
    if kind == sqlite3.SQLITE_FULL:
        return StorageFailed("The disk is full.", "Free some space, then try again.")
    if kind == sqlite3.SQLITE_CANTOPEN:
        return StorageFailed("The SQLite file cannot be opened.", "Check its directory and permissions.")
    if kind == sqlite3.SQLITE_IOERR:
        return StorageFailed("The disk refused to read or write.", "Check its free space and its health.")
    return StorageFailed(f"The SQLite file could not be used ({error}).")


_NOT_PERMITTED = (1142, 1143, 1227, 1290, 1370, 1792, 1836)
_LOST_CODES = (0, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1317, 1927, 2006, 2013, 2014, 2055, 4031)


def _from_server(code: int, message: str, disconnected: bool) -> ApiSetupError:
    """The meaning of a server's or PyMySQL's error number; the server's words only where they hold no values."""
    if code in (2002, 2003, 2005):
        return ServerUnreachable(
            "No database server answers there.",
            "Check the host's name, the port, the firewall and the server.",
        )
    if code in (1045, 1698, 1251, 1275, 1524, 1820, 1862, 3118, 4151):
        return LoginRefused(
            "The server refuses this database user or its password.",
            "This is the password of the database user, not of an Open Dental user.",
        )
    if code in (1044, 1049):
        return NoSuchDatabase(
            "The server has no database of that name, or does not show it to this user.",
            "Check the name; capitals count on most servers.",
        )
    if code in _NOT_PERMITTED:
        return NotPermitted(
            "The database user may not do this.",
            "The README lists the rights that apisetup needs, and no more.",
        )
    if code in (1054, 1146):
        return NotAPractice(
            "A table or column that Open Dental has is missing here.",
            "Finish the update in Open Dental, then retry.",
        )
    if code in (1205, 1213):
        return PracticeUnavailable("Another program holds a lock on this.", "Try again in a moment.")
    if code in (1021, 1114):
        return StorageFailed("The server's disk is full.", "Free some space on the server, then try again.")
    if code in (126, 127, 144, 145, 1034, 1194, 1195):
        return StorageFailed(
            "A table on the server is damaged.",
            "Repair it with Open Dental's Database Maintenance or by REPAIR TABLE.",
        )
    if code in (1040, 1203, 1226):
        return ServerUnreachable("The server has no connection left for us.", "Try again in a moment.")
    if disconnected or code in _LOST_CODES:
        return ConnectionLost(_LOST, _LOST_HINT)
    return PracticeUnavailable(f"The server refused a statement (error {code}).", _first_words(message))


def _first_words(message: str) -> str:
    """The server's words up to the first quoted value, which may be somebody's data."""
    return message.split("'", 1)[0].strip()
