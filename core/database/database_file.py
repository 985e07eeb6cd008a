"""The SQLite files that the program opens: who may access them, and what a damaged one means."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.base.errors import DamagedFile, StorageFailed
from core.base.file_status import entry_status

_COMPANIONS = ("-journal", "-wal", "-shm")
"""The files that SQLite keeps next to a database. Their content becomes part of it, so they must be as private."""


def require_private_database(path: Path) -> None:
    """Raise an error unless a database is a regular file that only its owner, this user or root, can access.

    The file isn't opened: closing it again would release the locks that SQLite has on it in this process. A missing
    file is no error.

    Raises:
        StorageFailed: Others can read or change the file, or it's no regular file.
    """
    database = _real_path(path)
    existing = [(file, status) for file in _files_of(database) if (status := _status(file)) is not None]
    for file, status in existing:
        _require_own_file(path if file == database else file, status)
    open_to_others = [(file, status) for file, status in existing if status.st_mode & 0o077]
    if open_to_others:
        file, status = open_to_others[0]
        files = " ".join(shlex.quote(str(path if each == database else each)) for each, _status in open_to_others)
        raise StorageFailed(
            f"{path if file == database else file} has mode {stat.S_IMODE(status.st_mode):04o}, so other accounts can"
            " read or change it.",
            f"Run: chmod 600 {files}",
        )


def database_exists(path: Path) -> bool:
    """Return True if anything is at a database's path, a directory or a device included.

    Raises:
        StorageFailed: The system doesn't say, as for a directory that this account may not enter.
    """
    return _status(_real_path(path)) is not None


def require_content(path: Path) -> None:
    """Raise an error if a file exists and is empty: apisetup leaves none, so it lost what it held.

    Raises:
        StorageFailed: The file is empty.
    """
    status = _status(_real_path(path))
    if status is not None and stat.S_ISREG(status.st_mode) and status.st_size == 0:
        raise StorageFailed(
            f"{path} is empty (0 bytes). apisetup never leaves an empty file, so its content was lost.",
            f"Restore it from a backup. Or, to begin with a new one, run: rm {shlex.quote(str(path))}",
        )


@contextmanager
def name_damaged_file(path: Path, loss: str) -> Iterator[None]:
    """Name the file in an error about a damaged one that the block raises, and what is lost without it.

    Args:
        path: The SQLite file.
        loss: What a new file would lack.

    Raises:
        DamagedFile: The file is damaged, or isn't an SQLite database.
    """
    try:
        yield
    except DamagedFile as error:
        raise DamagedFile(
            f"{path} is damaged, or isn't an SQLite database.",
            f"Restore it from a backup. Or move it away, and {path.name}-journal and {path.name}-wal if they exist: a"
            f" new one is then created, without {loss}.",
        ) from error.__cause__


def _real_path(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _files_of(database: Path) -> list[Path]:
    return [database, *(database.with_name(database.name + end) for end in _COMPANIONS)]


def _status(path: Path) -> os.stat_result | None:
    try:
        return entry_status(path)
    except OSError as error:
        raise StorageFailed(
            f"{path} cannot be opened: {error.strerror}.",
            "Check that this account has access to every directory in its path.",
        ) from error


def _require_own_file(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise StorageFailed(f"{path} is a directory, not an SQLite file.", "Name a file, or move the directory away.")
    if not stat.S_ISREG(status.st_mode):
        raise StorageFailed(f"{path} is not a regular file.", "Name another file, or move it away.")
    if status.st_uid not in (os.getuid(), 0):
        raise StorageFailed(
            f"{path} belongs to another account, which can read and change it.",
            f"Check its content, then run: chown {os.getuid()} {shlex.quote(str(path))}",
        )
