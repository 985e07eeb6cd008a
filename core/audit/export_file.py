"""The files of an export on disk: a partial file that gets its name only when it is complete, and a manifest.

Whenever the program is killed, the export's name is free, or has all of the old export or all of the new one. A
manifest next to it always belongs to it. While an export is replaced, it has no manifest for a moment; the next export
into the directory supplies what is missing.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.audit.export_target import manifest_file
from core.base.errors import ExportFailed
from core.base.file_status import entry_status
from core.base.partial_file import PartialFile, leftovers, remove_leftovers, set_aside
from core.base.private_file import fsync_directory

_MANIFEST = "manifest"
"""The kind of the hidden files of manifests."""
_MAX_MANIFEST_BYTES = 100_000


class ExportFile:
    """An export that is written to a partial file, which only this account can read.

    No file exists under the export's own name until `publish`.

    Args:
        path: The path of the export, from `validate_target`.
        may_replace: True if an existing export and manifest may be replaced.

    Attributes:
        is_published: True once the export and its manifest have their names.
    """

    def __init__(self, path: Path, *, may_replace: bool) -> None:
        self.path = path
        self.is_published = False
        self._may_replace = may_replace
        self._partial: PartialFile | None = None
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
        """Create the partial file, after removing from its directory what killed exports left.

        Raises:
            ExportFailed: The directory can't be written.
        """
        with self._translate_os_errors():
            _clean_up(self.path.parent)
            self._partial = PartialFile(self.path.parent)
            self._partial.create()
            self._digest = hashlib.sha256()

    def write(self, text: str) -> None:
        """Append text to the partial file.

        Raises:
            ExportFailed: The disk is full, or the file can't be written or was removed.
        """
        encoded = text.encode("utf-8", "backslashreplace")
        with self._translate_os_errors():
            self._require_partial().write(encoded)
        self._digest.update(encoded)

    def publish(self, manifest: bytes) -> None:
        """Write the manifest, and give both files their names.

        Raises:
            ExportFailed: A file can't be written, or one of that name was created meanwhile.
        """
        with self._translate_os_errors():
            partial = self._require_partial()
            partial.sync()
            with PartialFile(self.path.parent, _MANIFEST) as described:
                described.create()
                described.write(manifest)
                described.sync()
                self._give_names(partial, described)
            self.remove()
            # The files are complete, whatever the disk says about their directory.
            with suppress(OSError):
                fsync_directory(self.path.parent)

    def remove(self) -> None:
        """Remove the partial file, if there is one. A published file stays."""
        # Another thread may write to the file at any time.
        partial, self._partial = self._partial, None
        if partial is not None:
            partial.remove()

    def _give_names(self, partial: PartialFile, described: PartialFile) -> None:
        try:
            if self._may_replace:
                self._replace(partial, described)
            else:
                self._link(partial, described)
            self.is_published = True
        except BaseException:
            # A signal may arrive right after the last step.
            manifest = manifest_file(self.path)
            self.is_published = partial.is_at(self.path) and described.is_at(manifest)
            raise

    def _link(self, partial: PartialFile, described: PartialFile) -> None:
        """Give both files names that are free. The manifest comes first: alone it describes nothing."""
        manifest = manifest_file(self.path)
        try:
            described.link(manifest)
            partial.link(self.path)
        except BaseException:
            if described.is_at(manifest) and not partial.is_at(self.path):
                manifest.unlink()
            raise

    def _replace(self, partial: PartialFile, described: PartialFile) -> None:
        """Replace both files. The old manifest goes first, so that it's never next to the new export."""
        manifest = manifest_file(self.path)
        old = set_aside(manifest, _MANIFEST)
        try:
            partial.replace(self.path)
            described.replace(manifest)
        except BaseException:
            if partial.is_at(self.path):
                with suppress(OSError):
                    described.replace(manifest)
            elif old is not None:
                with suppress(OSError):
                    old.replace(manifest)
            raise
        finally:
            if old is not None:
                old.remove()

    def _require_partial(self) -> PartialFile:
        # Another thread may remove the file at any time.
        partial = self._partial
        if partial is None:
            raise ExportFailed("The export ended before it was complete. No file was kept.")
        return partial

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
                f"Can't write {self.path}: {why}. Nothing was exported, and no file was kept.",
                "Free some space, or choose another directory." if full else "Choose another name or directory.",
            ) from error


def _clean_up(directory: Path) -> None:
    """Remove what killed exports left in a directory, and complete one that was killed while it got its names."""
    for leftover in leftovers(directory, _MANIFEST):
        with suppress(OSError, ValueError):
            _resolve(leftover)
    remove_leftovers(directory)


def _resolve(leftover: Path) -> None:
    """Give a manifest that was left under its hidden name to the export that it describes.

    Raises:
        OSError: A file can't be read or renamed.
        ValueError: The leftover isn't a complete manifest.
    """
    with leftover.open("rb") as file:
        content = json.loads(file.read(_MAX_MANIFEST_BYTES))
    if not isinstance(content, dict) or Path(str(content.get("file"))).name != content.get("file"):
        return
    export = leftover.with_name(content["file"])
    manifest = manifest_file(export)
    published = entry_status(manifest)
    if entry_status(export) is None:
        # It got its name before the export did.
        if published is not None and os.path.samestat(leftover.lstat(), published):
            manifest.unlink()
        return
    if published is None and _sha256(export) == content.get("sha256"):
        os.link(leftover, manifest)


def _sha256(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
