"""The directory of the tests' files: in memory where there is such a place, because SQLite waits for a disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_NEEDED = 2 * 1024**3
"""Bytes that must be free, several times what a run needs."""
_DIRECTORY = "PYTEST_DEBUG_TEMPROOT"
"""The environment variable that tells pytest in which directory to create those of the tests."""


def use_memory() -> None:
    """Have pytest create the directories of the tests in memory, unless somebody named another place."""
    if _DIRECTORY in os.environ or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(_MEMORY).free >= _NEEDED and not _forbids_programs():
        os.environ[_DIRECTORY] = str(_MEMORY)


def temporary_root() -> str | None:
    """Return the directory in which pytest creates those of the tests; None for the system's."""
    return os.environ.get(_DIRECTORY)


def _forbids_programs() -> bool:
    """Return True if no program can be run there, as in some containers."""
    return bool(os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC)
