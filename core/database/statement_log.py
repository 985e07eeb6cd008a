"""What was asked of a database and how long it took, for the log of `--debug`; never a value."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, event

_logger = logging.getLogger(__name__)
_LONGEST = 400
_BEGAN = "apisetup_began"


def log_statements(engine: Engine) -> Engine:
    """Log each statement of an engine with its time, if anybody reads that log; its parameters are left out."""
    if not _logger.isEnabledFor(logging.DEBUG):
        return engine

    @event.listens_for(engine, "before_cursor_execute")
    def _begin(connection: Connection, *_asked: Any) -> None:
        connection.info[_BEGAN] = time.monotonic()

    @event.listens_for(engine, "after_cursor_execute")
    def _end(connection: Connection, cursor: Any, statement: str, *_asked: Any) -> None:
        if not statement.startswith("PRAGMA"):
            rows = f", {cursor.rowcount} rows" if cursor.rowcount >= 0 else ""
            _logger.debug("%s ms%s: %s", _since(connection), rows, _without_values(statement))

    @event.listens_for(engine, "handle_error")
    def _failed(context: ExceptionContext) -> None:
        if context.connection is not None and context.statement is not None:
            took, failed = _since(context.connection), type(context.original_exception).__name__
            _logger.debug("%s ms, failed with %s: %s", took, failed, _without_values(context.statement))

    @event.listens_for(engine, "commit")
    def _commit(_connection: Connection) -> None:
        _logger.debug("COMMIT")

    @event.listens_for(engine, "rollback")
    def _rollback(_connection: Connection) -> None:
        _logger.debug("ROLLBACK")

    return engine


def _since(connection: Connection) -> str:
    began = connection.info.get(_BEGAN)
    return f"{(time.monotonic() - began) * 1000:.1f}" if began is not None else "?"


def _without_values(statement: str) -> str:
    """The statement on one line; its values are parameters, and what is quoted in it all the same is taken out."""
    plain = re.sub(r"'(?:[^'\\]|\\.|'')*'", "'…'", " ".join(statement.split()))
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
