"""The file of a report, which gets its name only when it's complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.base.errors import ExportFailed, InvalidInput
from core.base.file_status import entry_status, is_directory
from core.base.partial_file import PartialFile, remove_leftovers
from core.base.private_file import fsync_directory


def report_target(text: str, *, may_replace: bool = False) -> Path:
    """Return the absolute path of a report, if it can be written.

    Args:
        text: The name as it was typed; `~` is expanded.
        may_replace: True if an existing file may be replaced. A directory never is.

    Raises:
        InvalidInput: It can't be written; the field is `file`.
    """
    try:
        path = Path(text.strip()).expanduser().absolute()
        taken = entry_status(path) is not None
        has_directory = is_directory(path.parent)
        is_folder = is_directory(path)
    except (OSError, RuntimeError, ValueError) as error:
        # A directory that can't be searched, an unknown user after `~`, or a name too long or with a null character.
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error).rstrip(".")
        raise InvalidInput("file", f"Can't write {text.strip()}: {why}.", "Choose another name.") from error
    if not has_directory:
        raise InvalidInput("file", f"Directory not found: {path.parent}.", "Create it first, or choose another one.")
    if taken and (is_folder or not may_replace):
        raise InvalidInput("file", f"{path} already exists.", "Choose another name.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InvalidInput("file", f"No permission to write to the directory {path.parent}.", "Choose another one.")
    return path


def free_name(directory: Path, name: str) -> str:
    """Return a name that isn't taken in a directory: the name itself, or with a number after it."""
    names = (name, *(f"{name}-{number}" for number in range(2, 100)))
    try:
        return next((each for each in names if entry_status(directory / each) is None), name)
    except OSError:
        # What is wrong with the directory is said when the name is used.
        return name


def write_report(path: Path, text: str, *, may_replace: bool) -> None:
    """Write a report to a file that only this account can read. After a crash, its name is free or has all of it.

    Args:
        path: The file, from `report_target`.
        text: The content.
        may_replace: True to replace a file of that name.

    Raises:
        ExportFailed: It can't be written, or the name was taken meanwhile.
    """
    with writing(path), PartialFile(path.parent) as partial:
        remove_leftovers(path.parent)
        partial.create()
        partial.write(text.encode("utf-8", "backslashreplace"))
        partial.sync()
        if may_replace:
            partial.replace(path)
        else:
            partial.link(path)
        fsync_directory(path.parent)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Translate errors of the operating system that are raised while a report is written.

    Raises:
        ExportFailed: The report can't be written.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else os.strerror(error.errno or errno.EIO)
        raise ExportFailed(
            f"Can't write {path}: {why}. Nothing was written.",
            "Free some space, or choose another directory." if full else "Choose another name or directory.",
        ) from error
