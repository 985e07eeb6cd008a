"""The user's own keys, as the configuration file names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def read_keymap(configured: Mapping[str, Sequence[str]], path: Path) -> dict[str, str]:
    """Return the keys in Textual's notation, by the ids of actions.

    Args:
        configured: The keys as the file has them, by the names of actions.
        path: The configuration file, for error messages.

    Raises:
        ConfigurationError: A name or a key can't be used. The error names the line.
    """
    if not configured:
        return {}
    # Imported here, because most starts have no keys of their own.
    from core.offices.config_parser import refuse_setting
    from tui.keymap import KeymapError, parse_keymap

    try:
        return parse_keymap(configured)
    except KeymapError as error:
        raise refuse_setting(path, ("keys", error.id), error.sentence, error.hint) from error
