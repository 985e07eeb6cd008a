"""The first line of a screen: the practice, its server and the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.safe_text import cell_width, fit_to_width, sanitize

_SEPARATOR = " · "


@dataclass(frozen=True)
class Heading:
    """The parts of the title line. Each part may be empty.

    Args:
        practice: The practice title that the server reports.
        database: The name of the database.
        host: The server's host name, or the file name of an SQLite practice.
        versions: The versions of Open Dental and of the server.
        user: The name of the user who is signed in.
        flags: Words that are never left out, such as READ-ONLY.
    """

    practice: str = ""
    database: str = ""
    host: str = ""
    versions: str = ""
    user: str = ""
    flags: Sequence[str] = ()


class TitleLine(Widget):
    """One line with a heading. A narrow line leaves out the less important parts."""

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
        """Display another heading."""
        if heading != self._heading:
            self._heading = heading
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width = self.size.width
        text = format_heading(self._heading, width) if y == 0 else " " * width
        return Strip([Segment(text, self.rich_style)], width)


def format_heading(heading: Heading, width: int) -> str:
    """Format a heading in exactly `width` cells.

    If it does not fit, the versions are left out first, then the host, the database and the user. The flags and the
    beginning of the practice title always stay.
    """
    for shorter in (
        heading,
        replace(heading, versions=""),
        replace(heading, versions="", host=""),
        replace(heading, versions="", host="", database=""),
        replace(heading, versions="", host="", database="", user=""),
    ):
        left = _join((shorter.practice, shorter.database, shorter.host, shorter.versions), width)
        right = _join((shorter.user, *shorter.flags), width)
        gap = 2 if left and right else 0
        if cell_width(left) + gap + cell_width(right) <= width:
            break
    left_width = max(0, width - cell_width(right))
    return sanitize(fit_to_width(sanitize(left, max(0, left_width - gap)), left_width) + right, width)


def _join(parts: Sequence[str], width: int) -> str:
    # A part that is one cell wider than the line is enough to show that it does not fit.
    return _SEPARATOR.join(sanitize(part, width + 1) for part in parts if part)
