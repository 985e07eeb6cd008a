"""The log file of `--debug`: calls with their durations, and errors with their causes, without secret values."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.base.errors import ApiSetupError, ConfigurationError, cause_chain
from tui.widgets.safe_text import sanitize


def start_log(path: Path) -> None:
    """Log to a file with mode 0600. The file and its one backup are limited to 1 MB each.

    Raises:
        ConfigurationError: The file can't be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _PrivateFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"Can't write the log {path}.", "Check its directory.") from error
    handler.setFormatter(_RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("core", "tui"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False


class _PrivateFileHandler(RotatingFileHandler):
    """A rotating log file with mode 0600."""

    # `logging` has no public hook for the opening of a log file, which happens again after each rotation.
    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            # A file that exists already may have a wider mode.
            os.fchmod(handle, 0o600)
        finally:
            os.close(handle)
        return super()._open()


class _RedactingFormatter(logging.Formatter):
    """A formatter that logs an error's class and number only. A driver's message may contain the written values.

    The sentences of `ApiSetupError` contain no secrets and are logged in full, with control characters made visible:
    a server chooses some of their words, and somebody will print the log on a terminal.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Format the line of a record. Control characters in its message can't forge another one."""
        record.message = sanitize(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Format the error and its causes, the original cause last, each with the code lines of its traceback."""
        error = ei[1] if isinstance(ei, tuple) else None
        return "\n".join(line for each in cause_chain(error) for line in _format_error(each))


def _format_error(error: BaseException) -> Iterator[str]:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else ""
    yield sanitize(f"{type(error).__name__} {error if isinstance(error, ApiSetupError) else number}".rstrip())
    for frame in traceback.extract_tb(error.__traceback__):
        yield sanitize(f"  {frame.filename}:{frame.lineno} in {frame.name}")
