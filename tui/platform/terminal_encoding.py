"""Terminals whose character set isn't UTF-8.

Python writes to the terminal in the character set of the locale, or of `PYTHONIOENCODING`, and would write what that
lacks as escapes such as `\\u2500`, which breaks every line. Such characters are replaced by ones that look alike and
are as wide.
"""

from __future__ import annotations

import codecs
import io
import sys
from typing import TextIO

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺▁▔—–‐‑‒―−", "-"),
        **dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻▏▕▎▌▐", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋▛▜▙▟", "+"),
        **dict.fromkeys("█▇▆▅▄▃▂▓▒■●▀▊▉▋", "#"),
        **dict.fromkeys("░□○", "."),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„″", '"'),
        **dict.fromkeys("→▶►▸❯", ">"),
        **dict.fromkeys("←◀◄◂❮", "<"),
        **dict.fromkeys("↑▲▴", "^"),
        **dict.fromkeys("↓▼▾", "v"),
        **dict.fromkeys("•·∙×✗✘", "*"),
        **dict.fromkeys("✓✔✕", "x"),
        "◐": "o",
        "…": "~",
        "\N{NO-BREAK SPACE}": " ",
    }
)


def terminal_encoding(file: TextIO | None = None) -> str | None:
    """Return the name of the terminal's character set if it isn't UTF-8, else None.

    Args:
        file: The terminal's file; None for the standard error that the program started with.
    """
    file = file or sys.__stderr__ or sys.stderr
    try:
        name = codecs.lookup(file.encoding or "utf-8").name
    except LookupError:
        return None
    return None if name.startswith(("utf-8", "utf8")) else name


def input_encoding() -> str:
    """Return the character set of what is typed. Where the locale says ASCII, UTF-8 is as likely as any other."""
    encoding = terminal_encoding()
    return "utf-8" if encoding in (None, "ascii") else str(encoding)


def encoding_remark() -> str:
    """Return a sentence about a terminal that can't show every character; empty if it can."""
    encoding = terminal_encoding()
    if encoding is None:
        return ""
    return (
        f"This terminal's character set is {encoding}, so lines are drawn in ASCII and other characters are shown as ?."
        " If the terminal can show UTF-8, start with LC_ALL=C.UTF-8."
    )


class AsciiDrawing(dict[int, str | int]):
    """A table for `str.translate` that replaces what a character set lacks, without changing the width of a text."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def __missing__(self, code: int) -> str | int:
        self[code] = replacement = self._replacement(chr(code))
        return replacement

    def _replacement(self, character: str) -> str | int:
        try:
            character.encode(self._encoding)
        except UnicodeEncodeError:
            from rich.cells import get_character_cell_size

            return _ALIKE.get(ord(character)) or "?" * get_character_cell_size(character)
        return ord(character)


def escape_unencodable_output() -> None:
    """Have what standard output can't encode written as escapes, instead of ending a command with an error."""
    if isinstance(sys.stdout, io.TextIOWrapper) and terminal_encoding(sys.stdout) is not None:
        sys.stdout.reconfigure(errors="backslashreplace")
