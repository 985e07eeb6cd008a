"""Text adapted to what a column can hold, visibly, so that an audit row never fails because of its text."""

from __future__ import annotations

_SHORTENED = " [shortened]"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def fit_to_column(text: str, max_bytes: int, character_set: str) -> str:
    """Return the text as a column limited in bytes can hold it, such as MySQL's `text`.

    Characters that the character set lacks become U+FFFD, or `?` where it lacks that one, too. A text that is too long
    is cut and ends with ` [shortened]`.

    Args:
        text: Any text.
        max_bytes: The column's length, in bytes of its character set.
        character_set: MySQL's name of the character set. A blank or unknown name is treated as ASCII.
    """
    clean = _replace_unrepresentable(text, character_set)
    # MySQL's latin1 is Windows' cp1252.
    encoding = "utf-8" if character_set.startswith("utf8") else "cp1252"
    encoded = clean.encode(encoding, "replace")
    if len(encoded) <= max_bytes:
        return clean
    kept = max(0, max_bytes - len(_SHORTENED))
    return encoded[:kept].decode(encoding, "ignore") + _SHORTENED


def fit_to_length(text: str, max_characters: int, character_set: str) -> str:
    """Return the text as a column limited in characters can hold it, such as `varchar`. See `fit_to_column`."""
    clean = _replace_unrepresentable(text, character_set)
    if len(clean) <= max_characters:
        return clean
    return clean[: max_characters - len(_SHORTENED)] + _SHORTENED


def _replace_unrepresentable(text: str, character_set: str) -> str:
    # No character set can represent a lone surrogate.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    if character_set == "utf8mb4":
        return clean
    if character_set.startswith("utf8"):
        return "".join(_REPLACEMENT if ord(character) > 0xFFFF else character for character in clean)
    if character_set == "latin1":
        return clean.encode("cp1252", "replace").decode("cp1252")
    return clean.encode("ascii", "replace").decode("ascii")
