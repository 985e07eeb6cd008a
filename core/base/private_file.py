"""Files and directories that only their owner can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.base.file_status import file_status, is_directory
from core.base.partial_file import PartialFile, remove_leftovers

_PRIVATE = 0o600


def replace_private_file(path: Path, text: str) -> None:
    """Replace the content of a file atomically: after a crash it holds the old text or the new text, never a part.

    A new file gets mode 0600; an existing file keeps its mode. Missing directories are created with mode 0700. If the
    path is a symbolic link, the file it points to is replaced, not the link. What a killed run left is removed.

    Raises:
        OSError: The file can't be written; its old content is unchanged.
    """
    target = Path(os.path.realpath(path))
    create_private_directory(target.parent)
    status = file_status(target)
    mode = stat.S_IMODE(status.st_mode) if status is not None else _PRIVATE
    remove_leftovers(target.parent)
    with PartialFile(target.parent) as partial:
        partial.create()
        partial.write(text.encode("utf-8"))
        partial.sync(mode)
        partial.replace(target)
    fsync_directory(target.parent)


def create_private_directory(path: Path) -> None:
    """Create a directory and its missing parents, all with mode 0700.

    Raises:
        OSError: A directory can't be created.
    """
    if not is_directory(path):
        create_private_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def fsync_directory(directory: Path) -> None:
    """Flush a directory to disk, so that a renamed file survives a power failure."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
