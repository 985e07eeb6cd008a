"""The contents of a `RowList`: columns, rows and row sources."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tui.widgets.tones import Tone

COLUMN_GAP = 2
"""The number of spaces between two columns."""

UNLIMITED = 10_000
"""The maximum width of a column that takes all the room it can get."""


@dataclass(frozen=True)
class Column:
    """One column of a list.

    A column starts with its minimum width, grows to `width` and then to its maximum, the first columns first. What is
    left after that stays empty.

    Args:
        title: The text in the header.
        width: The ideal width in cells.
        min_width: The width in cells if not all columns fit.
        max_width: The width in cells beyond which more room doesn't help; None for the ideal width.
        from_width: The column is shown if the list has at least this width.
        until_width: The column is hidden if the list has at least this width; None to never hide it.
        right: Align the texts to the right.
        tone: The tone of the cells, unless a row has its own for them.
    """

    title: str
    width: int
    min_width: int = 4
    max_width: int | None = None
    from_width: int = 0
    until_width: int | None = None
    right: bool = False
    tone: Tone = "normal"

    def is_shown(self, width: int) -> bool:
        """Return True if a list of this width shows the column."""
        return self.from_width <= width < (UNLIMITED if self.until_width is None else self.until_width)


@dataclass(frozen=True)
class Row:
    """One row as plain text.

    Args:
        cells: One text for each column, shown or not.
        identity: Identifies the row when rows are replaced, so that the cursor stays on it.
        tone: The style. The cells must contain the same information as text.
        tones: The tones of single cells by the index of their column.
        mark: One cell before the row, such as `!`.
    """

    cells: Sequence[str]
    identity: Hashable = None
    tone: Tone = "normal"
    tones: Mapping[int, Tone] = field(default_factory=dict)
    mark: str = ""


class RowSource(Protocol):
    """The rows of a list. Each row is requested when it is drawn."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def row(self, index: int) -> Row | None:
        """Return the row at an index, or None if it is not loaded yet. Call `RowList.refresh_rows` once it is."""
        ...

    def find(self, identity: Hashable) -> int | None:
        """Return the index of the row with this identity, or None."""
        ...


class Rows:
    """A `RowSource` with all rows in memory."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        """Return the row at an index."""
        return self._rows[index]

    def find(self, identity: Hashable) -> int | None:
        """Return the index of the first row with this identity, or None."""
        return next((index for index, row in enumerate(self._rows) if row.identity == identity), None)


def changed_rows(before: RowSource, after: RowSource) -> set[int] | None:
    """Return the indexes of the rows that differ; None if their number differs, or they aren't all in memory."""
    if not (isinstance(before, Rows) and isinstance(after, Rows) and 0 < len(before) == len(after)):
        return None
    return {index for index in range(len(after)) if before.row(index) != after.row(index)}


def column_widths(columns: Sequence[Column], total: int) -> list[int]:
    """Return the columns' widths in cells.

    If there is too little room for the ideal widths, the widest ones shrink first. Room beyond them goes to the columns
    with a larger maximum, from left to right; what is left then is used by no column.
    """
    widths = [column.width for column in columns]
    left = total - sum(widths) - COLUMN_GAP * (len(columns) - 1)
    while left < 0:
        shrinkable = [index for index, column in enumerate(columns) if widths[index] > column.min_width]
        if not shrinkable:
            break
        widest = max(shrinkable, key=lambda index: widths[index] - columns[index].min_width)
        widths[widest] -= 1
        left += 1
    for index, column in enumerate(columns):
        grown = min(max(0, left), max(0, (column.max_width or column.width) - widths[index]))
        widths[index] += grown
        left -= grown
    return widths
