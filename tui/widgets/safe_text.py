"""Text that comes from a database or a user, made safe and visible for a terminal.

Nothing here knows of markup: what goes in is plain text, what comes out is plain text without control characters,
direction marks or invisible characters, so that stored text can neither drive the terminal nor falsify how a row reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import get_character_cell_size
from textual.content import Content

ELLIPSIS = "…"
MAX_LINE_LENGTH = 700
"""Cells of one line of a dialog; nobody reads more there."""

MARKS_PER_CHARACTER = 3
"""Combining marks shown upon one character; more would climb into the lines above."""

_WORDS = re.compile(r"([^ ]*)( *)")
# What Python calls printable and no terminal prints; variation selectors are among them.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)


def visible(text: str, width: int | None = None) -> str:
    """Make control, direction and invisible characters visible, on one line.

    Args:
        text: Any text, however long.
        width: Shorten to this many cells, with an ellipsis; None keeps everything.
    """
    if width is None:
        return text if _is_plain(text) else "".join(shown for shown, _ in _pieces(text))
    if width <= 0:
        return ""
    # One cell holds at most one character and its marks, so what lies further right is never looked at.
    head = text[: width * (1 + MARKS_PER_CHARACTER) + 1]
    if _is_plain(head):
        return head if len(head) <= width else head[: width - 1] + ELLIPSIS
    return _shortened(head, width)


def visible_lines(text: str) -> list[str]:
    """Make a text visible as `visible` does, but keep its line breaks."""
    return [visible(line) for line in text.replace("\r\n", "\n").split("\n")]


def plain_lines(lines: Iterable[str]) -> Content:
    """Make lines visible for a widget that would read a string as markup; a very long one is shortened."""
    return Content("\n".join(visible(line, MAX_LINE_LENGTH) for line in lines))


def same_length_visible(text: str) -> str:
    """Make a text visible with one character for each of its own, as a field needs that counts them."""
    if _is_plain(text):
        return text
    return "".join(shown if len(shown) == 1 else "\N{REPLACEMENT CHARACTER}" for shown in map(visible, text))


def fitted(text: str, width: int) -> str:
    """Make a text visible in exactly so many cells: shortened, or filled up with blanks."""
    shown = visible(text, width)
    return shown + " " * (width - cells(shown))


def cells(shown: str) -> int:
    """Count the cells of a text that `visible` returned."""
    return len(shown) if shown.isascii() else sum(map(get_character_cell_size, shown))


def wrapped(shown: str, width: int) -> list[str]:
    """Break a text that `visible` returned into lines of at most so many cells, between words where it can."""
    width = max(width, 2)  # a wide character needs two cells
    if cells(shown) <= width:
        return [shown]
    lines: list[str] = []
    line, used = "", 0
    for word, blanks in _WORDS.findall(shown):
        if word and used + cells(word) > width:
            if line.strip(" "):
                lines.append(line.rstrip(" "))
            line, used = "", 0
        *full, rest = _chopped(word, width)
        lines.extend(full)
        line += rest + blanks
        used += cells(rest) + len(blanks)
    return [*lines, line.rstrip(" ")]


def _is_plain(text: str) -> bool:
    """Tell whether each character is a visible one of one cell, as nearly all text is."""
    return text.isascii() and text.isprintable()


def _pieces(text: str) -> list[tuple[str, int]]:
    """Split into what is shown for each character, and its cells."""
    pieces: list[tuple[str, int]] = []
    room = 0  # for marks upon the last character; one that comes first has nothing to stand upon
    for character in text:
        size = get_character_cell_size(character)
        hidden = character in _INVISIBLE or not (character.isprintable() or character in "\u00a0\u3000")
        if size and not hidden:
            pieces.append((character, size))
            room = MARKS_PER_CHARACTER
        elif room and not hidden:
            pieces.append((character, 0))
            room -= 1
        else:
            name = _named(character)
            pieces.append((name, len(name)))
            room = 0
    return pieces


def _named(character: str) -> str:
    """Name a character that cannot be seen: a control picture where there is one, else its number."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"


def _shortened(text: str, width: int) -> str:
    """Join as many pieces as fit into the width; the last cell is for the ellipsis when some do not."""
    kept: list[str] = []
    used = fitting = 0
    for shown, size in _pieces(text):
        used += size
        if used > width:
            return "".join(kept[:fitting]) + ELLIPSIS
        kept.append(shown)
        if used < width:
            fitting = len(kept)
    return "".join(kept)


def _chopped(word: str, width: int) -> list[str]:
    """Break one long word after each so many cells."""
    parts: list[str] = []
    start = used = 0
    for index, character in enumerate(word):
        size = get_character_cell_size(character)
        if used + size > width:
            parts.append(word[start:index])
            start, used = index, 0
        used += size
    return [*parts, word[start:]]
