"""Reading the file of a public key that an option names."""

from __future__ import annotations

from pathlib import Path

from core.base.errors import ConfigurationError
from core.base.regular_file import read_regular_file
from core.seals.signing import parse_public_key

_MAX_BYTES = 10_000


def read_public_key(file: str | None) -> str:
    """Return the public key in a file, as seals hold it; empty for no file.

    Raises:
        ConfigurationError: The file can't be read, or has no such key.
    """
    if not file:
        return ""
    try:
        text = read_regular_file(Path(file), _MAX_BYTES).decode("ascii", "replace")
    except OSError as error:
        raise ConfigurationError(f"{file} can't be read: {error.strerror}.", "Check its name.") from error
    return parse_public_key(text, file)
