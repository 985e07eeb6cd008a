"""The operating system's answer about a path: nothing there, something there, or not allowed to look.

`Path.exists` and its siblings can't tell these apart, and differ between versions of Python: up to 3.13 they raise
`PermissionError` for a path in a directory that may not be entered, and since 3.14 they return False.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def file_status(path: Path) -> os.stat_result | None:
    """Return the status of what a path leads to, with links followed; None if nothing is there.

    Raises:
        OSError: The system doesn't say, as for a directory that may not be entered or a link to itself.
    """
    return _status(path, follow_symlinks=True)


def entry_status(path: Path) -> os.stat_result | None:
    """Return the status of a directory entry itself, even if it is a link to nothing; None if there is none.

    Raises:
        OSError: The system doesn't say, as for a directory that may not be entered.
    """
    return _status(path, follow_symlinks=False)


def is_directory(path: Path) -> bool:
    """Return True if a path leads to a directory.

    Raises:
        OSError: The system doesn't say.
    """
    status = file_status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def _status(path: Path, *, follow_symlinks: bool) -> os.stat_result | None:
    try:
        return path.stat(follow_symlinks=follow_symlinks)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        # A null character, which the system's own error for it would be.
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path)) from error
