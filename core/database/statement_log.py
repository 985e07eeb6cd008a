"""Statements and their durations in the log of `--debug`, without any values."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, event

_logger = logging.getLogger(__name__)
_MAX_LENGTH = 400
_START_KEY = "apisetup_statement_start"


def log_statements(engine: Engine) -> Engine:
    """Log each statement of an engine with its duration, and return the engine.

    Parameters are never logged. Nothing is installed unless the log level is DEBUG.
    """
    if not _logger.isEnabledFor(logging.DEBUG):
        return engine

    @event.listens_for(engine, "before_cursor_execute")
    def _before_statement(connection: Connection, *_arguments: Any) -> None:
        connection.info[_START_KEY] = time.monotonic()

    @event.listens_for(engine, "after_cursor_execute")
    def _after_statement(connection: Connection, cursor: Any, statement: str, *_arguments: Any) -> None:
        if not statement.startswith("PRAGMA"):
            rows = f", {cursor.rowcount} rows" if cursor.rowcount >= 0 else ""
            _logger.debug("%s ms%s: %s", _elapsed_ms(connection), rows, _redact(statement))

    @event.listens_for(engine, "handle_error")
    def _after_error(context: ExceptionContext) -> None:
        if context.connection is not None and context.statement is not None:
            elapsed, error = _elapsed_ms(context.connection), type(context.original_exception).__name__
            _logger.debug("%s ms, failed with %s: %s", elapsed, error, _redact(context.statement))

    @event.listens_for(engine, "commit")
    def _on_commit(_connection: Connection) -> None:
        _logger.debug("COMMIT")

    @event.listens_for(engine, "rollback")
    def _on_rollback(_connection: Connection) -> None:
        _logger.debug("ROLLBACK")

    return engine


def _elapsed_ms(connection: Connection) -> str:
    start = connection.info.get(_START_KEY)
    return f"{(time.monotonic() - start) * 1000:.1f}" if start is not None else "?"


def _redact(statement: str) -> str:
    """Return a statement in one line, shortened, with its string literals replaced.

    Values are bound parameters and not part of the statement, but a literal may still be in it.
    """
    redacted = re.sub(r"'(?:[^'\\]|\\.|'')*'", "'…'", " ".join(statement.split()))
    return redacted if len(redacted) <= _MAX_LENGTH else f"{redacted[:_MAX_LENGTH]}…"
