"""Tones, which give texts a color by their meaning, and the base of the widgets that draw lines with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, get_args

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.safe_text import cell_width, sanitize, wrap

Tone = Literal["normal", "dim", "good", "warning", "alert", "accent", "strong", "code", "link", "selected"]
"""The meaning of a text, which decides its color. The text itself must say the same."""


@dataclass(frozen=True)
class Line:
    """A line of several texts, each with its tone.

    Args:
        spans: The texts and their tones.
        indent: The width of the label at the beginning, by which what doesn't fit into the first line is indented.
    """

    spans: tuple[tuple[str, Tone], ...]
    indent: int = 0

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(text for text, _ in self.spans)

    def wrapped(self, width: int) -> list[Line]:
        """Return lines of at most a width in cells, broken between words where possible."""
        indent = self.indent if self.indent < width - 1 else 0
        text, position = self.text, indent
        lines: list[Line] = []
        for part in wrap(text[indent:], width - indent):
            start = text.index(part, position)
            before = self._part(0, indent) if not lines else ((" " * indent, "normal"),) if indent else ()
            lines.append(Line((*before, *self._part(start, start + len(part)))))
            position = start + len(part)
        return lines

    def shortened(self, width: int) -> Line:
        """Return the line, shortened with an ellipsis to a width in cells."""
        short = sanitize(self.text, width)
        if short == self.text:
            return self
        kept = short[:-1]
        return Line((*self._part(0, len(kept)), ("…", "dim")))

    def _part(self, start: int, end: int) -> tuple[tuple[str, Tone], ...]:
        parts, position = [], 0
        for text, tone in self.spans:
            piece = text[max(0, start - position) : max(0, end - position)]
            if piece:
                parts.append((piece, tone))
            position += len(text)
        return tuple(parts)


def safe_line(*spans: tuple[str, Tone], indent: int = 0) -> Line:
    """Return a line of texts that may come from a database."""
    return Line(tuple((sanitize(text), tone) for text, tone in spans), indent)


class TonedView(ScrollView):
    """A widget on Textual's Line API that draws texts with tones."""

    DEFAULT_CSS = """
    TonedView {
        & > .tone--dim { color: $muted; text-style: $muted-style; }
        & > .tone--good { color: $good; }
        & > .tone--warning { color: $caution; }
        & > .tone--alert { color: $alert; }
        & > .tone--accent { color: $focus; }
        & > .tone--strong { text-style: bold; }
        & > .tone--code { color: $focus; text-style: bold; }
        & > .tone--link { color: $focus; text-style: underline; }
        & > .tone--selected { color: $row-foreground; background: $row-background; text-style: $row-style; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone}" for tone in get_args(Tone)}

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._tone_styles: dict[Tone, Style] = {}

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines. The style of each tone is determined once for all of them, since that asks all ancestors."""
        self._tone_styles = {}
        return super().render_lines(crop)

    def tone_style(self, tone: Tone) -> Style:
        """Return the style of a tone."""
        if tone not in self._tone_styles:
            style = self.rich_style if tone == "normal" else self.get_component_rich_style(f"tone--{tone}")
            self._tone_styles[tone] = terse(style)
        return self._tone_styles[tone]

    def line_segments(self, line: Line) -> list[Segment]:
        """Return the segments that draw a line."""
        return [Segment(text, self.tone_style(tone)) for text, tone in line.spans]


def common_width(one: Line, other: Line) -> int:
    """Return the width in cells of what two lines begin with alike, such as a label."""
    width = 0
    for (first, first_tone), (second, second_tone) in zip(one.spans, other.spans, strict=False):
        if first_tone != second_tone:
            break
        common = _common_beginning(first, second)
        width += cell_width(common)
        if first != second:
            break
    return width


def _common_beginning(one: str, other: str) -> str:
    length = next((index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    return min(one, other, key=len) if length is None else one[:length]


@lru_cache(maxsize=256)
def terse(style: Style) -> Style:
    """Return a style without the terminal's default colors, which cost bytes in every piece of text and do nothing."""
    return Style(
        color=None if style.color is None or style.color.is_default else style.color,
        bgcolor=None if style.bgcolor is None or style.bgcolor.is_default else style.bgcolor,
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        reverse=style.reverse,
    )


def line_width(line: Line) -> int:
    """Return the width of a line in cells."""
    return cell_width(line.text)
