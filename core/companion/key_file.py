"""The sources of a companion's encryption keys: a private file next to it, or what an admin names."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from core.base.current_directory import real_path
from core.base.errors import ConfigurationError, EncryptionKeyUnavailable
from core.base.file_status import entry_status
from core.base.partial_file import PartialFile, remove_leftovers
from core.base.private_file import create_private_directory, fsync_directory, replace_private_file
from core.base.regular_file import open_regular_file
from core.base.secret import Secret
from core.companion.encryption import EncryptionKey

KEY_FILE_SUFFIX = ".key"
_MAX_BYTES = 4096


class EncryptionKeys(Protocol):
    """The source of the encryption keys. The first one encrypts; the others only decrypt."""

    @property
    def place(self) -> str:
        """The source, as named in sentences."""
        ...

    def read(self) -> tuple[EncryptionKey, ...]:
        """Return the keys; none if the source has none.

        Raises:
            EncryptionKeyUnavailable: The source can't be read, or isn't private.
        """
        ...


class GivenKeys:
    """Keys from a source that the configuration file names.

    Args:
        text: What the source holds: one or more keys in Base64, with spaces in between.
        place: The source, as named in sentences.

    Raises:
        ConfigurationError: It holds something else.
    """

    def __init__(self, text: Secret, place: str) -> None:
        self.place = place
        words = text.reveal().split()
        self._keys = tuple(key for word in words if (key := _parsed(word)) is not None)
        if not words or len(self._keys) < len(words):
            # Raised outside a handler, and without the text, since it may be a secret of another kind.
            raise ConfigurationError(
                f"The encryption key from {place} can't be used: it isn't 32 bytes in Base64.",
                "Create one with: openssl rand -base64 32",
            )

    def read(self) -> tuple[EncryptionKey, ...]:
        """Return the keys."""
        return self._keys


class KeyFile:
    """A file with one encryption key in Base64 on each line. Only its owner may access it.

    Args:
        path: The file; it doesn't have to exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> tuple[EncryptionKey, ...]:
        """Return the keys of the file; none if it doesn't exist.

        Raises:
            EncryptionKeyUnavailable: The file can't be read, holds something else, or other accounts can access it.
        """
        try:
            with open_regular_file(self.path) as file:
                self._require_private(os.fstat(file.fileno()))
                lines = file.read(_MAX_BYTES).decode("ascii", "replace").split()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise EncryptionKeyUnavailable(
                f"The encryption key file {self.path} can't be read: {error.strerror}.",
                "Check the file and its directory.",
            ) from error
        keys = tuple(key for line in lines if (key := _parsed(line)) is not None)
        if not lines or len(keys) < len(lines):
            raise EncryptionKeyUnavailable(
                f"The encryption key file {self.path} doesn't hold a key: it isn't 32 bytes in Base64.",
                "Restore it from a backup.",
            )
        return keys

    def ensure(self) -> EncryptionKey:
        """Return the first key of the file, which is created with a new key if it doesn't exist.

        It gets its name when it is complete, and stays as it is if another program was faster.

        Raises:
            EncryptionKeyUnavailable: The file can't be created or used.
        """
        present = self.read()
        if present:
            return present[0]
        key = EncryptionKey.generate()
        target = real_path(self.path)
        try:
            create_private_directory(target.parent)
            remove_leftovers(target.parent)
            with PartialFile(target.parent) as partial, suppress(FileExistsError):
                partial.create()
                partial.write(f"{key.text().reveal()}\n".encode())
                partial.sync()
                partial.link(target)
            fsync_directory(target.parent)
        except OSError as error:
            raise self._cannot_be_written(error) from error
        return self.read()[0]

    def replace(self, keys: Sequence[EncryptionKey]) -> None:
        """Replace the keys of the file atomically.

        Raises:
            EncryptionKeyUnavailable: The file can't be written; it holds what it held before.
        """
        try:
            replace_private_file(self.path, "".join(f"{key.text().reveal()}\n" for key in keys))
        except OSError as error:
            raise self._cannot_be_written(error) from error

    def exists(self) -> bool:
        """Return True if anything is at the path."""
        try:
            return entry_status(self.path) is not None
        except OSError:
            return False

    def _cannot_be_written(self, error: OSError) -> EncryptionKeyUnavailable:
        return EncryptionKeyUnavailable(
            f"The encryption key file {self.path} can't be written: {error.strerror}.",
            "Check the directory's permissions and the disk's free space.",
        )

    def _require_private(self, status: os.stat_result) -> None:
        if status.st_uid not in (os.getuid(), 0):
            raise EncryptionKeyUnavailable(
                f"The encryption key file {self.path} belongs to another account, which can read and change it.",
                f"Run: chown {os.getuid()} {shlex.quote(str(self.path))}",
            )
        if status.st_mode & 0o077:
            raise EncryptionKeyUnavailable(
                f"The encryption key file {self.path} has mode {stat.S_IMODE(status.st_mode):04o}, so other accounts"
                " can read or change it.",
                f"Run: chmod 600 {shlex.quote(str(self.path))}",
            )


def key_file_of(companion: Path) -> KeyFile:
    """Return the key file next to a companion file."""
    # As with SQLite's own files next to a database, those of a link are next to its target.
    target = real_path(companion)
    return KeyFile(target.with_name(target.name + KEY_FILE_SUFFIX))


def _parsed(text: str) -> EncryptionKey | None:
    try:
        return EncryptionKey.parse(text)
    except ValueError:
        return None
