"""The license agreement that must be accepted before a key is added."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from core.base.errors import ConfigurationError
from core.base.regular_file import read_regular_file

DEFAULT_TITLE = "API Access Agreement"


@dataclass(frozen=True)
class Agreement:
    """A license text that can be accepted."""

    title: str
    text: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the text's UTF-8 bytes, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Acceptance:
    """An agreement that was accepted; the acceptance is logged."""

    title: str
    sha256: str
    number: int
    """The number of its row in the companion."""


def default_agreement() -> Agreement:
    """Return the agreement that comes with apisetup."""
    return Agreement(DEFAULT_TITLE, files("core.model").joinpath("agreement.txt").read_text(encoding="utf-8"))


def agreement_from(path: Path, title: str) -> Agreement:
    """Read an office's own license text.

    Raises:
        ConfigurationError: The file can't be read as UTF-8 text, or is empty.
    """
    try:
        # Universal newlines, as in a file that is opened as text.
        text = read_regular_file(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
        raise ConfigurationError(
            f"The license text {path} cannot be read{reason}.", "It must be a UTF-8 text file that you can read."
        ) from error
    if not text.strip():
        raise ConfigurationError(f"The license text {path} is empty.", "Add the text, or remove the setting.")
    return Agreement(title, text)
