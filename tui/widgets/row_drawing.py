"""The drawing of a `RowList`: the texts and tones of its cells, and the rows in view."""

from __future__ import annotations

from rich.segment import Segment

from tui.widgets.rows import Column, Row
from tui.widgets.safe_text import cell_width, fit_to_width, sanitize
from tui.widgets.tones import Tone


def top_with_cursor(cursor: int, top: int, page: int) -> int:
    """Return the first row to show if the cursor is out of view: half a page away, or further if the cursor is.

    Args:
        cursor: The index of the row under the cursor.
        top: The index of the first row that is shown now.
        page: The number of rows that fit.
    """
    half = page // 2
    near = top - half <= cursor < top + page + half
    if cursor < top:
        return max(0, top - half if near else cursor)
    return max(0, top + half if near else cursor - page + 1)


def column_title(title: str, width: int, arrow: str) -> str:
    """Return the title of a column, with an arrow if the rows are sorted by it."""
    if not arrow:
        return title
    return f"{title} {arrow}" if cell_width(title) + 2 <= width else f"{sanitize(title, width - 1)}{arrow}"


def cell_tone(row: Row, index: int, column: Column) -> Tone:
    """Return the tone of a cell: its own, or else that of its row, or else that of its column."""
    if index in row.tones:
        return row.tones[index]
    return row.tone if row.tone != "normal" else column.tone


def aligned(text: str, width: int, column: Column) -> str:
    """Return the text of a cell with exactly a width in cells."""
    if not column.right:
        return fit_to_width(text, width)
    safe = sanitize(text, width)
    return " " * (width - cell_width(safe)) + safe


def merged(segments: list[Segment]) -> list[Segment]:
    """Join neighbors of the same style, so that fewer escape sequences are sent."""
    merged: list[Segment] = []
    for segment in segments:
        if merged and merged[-1].style == segment.style:
            merged[-1] = Segment(merged[-1].text + segment.text, segment.style)
        else:
            merged.append(segment)
    return merged
