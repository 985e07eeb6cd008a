"""Reading small files that an admin names: regular files only, so that no read blocks or never ends."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

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
    with open_regular_file(path) as file:
        if require is not None:
            require(os.fstat(file.fileno()))
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes:,} bytes", str(path))
    return content


def require_regular_file(path: Path, max_bytes: int = MAX_TEXT_BYTES) -> None:
    """Raise an error unless a file can be read: for a library that opens it itself, and would block.

    Raises:
        OSError: The file can't be read, is a pipe, a device or a directory, or is too large.
    """
    with open_regular_file(path) as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise OSError(errno.EFBIG, f"it has more than {max_bytes:,} bytes", str(path))


def open_regular_file(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        OSError: The file can't be read, or is a pipe, a socket, a device or a directory.
    """
    try:
        file = open(path, "rb", opener=_open_without_blocking)  # noqa: SIM115 - the caller closes it
    except ValueError as error:
        # A null character, which the system's own error for it would be.
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path)) from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise _not_regular(path)


def _open_without_blocking(path: str, flags: int) -> int:
    # Without these flags, it would wait for the writer of a named pipe, and could not check its type.
    try:
        return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.ENXIO:
            # A socket, or a device that isn't there.
            raise _not_regular(path) from error
        raise


def _not_regular(path: Path | str) -> OSError:
    return OSError(errno.EINVAL, "it is not a regular file", str(path))
