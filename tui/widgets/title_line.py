"""The first line of a screen: which practice this is, on which server, and who is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.safe_text import cells, fitted, visible

_SEPARATOR = " · "


@dataclass(frozen=True)
class Heading:
    """What the title line says; each part may be empty.

    Args:
        practice: The practice title, as the server has it.
        database: The name of the database.
        host: The server, or the file's name.
        versions: The versions of Open Dental and of the server.
        user: Who is there.
        words: Words that must not be missed, such as READ-ONLY.
    """

    practice: str = ""
    database: str = ""
    host: str = ""
    versions: str = ""
    user: str = ""
    words: Sequence[str] = ()


class TitleLine(Widget):
    """One line that tells what the server says, shortened in a sensible order where it is narrow."""

    DEFAULT_CSS = """
    TitleLine {
        height: 1;
        background: $background;
        color: $foreground;
        text-style: bold reverse;
    }
    """

    def __init__(self, heading: Heading | None = None) -> None:
        super().__init__()
        self._heading = heading or Heading()

    def show(self, heading: Heading) -> None:
        """Say something else."""
        if heading != self._heading:
            self._heading = heading
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width = self.size.width
        text = titled(self._heading, width) if y == 0 else " " * width
        return Strip([Segment(text, self.rich_style)], width)


def titled(heading: Heading, width: int) -> str:
    """Lay a heading out in exactly so many cells.

    Where it does not fit, versions go first, then host and database, then the user; the words such as READ-ONLY and
    the beginning of the practice's name stay.
    """
    for shorter in (
        heading,
        replace(heading, versions=""),
        replace(heading, versions="", host=""),
        replace(heading, versions="", host="", database=""),
        replace(heading, versions="", host="", database="", user=""),
    ):
        left = _joined((shorter.practice, shorter.database, shorter.host, shorter.versions), width)
        right = _joined((shorter.user, *shorter.words), width)
        gap = 2 if left and right else 0
        if cells(left) + gap + cells(right) <= width:
            break
    left_width = max(0, width - cells(right))
    return visible(fitted(visible(left, max(0, left_width - gap)), left_width) + right, width)


def _joined(parts: Sequence[str], width: int) -> str:
    # No single part needs more than the line, and one cell more shows that it did not fit.
    return _SEPARATOR.join(visible(part, width + 1) for part in parts if part)
