"""Text from a database or a user, made safe to draw in a terminal.

The functions take and return plain text without markup. The returned text has no control characters, direction marks or
invisible characters, so stored text can neither control the terminal nor change how a row reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import get_character_cell_size
from rich.console import Group
from rich.padding import Padding
from rich.text import Text
from textual.content import Content

ELLIPSIS = "…"
MAX_LINE_LENGTH = 700
"""The maximum width of one line of a dialog, in cells."""

MARKS_PER_CHARACTER = 3
"""The maximum number of combining marks on one character. More would reach into the lines above."""

_SIGNS = "@/.-?&"
"""The signs in an address after which it can be broken."""
_WORDS = re.compile(r"([^ ]*)( *)")
# Characters that Python calls printable but terminals draw as nothing, such as variation selectors.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)


def sanitize(text: str, width: int | None = None) -> str:
    """Replace control, direction and invisible characters by visible ones. The result is a single line.

    Args:
        text: Any text of any length.
        width: Shorten to this many cells, with an ellipsis. None does not shorten.
    """
    if width is None:
        return text if _is_plain(text) else "".join(safe for safe, _ in _pieces(text))
    if width <= 0:
        return ""
    # A cell holds at most one character and its marks, so characters beyond this length never fit.
    head = text[: width * (1 + MARKS_PER_CHARACTER) + 1]
    if _is_plain(head):
        return head if len(head) <= width else head[: width - 1] + ELLIPSIS
    return _shorten(head, width)


def sanitize_lines(text: str) -> list[str]:
    """Split a text at its line breaks and sanitize each line."""
    return [sanitize(line) for line in text.replace("\r\n", "\n").split("\n")]


def sanitize_same_length(text: str) -> str:
    """Sanitize a text so that each character becomes exactly one, for a text field that counts characters."""
    if _is_plain(text):
        return text
    return "".join(safe if len(safe) == 1 else "\N{REPLACEMENT CHARACTER}" for safe in map(sanitize, text))


def safe_content(lines: Iterable[str]) -> Content:
    """Sanitize lines for a widget that would parse a string as markup. Each is shortened to `MAX_LINE_LENGTH` cells."""
    return Content("\n".join(sanitize(line, MAX_LINE_LENGTH) for line in lines))


def hanging_lines(lines: Iterable[str]) -> Group:
    """Sanitize lines as `safe_content` does. What doesn't fit into a line is indented by its own leading spaces."""
    return Group(*(_hanging(sanitize(line, MAX_LINE_LENGTH)) for line in lines))


def join_broken_lines(text: str) -> str:
    """Join the lines of paragraphs that somebody broke at a fixed width, so that they can be broken at another one.

    A line is joined to the next one only if the first word of that one wouldn't have fitted into it, so lists and
    headings stay as they are.
    """
    lines = text.splitlines()
    width = max(map(len, lines), default=0)
    joined: list[str] = []
    before = ""
    for line in lines:
        is_rest = bool(before.strip()) and bool(line[:1].strip()) and len(before) + 1 + len(line.split()[0]) > width
        joined[-1:] = [f"{joined[-1]} {line}"] if is_rest else [*joined[-1:], line]
        before = line
    return "\n".join(joined)


def fit_to_width(text: str, width: int) -> str:
    """Sanitize a text and shorten it or pad it with spaces to exactly `width` cells."""
    safe = sanitize(text, width)
    return safe + " " * (width - cell_width(safe))


def cell_width(safe: str) -> int:
    """Return the width of sanitized text in cells."""
    return len(safe) if safe.isascii() else sum(map(get_character_cell_size, safe))


def wrap(safe: str, width: int) -> list[str]:
    """Break sanitized text into lines of at most `width` cells, between words where possible."""
    width = max(width, 2)  # a wide character needs two cells
    if cell_width(safe) <= width:
        return [safe]
    lines: list[str] = []
    line, used = "", 0
    for word, spaces in _WORDS.findall(safe):
        rest, size = word, cell_width(word)
        if word and used + size > width:
            if line.strip(" "):
                lines.append(line.rstrip(" "))
            line, used = "", 0
        if size > width:
            *full, rest = _split_word(word, width)
            lines.extend(full)
            size = cell_width(rest)
        line += rest + spaces
        used += size + len(spaces)
    return [*lines, line.rstrip(" ")]


def _hanging(safe: str) -> Padding:
    text = safe.lstrip(" ")
    return Padding(Text(text, overflow="fold"), (0, 0, 0, len(safe) - len(text)))


def _is_plain(text: str) -> bool:
    """Return True if each character is visible and one cell wide, as in nearly all text."""
    return text.isascii() and text.isprintable()


def _pieces(text: str) -> list[tuple[str, int]]:
    """Return, for each character, its visible replacement and the replacement's width in cells."""
    pieces: list[tuple[str, int]] = []
    marks_left = 0  # for the last character; a mark at the beginning has no character to combine with
    for character in text:
        size = get_character_cell_size(character)
        hidden = character in _INVISIBLE or not (character.isprintable() or character in "\u00a0\u3000")
        if size and not hidden:
            pieces.append((character, size))
            marks_left = MARKS_PER_CHARACTER
        elif marks_left and not hidden:
            pieces.append((character, 0))
            marks_left -= 1
        else:
            name = _visible_name(character)
            pieces.append((name, len(name)))
            marks_left = 0
    return pieces


def _visible_name(character: str) -> str:
    """Return the control picture of an invisible character, or its code point if it has none."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"


def _shorten(text: str, width: int) -> str:
    """Join as many pieces as fit. If some don't fit, the last cell holds an ellipsis."""
    kept: list[str] = []
    used = fitting = 0
    for safe, size in _pieces(text):
        used += size
        if used > width:
            return "".join(kept[:fitting]) + ELLIPSIS
        kept.append(safe)
        if used < width:
            fitting = len(kept)
    return "".join(kept)


def _split_word(word: str, width: int) -> list[str]:
    """Split a word into parts of at most `width` cells; an address, if possible, after one of its signs."""
    parts: list[str] = []
    start = used = 0
    for index, character in enumerate(word):
        size = get_character_cell_size(character)
        if used + size > width:
            end = _after_sign(word, start + max(0, (index - start) // 2 - 1), index)
            parts.append(word[start:end])
            start, used = end, cell_width(word[end:index])
        used += size
    return [*parts, word[start:]]


def _after_sign(word: str, start: int, end: int) -> int:
    """Return the index after the last sign of an address between two indexes; the second one if there is none."""
    return next((index + 1 for index in range(end - 1, start - 1, -1) if word[index] in _SIGNS), end)
