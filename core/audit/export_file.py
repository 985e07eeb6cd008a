"""The files of an export on disk: a partial file that gets its name only when it is complete, and a manifest."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from core.audit.export_target import manifest_file
from core.base.errors import ExportFailed


class ExportFile:
    """An export that is written to a partial file, which only this account can read.

    No file exists under the export's own name until `publish`.

    Args:
        path: The path of the export, from `validate_target`.
        may_replace: True if an existing export and manifest may be replaced.
    """

    def __init__(self, path: Path, *, may_replace: bool) -> None:
        self.path = path
        self._may_replace = may_replace
        self._partial: IO[bytes] | None = None
        self._partial_path: Path | None = None
        self._digest = hashlib.sha256()

    @property
    def is_open(self) -> bool:
        """True while the partial file is being written."""
        return self._partial is not None

    @property
    def sha256(self) -> str:
        """The SHA-256 of what has been written so far, in hexadecimal."""
        return self._digest.hexdigest()

    def create(self) -> None:
        """Create the partial file.

        Raises:
            ExportFailed: The directory can't be written.
        """
        with self._translate_os_errors():
            # The path is stored before the file exists, since a signal may interrupt the program right afterwards.
            self._partial_path = _partial_path(self.path)
            self._partial = _create_private(self._partial_path)
            self._digest = hashlib.sha256()

    def write(self, text: str) -> None:
        """Append text to the partial file.

        Raises:
            ExportFailed: The disk is full, or the file can't be written or was removed.
        """
        # Another thread may remove the file at any time.
        partial = self._partial
        if partial is None:
            raise ExportFailed("The export was ended before all was written. Nothing of it is kept.")
        encoded = text.encode("utf-8", "backslashreplace")
        with self._translate_os_errors():
            partial.write(encoded)
            # Flush now, so that a full disk is reported here and not when the file is closed.
            partial.flush()
        self._digest.update(encoded)

    def publish(self, manifest: bytes) -> None:
        """Write the manifest, and give both files their names.

        Raises:
            ExportFailed: A file can't be written, or one of that name was created meanwhile.
        """
        with self._translate_os_errors():
            self._publish(manifest)

    def remove(self) -> None:
        """Remove the partial file, if there is one."""
        if self._partial is not None:
            with suppress(OSError):
                self._partial.close()
            self._partial = None
        if self._partial_path is not None:
            self._partial_path.unlink(missing_ok=True)
            self._partial_path = None

    def _publish(self, manifest: bytes) -> None:
        assert self._partial is not None  # noqa: S101 - an export is published after it was created
        assert self._partial_path is not None  # noqa: S101
        os.fsync(self._partial.fileno())
        self._partial.close()
        manifest_path = manifest_file(self.path)
        partial_manifest = _partial_path(self.path)
        created: list[Path] = []
        try:
            with _create_private(partial_manifest) as file:
                file.write(manifest)
            if not self._may_replace:
                for each in (self.path, manifest_path):
                    # Reserve the names: another program may have created such a file meanwhile.
                    os.close(os.open(each, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                    created.append(each)
            partial_manifest.replace(manifest_path)
            created.append(manifest_path)
            self._partial_path.replace(self.path)
        except BaseException:
            for each in created:
                each.unlink(missing_ok=True)
            raise
        finally:
            partial_manifest.unlink(missing_ok=True)
        self._partial = self._partial_path = None

    @contextmanager
    def _translate_os_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            # Writing to a file that was closed meanwhile is a ValueError.
            number = error.errno if isinstance(error, OSError) else None
            full = number in (errno.ENOSPC, errno.EDQUOT)
            why = "the disk is full" if full else (os.strerror(number) if number else "it was closed")
            raise ExportFailed(
                f"{self.path} could not be written: {why}. Nothing of it is kept, so nothing was exported.",
                "Free some space, or choose another directory." if full else "Choose another name or directory.",
            ) from error


def _partial_path(path: Path) -> Path:
    """Return a new hidden path next to a file, under which it is written until it is complete."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


def _create_private(path: Path) -> IO[bytes]:
    """Create a new file that only this account can read."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
