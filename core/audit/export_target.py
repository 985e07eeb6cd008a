"""The names of the files that an export writes: the export itself and its manifest."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from core.base.errors import InvalidInput
from core.base.file_status import entry_status, is_directory

MANIFEST_SUFFIX = ".about.json"
"""The suffix that is added to the name of an export for the name of its manifest."""


class ExportFormat(Enum):
    """The file formats; the value is the suffix of the file name."""

    CSV = ".csv"
    JSON_LINES = ".jsonl"


def manifest_file(file: Path) -> Path:
    """Return the path of an export's manifest, the file next to it that describes it."""
    return file.with_name(file.name + MANIFEST_SUFFIX)


def validate_target(text: str, *, may_replace: bool) -> Path:
    """Convert a typed file name to the absolute path of an export.

    Args:
        text: The file name; `~` is expanded, and blanks around it are ignored.
        may_replace: True if an existing export and manifest may be replaced.

    Raises:
        TargetExists: The export or its manifest exists and may not be replaced.
        InvalidInput: The file can't be written. The field is `file`.
    """
    if not text.strip() or text.strip().endswith("/"):
        raise InvalidInput("file", "Enter a file name.", "It must end in .csv or .jsonl.")
    try:
        return _validate_path(Path(text.strip()).expanduser().absolute(), may_replace=may_replace)
    except (OSError, RuntimeError, ValueError) as error:
        # A directory that can't be searched, an unknown user after `~`, or a name too long or with a null character.
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error).rstrip(".")
        raise InvalidInput("file", f"Can't write {text.strip()}: {why}.", "Choose another one.") from error


class TargetExists(InvalidInput):
    """A file of that name exists and is not replaced without permission."""

    def __init__(self, file: Path) -> None:
        super().__init__("file", f"{file} already exists.", "Choose another name, or replace the file.")
        self.file = file


def _validate_path(file: Path, *, may_replace: bool) -> Path:
    if file.suffix.casefold() not in {each.value for each in ExportFormat}:
        raise InvalidInput("file", f"Unknown file type: {file.name}.", "It must end in .csv or .jsonl.")
    if not is_directory(file.parent):
        raise InvalidInput(
            "file", f"Directory not found: {file.parent}.", "Create it first, or choose another directory."
        )
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise InvalidInput("file", f"No permission to write to the directory {file.parent}.", "Choose another one.")
    existing = [each for each in (file, manifest_file(file)) if entry_status(each) is not None]
    for each in existing:
        if is_directory(each):
            raise InvalidInput("file", f"{each} is a directory.", "Choose another name.")
    if existing and not may_replace:
        raise TargetExists(existing[0])
    return file
