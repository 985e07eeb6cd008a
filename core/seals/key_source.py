"""The sources of the private key of seals: a private file, or what an admin names. Never the practice."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from core.base.current_directory import real_path
from core.base.errors import ConfigurationError
from core.base.partial_file import PartialFile, remove_leftovers
from core.base.private_file import create_private_directory, fsync_directory
from core.base.regular_file import open_regular_file
from core.base.secret import Secret
from core.seals.signing import SigningKey

_MAX_BYTES = 10_000
_NEXT = ".next"
"""Added to the name of the key file while the change of the key is being sealed."""


class SealKeySource(Protocol):
    """A source of the private key."""

    @property
    def place(self) -> str:
        """The source, as named in sentences."""
        ...

    def read(self, expected: str = "") -> SigningKey | None:
        """Return the key; None if there is none yet.

        Args:
            expected: The public key that the last seal names; empty for no seal.

        Raises:
            ConfigurationError: It can't be read, isn't private, or isn't a key.
        """
        ...

    def create(self) -> SigningKey:
        """Create a key and keep it.

        Raises:
            ConfigurationError: It can't be kept here.
        """
        ...


class SealKeyFile:
    """A file with the key in PEM, which only its owner may access.

    Args:
        path: The file; it doesn't have to exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def _next(self) -> Path:
        return self.path.with_name(self.path.name + _NEXT)

    def read(self, expected: str = "") -> SigningKey | None:
        """Return the key. A change of the key that was sealed and then interrupted is completed first."""
        key = self._read(self.path)
        if expected and (key is None or key.public_key != expected):
            following = self._read(self._next)
            if following is not None and following.public_key == expected:
                with self._translate_os_errors("written"):
                    self._next.replace(real_path(self.path))
                return following
        return key

    def create(self) -> SigningKey:
        """Create the file with a new key; if another program was faster, return its key."""
        self._write(real_path(self.path))
        key = self._read(self.path)
        if key is None:
            raise ConfigurationError(f"The seal key file {self.path} was removed.", "Try again.")
        return key

    def prepare_next(self) -> SigningKey:
        """Return the key of the next seals, kept next to the present one until `read` finds it in a seal."""
        with self._translate_os_errors("written"), suppress(FileNotFoundError):
            self._next.unlink()
        self._write(self._next)
        key = self._read(self._next)
        if key is None:
            raise ConfigurationError(f"The seal key file {self._next} was removed.", "Try again.")
        return key

    def _write(self, path: Path) -> None:
        with self._translate_os_errors("written"):
            create_private_directory(path.parent)
            remove_leftovers(path.parent)
            with PartialFile(path.parent) as partial, suppress(FileExistsError):
                partial.create()
                partial.write(SigningKey.create().as_pem().reveal().encode())
                partial.sync()
                partial.link(path)
            fsync_directory(path.parent)

    def _read(self, path: Path) -> SigningKey | None:
        try:
            with open_regular_file(path) as file:
                _require_private(path, os.fstat(file.fileno()))
                content = file.read(_MAX_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ConfigurationError(
                f"The seal key file {path} can't be read: {error.strerror}.", "Check the file and its directory."
            ) from error
        return SigningKey.parse(Secret(content.decode("ascii", "replace")), f"The content of {path}")

    def _translate_os_errors(self, verb: str) -> _Translation:
        return _Translation(f"The seal key file {self.path} can't be {verb}")


class GivenSealKey:
    """A key from a source that the configuration file names.

    Args:
        read: Reads the source.
        place: The source, as named in sentences.
    """

    def __init__(self, read: Callable[[], Secret], place: str) -> None:
        self._read = read
        self.place = place

    def read(self, expected: str = "") -> SigningKey | None:  # noqa: ARG002 - as in every source
        """Return the key."""
        return SigningKey.parse(self._read(), f"The seal key from {self.place}")

    def create(self) -> SigningKey:
        """Refuse: apisetup doesn't write to such a source."""
        raise ConfigurationError(f"There is no seal key in {self.place}.", "Put one there.")


class TemporarySealKey:
    """A key that ends with the process, for the demo."""

    place = "the demo"

    def __init__(self) -> None:
        self._key: SigningKey | None = None

    def read(self, expected: str = "") -> SigningKey | None:  # noqa: ARG002 - as in every source
        """Return the key, if it was created."""
        return self._key

    def create(self) -> SigningKey:
        """Create a key."""
        self._key = self._key or SigningKey.create()
        return self._key


class _Translation:
    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            hint = "Free some space." if full else "Check the permissions of its directory."
            raise ConfigurationError(f"{self._sentence}: {error.strerror}.", hint) from error


def _require_private(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in (os.getuid(), 0):
        raise ConfigurationError(
            f"The seal key file {path} belongs to another account, which can read it.",
            f"Run: chown {os.getuid()} {shlex.quote(str(path))}",
        )
    if status.st_mode & 0o077:
        raise ConfigurationError(
            f"The seal key file {path} has mode {stat.S_IMODE(status.st_mode):04o}, so other accounts can read it.",
            f"Run: chmod 600 {shlex.quote(str(path))}; then change the key with: apisetup audit seal --rotate",
        )
