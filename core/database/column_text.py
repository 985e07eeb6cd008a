"""Text made to fit a column, visibly, so that an audit row never fails because of its words."""

from __future__ import annotations

_SHORTENED = " [shortened]"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def fit_to_column(text: str, bytes_at_most: int, character_set: str) -> str:
    """The text as a column can hold it.

    Args:
        text: Any text.
        bytes_at_most: The column's length in bytes of its character set.
        character_set: MySQL's name of it; an empty or unknown name is treated as ASCII.

    Returns:
        The text with characters that the column cannot hold replaced by U+FFFD (or `?` where that is one of them), cut
        to the length with ` [shortened]` at its end where it was longer.
    """
    kept = _representable(text, character_set)
    # MySQL's latin1 is Windows' cp1252.
    encoding = "utf-8" if character_set.startswith("utf8") else "cp1252"
    encoded = kept.encode(encoding, "replace")
    if len(encoded) <= bytes_at_most:
        return kept
    room = max(0, bytes_at_most - len(_SHORTENED))
    return encoded[:room].decode(encoding, "ignore") + _SHORTENED


def fit_to_length(text: str, characters_at_most: int, character_set: str) -> str:
    """The same for a column whose length counts characters, as `varchar` does."""
    kept = _representable(text, character_set)
    if len(kept) <= characters_at_most:
        return kept
    return kept[: characters_at_most - len(_SHORTENED)] + _SHORTENED


def _representable(text: str, character_set: str) -> str:
    # A lone surrogate can stand in no column at all.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    if character_set == "utf8mb4":
        return clean
    if character_set.startswith("utf8"):
        return "".join(_REPLACEMENT if ord(character) > 0xFFFF else character for character in clean)
    if character_set == "latin1":
        return clean.encode("cp1252", "replace").decode("cp1252")
    return clean.encode("ascii", "replace").decode("ascii")
