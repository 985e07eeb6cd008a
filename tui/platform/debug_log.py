"""The log of `--debug`: what was asked and how long it took, errors and their causes; no value that may be a secret."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.base.errors import ApiSetupError, ConfigurationError


def start_log(path: Path) -> None:
    """Write the program's log into a file that only this user can read, of at most two times a megabyte.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _PrivateFile(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The log {path} cannot be written.", "Check its directory.") from error
    handler.setFormatter(_WithoutValues("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("core", "tui"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False


class _PrivateFile(RotatingFileHandler):
    """A rotating file with mode 0600."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            # One that is there already may have been looser.
            os.fchmod(handle, 0o600)
        finally:
            os.close(handle)
        return super()._open()


class _WithoutValues(logging.Formatter):
    """Names errors by class and number, and quotes only our own sentences; a driver's may hold what was written."""

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Every error of the chain, the first cause last, each with the lines of code that it passed."""
        error = ei[1] if isinstance(ei, tuple) else None
        return "\n".join(line for each in _chain(error) for line in _worded(each))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _worded(error: BaseException) -> Iterator[str]:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else ""
    yield f"{type(error).__name__} {error if isinstance(error, ApiSetupError) else number}".rstrip()
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
