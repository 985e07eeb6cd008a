"""Files and directories that exist only while a process works on them, and the removal of what a killed one left.

A process holds a lock (`flock`) on each of them. The operating system releases it when the process ends, however it
ends, so whatever of ours can be locked is not in use any more. Names, owner and type are checked, too: the directories
may be shared, such as `/tmp`, and others may put anything there.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

from core.base.file_status import entry_status

PARTIAL = "partial"
_FOLDER = "folder"
_PREFIX = ".apisetup-"
_TEMPORARY_PREFIX, _TEMPORARY_SUFFIX = "apisetup-demo-", ".tmp"
_TEMPORARY_NAME = re.compile(rf"{_TEMPORARY_PREFIX}\w{{8}}{re.escape(_TEMPORARY_SUFFIX)}")


class PartialFile:
    """A private file under a hidden name of its own, which gets its final name when it's complete.

    Args:
        directory: The directory of the final name, so that it can be renamed.
        kind: The end of its name. `remove_leftovers` removes those of the kind `PARTIAL`.
    """

    def __init__(self, directory: Path, kind: str = PARTIAL) -> None:
        # The name is known before the file exists, since a signal may interrupt the program right afterwards.
        self.path = directory / f"{_PREFIX}{os.urandom(8).hex()}.{kind}"
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.remove()

    def create(self) -> None:
        """Create the file with mode 0600 and lock it.

        Raises:
            OSError: The directory can't be written.
        """
        while self._file is None:
            descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            # A file system without locks can't be cleaned up; that must not keep anybody from writing to it.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink == 0:
                # Another process took it for a leftover before it was locked.
                os.close(descriptor)
                continue
            self._file = os.fdopen(descriptor, "wb")

    def write(self, content: bytes) -> None:
        """Append to the file. A full disk is reported here and not when the file is closed.

        Raises:
            OSError: The disk is full, or refuses to write.
            ValueError: The file was removed meanwhile, by another thread.
        """
        file = self._open_file()
        file.write(content)
        file.flush()

    def sync(self, mode: int | None = None) -> None:
        """Flush the file to disk, so that it's complete before it gets its name.

        Args:
            mode: The permissions of the complete file; None for 0600.
        """
        descriptor = self._open_file().fileno()
        if mode is not None:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)

    def replace(self, path: Path) -> None:
        """Give the file its final name, and replace what has that name."""
        self.path.replace(path)

    def link(self, path: Path) -> None:
        """Give the file its final name, which must be free.

        Raises:
            FileExistsError: The name is taken; nothing was overwritten.
            OSError: The directory can't be written.
        """
        try:
            os.link(self.path, path)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP):
                raise
            # FAT has no links. What appears between these two calls is overwritten.
            if entry_status(path) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
            self.path.rename(path)

    def is_at(self, path: Path) -> bool:
        """Return True if a path is this file."""
        return self._file is not None and not self._file.closed and _is_same(self._file.fileno(), path)

    def close(self) -> None:
        """Close the file and release its lock; a file that isn't complete is then a leftover."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()

    def remove(self) -> None:
        """Remove the hidden name and close the file; under its final name, the file stays."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.close()

    def _open_file(self) -> IO[bytes]:
        file = self._file
        if file is None:
            raise ValueError("removed meanwhile")
        return file


def set_aside(path: Path, kind: str) -> PartialFile | None:
    """Give an existing file a hidden name, from which it can be renamed back; None if there is no file.

    Raises:
        IsADirectoryError: The path is a directory; it stays.
        OSError: The file can't be renamed.
    """
    status = entry_status(path)
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    hidden = PartialFile(path.parent, kind)
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        hidden._file = os.fdopen(descriptor, "r+b", buffering=0)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        path.rename(hidden.path)
    except BaseException as error:
        hidden.close()
        if isinstance(error, FileNotFoundError):
            return None
        raise
    return hidden


def leftovers(directory: Path, kind: str) -> Iterator[Path]:
    """Yield the partial files that no process uses, each one locked, and remove it before the next one is yielded.

    A directory that can't be read has none.
    """
    name = re.compile(rf"{re.escape(_PREFIX)}[0-9a-f]{{16}}\.{re.escape(kind)}")
    for path in _matching_paths(directory, name):
        with _unused(path, os.O_RDWR, stat.S_ISREG) as is_unused:
            if is_unused:
                yield path
                with suppress(OSError):
                    path.unlink(missing_ok=True)


def remove_leftovers(directory: Path) -> None:
    """Remove the partial files in a directory that no process uses."""
    for _path in leftovers(directory, PARTIAL):
        pass


class PartialFolder:
    """A private folder under a hidden name of its own, which gets its final name when all of its files are complete.

    Args:
        directory: The directory of the final name, so that it can be renamed.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / f"{_PREFIX}{os.urandom(8).hex()}.{_FOLDER}"
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.remove()

    def create(self) -> None:
        """Create the folder with mode 0700 and lock it.

        Raises:
            OSError: The directory can't be written.
        """
        while self._descriptor is None:
            self.path.mkdir(mode=0o700)
            try:
                descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except FileNotFoundError:
                # Another process took it for a leftover before it was locked.
                continue
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_same(descriptor, self.path):
                self._descriptor = descriptor
            else:
                os.close(descriptor)

    def write(self, name: str, content: bytes) -> None:
        """Write one of its files, with mode 0600, and flush it to disk.

        Raises:
            OSError: The disk is full, or refuses to write.
        """
        descriptor = os.open(self.path / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)

    def publish(self, path: Path) -> None:
        """Give the folder its final name, which must be free.

        Raises:
            FileExistsError: The name is taken.
            OSError: The directory can't be written.
        """
        if self._descriptor is not None:
            os.fsync(self._descriptor)
        # What appears after this is never overwritten either: a folder takes only the place of one that is empty.
        if entry_status(path) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self.path.rename(path)

    def is_at(self, path: Path) -> bool:
        """Return True if a path is this folder."""
        return self._descriptor is not None and _is_same(self._descriptor, path)

    def remove(self) -> None:
        """Remove the folder with its hidden name; under its final name, it stays."""
        from shutil import rmtree

        rmtree(self.path, ignore_errors=True)
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def remove_left_folders(directory: Path) -> None:
    """Remove the partial folders in a directory that no process uses."""
    from shutil import rmtree

    name = re.compile(rf"{re.escape(_PREFIX)}[0-9a-f]{{16}}\.{_FOLDER}")
    for path in _matching_paths(directory, name):
        with _unused(path, os.O_RDONLY | os.O_DIRECTORY, stat.S_ISDIR) as is_unused:
            if is_unused:
                rmtree(path, ignore_errors=True)


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Create a private directory in the directory for temporary files, and remove it at the end of the block."""
    from shutil import rmtree

    path, descriptor = _create_temporary_directory()
    try:
        yield path
    finally:
        rmtree(path, ignore_errors=True)
        os.close(descriptor)


def remove_temporary_directories() -> None:
    """Remove the temporary directories that killed runs of the program left."""
    from shutil import rmtree
    from tempfile import gettempdir

    for path in _matching_paths(Path(gettempdir()), _TEMPORARY_NAME):
        with _unused(path, os.O_RDONLY | os.O_DIRECTORY, stat.S_ISDIR) as is_unused:
            if is_unused:
                rmtree(path, ignore_errors=True)


def _create_temporary_directory() -> tuple[Path, int]:
    """Create a directory and lock it; return its path and the descriptor that holds the lock."""
    from tempfile import mkdtemp

    while True:
        path = Path(mkdtemp(prefix=_TEMPORARY_PREFIX, suffix=_TEMPORARY_SUFFIX))
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            # Another process took it for a leftover.
            continue
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_same(descriptor, path):
            return path, descriptor
        os.close(descriptor)


def _matching_paths(directory: Path, name: re.Pattern[str]) -> list[Path]:
    try:
        with os.scandir(directory) as entries:
            return [Path(entry.path) for entry in entries if name.fullmatch(entry.name)]
    except OSError:
        return []


@contextmanager
def _unused(path: Path, flags: int, is_expected_type: Callable[[int], bool]) -> Iterator[bool]:
    """Lock a file or directory for the block; yield False if it's not ours or if a process uses it."""
    try:
        # Without O_NONBLOCK, a named pipe would block.
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield False
        return
    try:
        yield _is_ours_and_free(descriptor, path, is_expected_type)
    finally:
        os.close(descriptor)


def _is_ours_and_free(descriptor: int, path: Path, is_expected_type: Callable[[int], bool]) -> bool:
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or not is_expected_type(status.st_mode):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return _is_same(descriptor, path)


def _is_same(descriptor: int, path: Path) -> bool:
    """Return True if a path still leads to the open file or directory."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except OSError:
        return False
