"""Translation of SQLAlchemy, PyMySQL, psycopg and SQLite errors into the errors of `core.base.errors`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, ResourceClosedError, SQLAlchemyError

from core.base.errors import ApiSetupError, DamagedFile, NotPermitted, PracticeUnavailable, StorageFailed


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
        from core.database.server_errors import connection_lost

        raise connection_lost() from error
    except SQLAlchemyError as error:
        raise PracticeUnavailable(f"The database could not be used ({type(error).__name__}).") from error


def _from_driver(error: DBAPIError) -> ApiSetupError:
    if isinstance(error.orig, sqlite3.Error):
        return _from_sqlite(error.orig)
    # Imported here, since an SQLite file needs nothing of it.
    from core.database.server_driver_errors import server_driver_error

    return server_driver_error(error)


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
        return StorageFailed("The disk reported a read or write error.", "Check its free space and its health.")
    return StorageFailed(f"The SQLite file could not be used ({error}).")
