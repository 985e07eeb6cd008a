"""The file that an export goes to: its name, and the one beside it that says what it is."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from core.base.errors import InvalidInput

MANIFEST_SUFFIX = ".about.json"
"""What the name of the file beside ends in, which says what the export is."""


class ExportFormat(Enum):
    """The kinds of file; the value is how their names end."""

    CSV = ".csv"
    JSON_LINES = ".jsonl"


def manifest_file(file: Path) -> Path:
    """The file beside an export, which says what it is."""
    return file.with_name(file.name + MANIFEST_SUFFIX)


def validate_target(text: str, *, may_replace: bool) -> Path:
    """The file to write, from what was typed.

    Raises:
        InvalidInput: It cannot be written, or is there already; the field is `file`.
    """
    if not text.strip() or text.strip().endswith("/"):
        raise InvalidInput("file", "Name a file.", "It ends in .csv or .jsonl.")
    try:
        return _checked(Path(text.strip()).expanduser().absolute(), may_replace=may_replace)
    except (OSError, RuntimeError, ValueError) as error:
        # A directory that may not be looked into, a home of nobody, a name too long or with a null character.
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error).rstrip(".")
        raise InvalidInput("file", f"{text.strip()} cannot be written: {why}.", "Choose another one.") from error


def _checked(file: Path, *, may_replace: bool) -> Path:
    if file.suffix.casefold() not in {each.value for each in ExportFormat}:
        raise InvalidInput("file", f"The name {file.name} tells no kind of file.", "It must end in .csv or .jsonl.")
    if not file.parent.is_dir():
        raise InvalidInput("file", f"There is no directory {file.parent}.", "Make it first, or choose another one.")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise InvalidInput("file", f"The directory {file.parent} cannot be written.", "Choose another one.")
    taken = [each for each in (file, manifest_file(file)) if _is_there(each)]
    for each in taken:
        if each.is_dir():
            raise InvalidInput("file", f"{each} is a directory.", "Choose another name.")
    if taken and not may_replace:
        raise FileTaken(taken[0])
    return file


def _is_there(file: Path) -> bool:
    """Whether anything has this name, and be it a link to nowhere."""
    try:
        file.lstat()
    except FileNotFoundError:
        return False
    return True


class FileTaken(InvalidInput):
    """The file is there already; it is not written over without asking."""

    def __init__(self, file: Path) -> None:
        super().__init__("file", f"{file} is there already.", "Choose another name, or say that it may be replaced.")
        self.file = file
