"""Translation of SQLAlchemy, PyMySQL and SQLite errors into the errors of `core.base.errors`."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, ResourceClosedError, SQLAlchemyError

from core.base.errors import (
    ApiSetupError,
    ConnectionLost,
    DamagedFile,
    LoginRefused,
    NoSuchDatabase,
    NotAPractice,
    NotPermitted,
    PracticeUnavailable,
    ServerUnreachable,
    StatementStopped,
    StorageFailed,
)
from core.database.tls import insecure_connection


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate database errors raised in the block; errors of our own pass through.

    Raises:
        PracticeUnavailable: The database failed. The original error is the cause.
        NotPermitted: The database user or the file doesn't allow the statement.
    """
    try:
        yield
    except ApiSetupError:
        raise
    except DBAPIError as error:
        raise _from_driver(error) from error
    except ResourceClosedError as error:
        raise _connection_lost() from error
    except SQLAlchemyError as error:
        raise PracticeUnavailable(f"The database could not be used ({type(error).__name__}).") from error


def _from_driver(error: DBAPIError) -> ApiSetupError:
    if isinstance(error.orig, sqlite3.Error):
        return _from_sqlite(error.orig)
    if isinstance(error.orig, RuntimeError):
        # PyMySQL raises it if an authentication plug-in requires the cryptography package or TLS.
        return LoginRefused("The database server asks for a way to sign in that is not available here.")
    arguments = error.orig.args if error.orig is not None else ()
    code = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    # PyMySQL keeps the socket or TLS error that made a connection fail in this attribute.
    connect_error = getattr(error.orig, "original_exception", None)
    insecure = insecure_connection(connect_error, code)
    if insecure is not None:
        return insecure
    if isinstance(connect_error, socket.gaierror):
        return ServerUnreachable(
            "The name of the database server cannot be found.",
            "Check how it is written, and whether this computer's name service answers.",
        )
    if isinstance(getattr(error.orig, "__context__", None), TimeoutError) and code == _READ_FAILED:
        return StatementStopped(
            "The server did not answer in time.",
            "Try again; if this stays, run apisetup check.",
        )
    return _from_server(code, str(arguments[1]) if len(arguments) > 1 else "", error.connection_invalidated)


def _from_sqlite(error: sqlite3.Error) -> ApiSetupError:
    # The low byte is the primary result code. The higher bytes of the extended code aren't needed here.
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageFailed("The SQLite file is locked by another program.", "Try again when it has finished.")
    if kind == sqlite3.SQLITE_READONLY:
        return NotPermitted("The SQLite file cannot be written.", "Check its owner and its permissions.")
    if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DamagedFile(
            "The SQLite file is damaged, or isn't an SQLite database.",
            "Restore it from a backup, or move it away.",
        )
    if kind == sqlite3.SQLITE_FULL:
        return StorageFailed("The disk is full.", "Free some space, then try again.")
    if kind == sqlite3.SQLITE_CANTOPEN:
        return StorageFailed("The SQLite file cannot be opened.", "Check its directory and permissions.")
    if kind == sqlite3.SQLITE_IOERR:
        return StorageFailed("The disk refused to read or write.", "Check its free space and its health.")
    return StorageFailed(f"The SQLite file could not be used ({error}).")


# Error numbers of the server and of PyMySQL, as listed in MySQL's and MariaDB's error references.
_UNREACHABLE = (2002, 2003, 2005)
_LOGIN_REFUSED = (1045, 1698, 1251, 1275, 1524, 1820, 1862, 3118, 4151)
_NO_SUCH_DATABASE = (1044, 1049)
_NOT_PERMITTED = (1142, 1143, 1227, 1290, 1370, 1792, 1836)
_NO_SUCH_COLUMN_OR_TABLE = (1054, 1146)
_LOCKED = (1205, 1213)
_DISK_FULL = (1021, 1114)
_TABLE_DAMAGED = (126, 127, 144, 145, 1034, 1194, 1195)
_TOO_MANY_CONNECTIONS = (1040, 1203, 1226)
_TOO_SLOW = (1969, 3024)
_STOPPED = (1317,)
_READ_FAILED = 2013
_CONNECTION_LOST = (0, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2014, 2055, 4031)


def _from_server(code: int, message: str, disconnected: bool) -> ApiSetupError:
    """Translate an error number of a server or of PyMySQL.

    Args:
        code: The error number; 0 if there is none.
        message: The server's message. It's shown only for unknown numbers, and without the values it quotes.
        disconnected: True if SQLAlchemy considers the connection lost.
    """
    if code in _UNREACHABLE:
        return ServerUnreachable(
            "No database server answers there.",
            "Check the host's name, the port, the firewall and the server.",
        )
    if code in _LOGIN_REFUSED:
        return LoginRefused(
            "The server refuses this database user or its password.",
            "This is the password of the database user, not of an Open Dental user.",
        )
    if code in _NO_SUCH_DATABASE:
        return NoSuchDatabase(
            "The server has no database of that name, or does not show it to this user.",
            "Check the name; capitals count on most servers.",
        )
    if code in _NOT_PERMITTED:
        return NotPermitted(
            "The database user may not do this.",
            "The README lists the rights that apisetup needs, and no more.",
        )
    if code in _NO_SUCH_COLUMN_OR_TABLE:
        return NotAPractice(
            "A table or column that Open Dental has is missing here.",
            "Finish the update in Open Dental, then retry.",
        )
    if code in _LOCKED:
        return PracticeUnavailable("Another program holds a lock on this.", "Try again in a moment.")
    if code in _DISK_FULL:
        return StorageFailed("The server's disk is full.", "Free some space on the server, then try again.")
    if code in _TABLE_DAMAGED:
        return StorageFailed(
            "A table on the server is damaged.",
            "Repair it with Open Dental's Database Maintenance or by REPAIR TABLE.",
        )
    if code in _TOO_MANY_CONNECTIONS:
        return ServerUnreachable("The server has no connection left for us.", "Try again in a moment.")
    if code in _TOO_SLOW:
        return StatementStopped(
            f"The server stopped a statement that took longer than it allows (error {code}).",
            "Choose fewer days, or have max_statement_time (MySQL: max_execution_time) raised."
            " apisetup check names missing indexes, which make statements slow.",
        )
    if code in _STOPPED:
        return StatementStopped("Somebody stopped this statement on the server.", "Try again.")
    if disconnected or code in _CONNECTION_LOST:
        return _connection_lost()
    return PracticeUnavailable(f"The server refused a statement (error {code}).", _text_before_values(message))


def _connection_lost() -> ConnectionLost:
    return ConnectionLost("The connection to the database server was lost.", "Try again when the server answers.")


def _text_before_values(message: str) -> str:
    """Return a server's message up to its first quoted value, which may be patient data."""
    return message.split("'", 1)[0].strip()
