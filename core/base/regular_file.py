"""Reading small files that an admin names: regular files only, so that no read blocks or never ends."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

MAX_TEXT_BYTES = 4_000_000
"""The limit for files that are written by hand."""


def read_regular_file(
    path: Path, max_bytes: int = MAX_TEXT_BYTES, require: Callable[[os.stat_result], None] | None = None
) -> bytes:
    """Return the content of a regular file.

    Args:
        path: The file; symbolic links are followed.
        max_bytes: The largest size that is read.
        require: Raises an error if the file isn't acceptable. It gets the status of the opened file, which can't be
            exchanged after that.

    Raises:
        OSError: The file can't be read, is a pipe, a device or a directory, or is too large.
    """
    with open(path, "rb", opener=open_without_blocking) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        if require is not None:
            require(status)
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes:,} bytes", str(path))
    return content


def open_without_blocking(path: str, flags: int) -> int:
    """Open a file for `open`, without waiting for the writer of a named pipe, so that its type can be checked."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
