"""Lock files that show which programs on this computer still run.

A program holds a lock on a file of its own for as long as it runs; the system releases it when the process ends,
however it ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

_logger = logging.getLogger(__name__)


class WriterLocks:
    """The lock files of programs that write to the same journal.

    Args:
        stem: The beginning of the files' path, to which a writer's name is added.
    """

    def __init__(self, stem: Path) -> None:
        self._stem = stem
        self._descriptor: int | None = None
        self._held = ""
        self._opening = Lock()

    def hold(self, writer: str) -> None:
        """Hold this program's lock until `release`.

        Raises:
            OSError: The file can't be created.
        """
        with self._opening:
            if self._descriptor is not None:
                return
            # Flags of os.open: a lock file is never followed, shared with a child, or readable by others.
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._file(writer), flags, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._descriptor, self._held = descriptor, writer

    def release(self) -> None:
        """Release this program's lock and remove its file."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            self._file(self._held).unlink()
        os.close(self._descriptor)
        self._descriptor = None

    def is_free(self, writer: str) -> bool | None:
        """Return True if a program holds its lock no more, and remove its file; None if it has no file here."""
        path = self._file(writer)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            _logger.warning("It is not known whether another program still runs: %s", error.strerror)
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            with suppress(OSError):
                path.unlink()
            return True
        finally:
            os.close(descriptor)

    @property
    def directory(self) -> Path:
        """The directory of the files."""
        return self._stem.parent

    def _file(self, writer: str) -> Path:
        return self._stem.with_name(f"{self._stem.name}.{writer}.lock")
