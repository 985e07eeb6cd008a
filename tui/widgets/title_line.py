"""The first line of a screen: the practice, its server and the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.safe_text import cell_width, fit_to_width, sanitize

_SEPARATOR = " · "

PRODUCTION = "PRODUCTION"
READ_ONLY = "READ-ONLY"


@dataclass(frozen=True)
class Heading:
    """The parts of the title line. Each part may be empty.

    Args:
        practice: The practice title that the server reports.
        database: The name of the database.
        host: The server's host name, or the file name of an SQLite practice.
        versions: The versions of Open Dental and of the server.
        user: The name of the user who is signed in.
        flags: Words that are never left out, such as PRODUCTION.
        reason: Why the last flag is there, in a few words.
    """

    practice: str = ""
    database: str = ""
    host: str = ""
    versions: str = ""
    user: str = ""
    flags: Sequence[str] = ()
    reason: str = ""


class TitleLine(Widget):
    """One line with a heading. A narrow line leaves out the less important parts."""

    DEFAULT_CSS = """
    TitleLine {
        height: 1;
        background: $frame-background;
        color: $foreground;
        & > .title-line--practice { text-style: bold; }
        & > .title-line--place { color: $muted; text-style: $muted-style; }
        & > .title-line--flag { text-style: bold; }
        & > .title-line--production {
            color: $production-foreground; background: $production-background; text-style: bold;
        }
        & > .title-line--read-only { color: $caution-foreground; background: $caution-background; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "title-line--practice",
        "title-line--place",
        "title-line--flag",
        "title-line--production",
        "title-line--read-only",
    }

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
        parts = heading_parts(self._heading, width) if y == 0 else []
        segments = [Segment(part.text, self._style(part)) for part in parts]
        used = sum(cell_width(part.text) for part in parts)
        return Strip(segments, used).adjust_cell_length(width, self.rich_style)

    def _style(self, part: Part) -> Style:
        if part.kind == "flag":
            name = _FLAGS.get(part.text.strip().partition(":")[0], "flag")
            return self.get_component_rich_style(f"title-line--{name}")
        return self.get_component_rich_style(f"title-line--{part.kind}") if part.kind else self.rich_style


@dataclass(frozen=True)
class Part:
    """A piece of the title line; its kind decides its style."""

    text: str
    kind: Literal["", "practice", "place", "flag"] = ""


_FLAGS = {PRODUCTION: "production", READ_ONLY: "read-only"}


def format_heading(heading: Heading, width: int) -> str:
    """Format a heading in exactly `width` cells."""
    return fit_to_width("".join(part.text for part in heading_parts(heading, width)), width)


def heading_parts(heading: Heading, width: int) -> list[Part]:
    """Return the pieces of a heading in at most `width` cells.

    If it does not fit, the versions are left out first, then the host, the database, the reason and the user. The flags
    and the beginning of the practice title always stay.
    """
    for shorter in (
        heading,
        replace(heading, versions=""),
        replace(heading, versions="", host=""),
        replace(heading, versions="", host="", database=""),
        replace(heading, versions="", host="", database="", reason=""),
        replace(heading, versions="", host="", database="", reason="", user=""),
    ):
        place = _place(shorter, width)
        right = _right(shorter, width)
        right_width = sum(cell_width(part.text) for part in right)
        left_width = cell_width(sanitize(shorter.practice, width + 1)) + cell_width(place) + 2
        if left_width + right_width <= width:
            break
    if right_width > width:
        return [Part(" ".join(heading.flags), "flag")]
    left = width - right_width
    practice = sanitize(shorter.practice, max(0, left - cell_width(place) - 2))
    filler = max(0, left - 1 - cell_width(practice) - cell_width(place))
    return [Part(" " * min(1, left)), Part(practice, "practice"), Part(place, "place"), Part(" " * filler), *right]


def _place(heading: Heading, width: int) -> str:
    """Return the database, the host and the versions, as in `  opendental @ 10.0.0.5 · Open Dental 24.3`."""
    # A part that is one cell wider than the line is enough to show that it does not fit.
    database, host, versions = (
        sanitize(part, width + 1) for part in (heading.database, heading.host, heading.versions)
    )
    address = " @ ".join(part for part in (database, host) if part)
    text = _SEPARATOR.join(part for part in (address, versions) if part)
    return f"  {text}" if text else ""


def _right(heading: Heading, width: int) -> list[Part]:
    flags = list(heading.flags)
    if flags and heading.reason:
        flags[-1] += f": {heading.reason}"
    parts = [part for flag in flags for part in (Part(f" {flag} ", "flag"), Part(" "))]
    if heading.user:
        parts.append(Part(f" {sanitize(heading.user, width + 1)} "))
    return parts
