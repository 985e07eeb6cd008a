"""Translation of what PyMySQL and psycopg raise into the errors of `core.base.errors`."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from core.base.errors import ApiSetupError
from core.database.connect_failure import ConnectFailure, connect_error, unusable_answer
from core.database.postgresql_errors import is_postgresql_error, postgresql_error
from core.database.server_errors import server_error, statement_timed_out


def server_driver_error(error: DBAPIError) -> ApiSetupError:
    """Return the error that a server's driver error means."""
    if is_postgresql_error(error.orig):
        return postgresql_error(error.orig, disconnected=error.connection_invalidated)
    failure = getattr(error.orig, "failure", None)
    if isinstance(failure, ConnectFailure):
        return connect_error(failure)
    unusable = getattr(error.orig, "reason", None)
    if unusable is not None:
        return unusable_answer(unusable)
    arguments = error.orig.args if error.orig is not None else ()
    code = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    # PyMySQL raises "Lost connection" while it handles a timeout, and doesn't name that as the cause.
    if error.orig is not None and isinstance(error.orig.__context__, TimeoutError):
        return statement_timed_out()
    message = str(arguments[1]) if len(arguments) > 1 else ""
    return server_error(code, message, connecting=False, disconnected=error.connection_invalidated)
