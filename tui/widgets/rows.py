"""The contents of a `RowList`: columns, rows and row sources."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Tone = Literal["normal", "dim", "alert"]

COLUMN_GAP = 2
"""The number of spaces between two columns."""


@dataclass(frozen=True)
class Column:
    """One column of a list.

    Args:
        title: The text in the header.
        width: The preferred width in cells.
        min_width: The width in cells if not all columns fit.
        flexible: Take the remaining width. Exactly one column of a list is flexible.
    """

    title: str
    width: int
    min_width: int = 4
    flexible: bool = False


@dataclass(frozen=True)
class Row:
    """One row as plain text.

    Args:
        cells: One text for each column.
        identity: Identifies the row when rows are replaced, so that the cursor stays on it.
        tone: The style. The cells must contain the same information as text.
    """

    cells: Sequence[str]
    identity: Hashable = None
    tone: Tone = "normal"


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


def column_widths(columns: Sequence[Column], total: int) -> list[int]:
    """Return the columns' widths in cells.

    The flexible column takes the width that is left. If there is too little, it is the first one to shrink, followed by
    the others from right to left.
    """
    widths = [column.width for column in columns]
    left = total - sum(widths) - COLUMN_GAP * (len(columns) - 1)
    order = sorted(range(len(columns)), key=lambda index: (not columns[index].flexible, -index))
    for index in order:
        column = columns[index]
        if left > 0 and column.flexible:
            widths[index] += left
            break
        shrunk = min(max(0, -left), max(0, column.width - column.min_width))
        widths[index] -= shrunk
        left += shrunk
    return widths
