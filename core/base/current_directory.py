"""The current directory, and paths that are relative to it. It may have been deleted since the program started."""

from __future__ import annotations

import os
from pathlib import Path

from core.base.errors import ConfigurationError


def current_directory() -> Path:
    """Return the current directory.

    Raises:
        ConfigurationError: It was deleted, or this account may not enter it.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigurationError(
            f"The current directory can't be used: {error.strerror}.",
            "Change to another one (cd), or write each path in full.",
        ) from error


def absolute_path(path: Path) -> Path:
    """Return a path as an absolute one, with its symbolic links kept.

    Raises:
        ConfigurationError: It is relative, and the current directory can't be used.
    """
    return path if path.is_absolute() else current_directory() / path


def real_path(path: Path) -> Path:
    """Return a path as an absolute one without symbolic links.

    Raises:
        ConfigurationError: It is relative, and the current directory can't be used.
    """
    return Path(os.path.realpath(absolute_path(path)))
