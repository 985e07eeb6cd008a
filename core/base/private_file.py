"""Files that nobody else reads: made empty, or written whole so that they hold the old content or the new one."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

_PRIVATE = 0o600


def create_private_file(path: Path) -> None:
    """Create an empty file with mode 0600, and its directory with 0700, where they are missing.

    Raises:
        OSError: The place cannot be written.
    """
    create_private_directory(path.parent)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _PRIVATE))


def replace_private_file(path: Path, text: str) -> None:
    """Write a text into a file of mode 0600, or the mode that it has; its directory is made where it is missing.

    A file that a symbolic link leads to is replaced, not the link.

    Raises:
        OSError: The place cannot be written; what was there is as it was.
    """
    target = Path(os.path.realpath(path))
    create_private_directory(target.parent)
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _PRIVATE
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as file:
        beside = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            beside.replace(target)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
    _fsync_directory(target.parent)


def create_private_directory(path: Path) -> None:
    """Create a directory and those above it that are missing, all with mode 0700.

    Raises:
        OSError: The place cannot be written.
    """
    if not path.is_dir():
        create_private_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def _fsync_directory(directory: Path) -> None:
    """Have the new name survive a power failure."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
