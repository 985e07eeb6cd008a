"""The picture that the terminal shows, so that only the cells that change are sent to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

Cell: TypeAlias = tuple[str, str]
"""A character with its combining marks, and the codes of its style. The second cell of a wide one has no character."""
Piece: TypeAlias = tuple[int, int, Iterable[Segment]]
"""A row, the column at which a part of it begins, and the segments of the part."""

_BLANK: Cell = (" ", "")
_UNKNOWN: Cell = ("", "unknown")
_GAP = 5
"""The number of unchanged cells between two changed ones from which on moving the cursor costs less than the cells."""
_ERASED = 6
"""The number of changed blanks at the end of a row from which on erasing costs less than the blanks."""

_FIRST_EMOJI = "\U0001f000"
"""The first of the characters from which on terminals disagree about widths, such as those of flags."""
_ITALIC, _FOREGROUND = 3, 38
"""Codes that have no effect on blanks: up to italic, and the foreground, which the numbers of its color follow."""


class Display:
    """The cells of the terminal, as they were last drawn."""

    def __init__(self) -> None:
        self._size = Size(0, 0)
        self._rows: list[list[Cell]] = []

    def forget(self) -> None:
        """Draw everything the next time: the terminal may show anything."""
        self._size = Size(0, 0)

    def draw(self, update: LayoutUpdate | ChopsUpdate, size: Size, console: Console) -> str:
        """Return what to send to the terminal to show an update. Empty if it shows it already.

        Args:
            update: What Textual draws.
            size: The size of the terminal.
            console: The console, which knows the colors of the terminal.
        """
        if size != self._size:
            self._size = size
            self._rows = [[_UNKNOWN] * size.width for _ in range(size.height)]
        colors = console._color_system or ColorSystem.TRUECOLOR
        changed: dict[int, list[Cell]] = {}
        for y, x, segments in _pieces(update):
            if y >= size.height or x >= size.width:
                continue  # drawn for a size that the terminal doesn't have any more
            _put(_cells(segments, colors), changed.setdefault(y, [*self._rows[y]]), x)
        output = _Output()
        for y, row in sorted(changed.items()):
            before, self._rows[y] = self._rows[y], row
            if before != row:
                _draw_row(output, y, before, row)
        return output.finish()


class _Output:
    """Text for the terminal, with as few escape sequences as it needs."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._codes = ""

    def move_to(self, x: int, y: int) -> None:
        self._parts.append(f"\x1b[{y + 1};{x + 1}H")

    def skip(self, cells: int) -> None:
        self._parts.append(f"\x1b[{cells}C")

    def write(self, cells: Sequence[Cell]) -> None:
        for cell in cells:
            character, codes = _BLANK if cell is _UNKNOWN else cell
            if (character, codes) != _BLANK or _shows_on_blanks(self._codes):
                self._use(codes)
            self._parts.append(character)

    def erase_to_end(self) -> None:
        self._use("")
        self._parts.append("\x1b[K")

    def finish(self) -> str:
        self._use("")
        return "".join(self._parts)

    def _use(self, codes: str) -> None:
        if codes == self._codes:
            return
        reset = "0;" if self._codes and codes else ""
        self._parts.append(f"\x1b[{reset}{codes}m")
        self._codes = codes


def _draw_row(output: _Output, y: int, before: Sequence[Cell], row: Sequence[Cell]) -> None:
    if not (_is_simple(before) and _is_simple(row)):
        _draw_whole_row(output, y, row)
        return
    end = len(row)
    while end and row[end - 1] == _BLANK:
        end -= 1
    erases = sum(before[x] != _BLANK for x in range(end, len(row))) >= _ERASED
    position: int | None = None
    for start, stop in _runs(before, row, end if erases else len(row)):
        if position is None:
            output.move_to(start, y)
        else:
            output.skip(start - position)
        output.write(row[start:stop])
        position = stop
    if erases:
        if position is None:
            output.move_to(end, y)
        elif position < end:
            output.skip(end - position)
        output.erase_to_end()


def _draw_whole_row(output: _Output, y: int, row: Sequence[Cell]) -> None:
    """Draw a row with characters whose width terminals disagree about, or of which they clear halves."""
    output.move_to(0, y)
    output.erase_to_end()
    start = 0
    for x, cell in enumerate(row):
        if x and _is_simple([cell]) and not _is_simple([row[x - 1]]):
            output.write(row[start:x])
            output.move_to(x, y)
            start = x
    output.write(row[start:])


def _runs(before: Sequence[Cell], row: Sequence[Cell], end: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of columns to draw: those that differ, with the short gaps between them."""
    start = stop = -1
    for x in range(end):
        if before[x] == row[x]:
            continue
        if start >= 0 and x - stop < _GAP:
            stop = x + 1
            continue
        if start >= 0:
            yield start, stop
        start, stop = x, x + 1
    if start >= 0:
        yield start, stop


def _is_simple(row: Sequence[Cell]) -> bool:
    """Return True if every terminal draws each character in one cell: none is wide, has marks or is an emoji."""
    return all((len(cell[0]) == 1 and cell[0] < _FIRST_EMOJI) or cell is _UNKNOWN for cell in row)


def _put(cells: list[Cell], row: list[Cell], x: int) -> None:
    """Replace the cells of a row from a column on. What is left of a wide character becomes a blank."""
    width = len(row)
    end = min(x + len(cells), width)
    if row[x] is not _UNKNOWN and not row[x][0]:
        row[x - 1] = (" ", row[x - 1][1])
    if end < width and row[end] is not _UNKNOWN and not row[end][0]:
        row[end] = (" ", row[end][1])
    row[x:end] = cells[: end - x]
    if x + len(cells) > width and not cells[width - x][0]:
        row[-1] = (" ", row[-1][1])


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[Piece]:
    """Yield what an update draws, as its `render_segments` does."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            yield y, update.region.x, (segment for strip in line for segment in strip)
        return
    for y, left, right in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= right and end > left:
                yield y, x, _cropped(strip, x, end, left, right)


def _cropped(strip: Strip, x: int, end: int, left: int, right: int) -> Strip:
    return strip if right > x >= left and end <= right else strip.crop(0, min(end, right) - x)


def _cells(segments: Iterable[Segment], colors: ColorSystem) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in segments:
        if control:
            continue
        codes = _codes(style, colors) if style is not None else ""
        blank = (" ", codes) if _shows_on_blanks(codes) else _BLANK
        if text.isascii():
            cells += [blank if character == " " else (character, codes) for character in text]
            continue
        for character in text:
            if character == " ":
                cells.append(blank)
                continue
            width = get_character_cell_size(character)
            if width:
                cells += [(character, codes), *[("", codes)] * (width - 1)]
            elif cells:
                base = -1 if cells[-1][0] else -2
                cells[base] = (cells[base][0] + character, cells[base][1])
    return cells


@lru_cache(maxsize=1024)
def _codes(style: Style, colors: ColorSystem) -> str:
    """Return the codes of a style, without the terminal's default colors, which a reset restores."""
    color, background = style.color, style.bgcolor
    own_colors = Style(
        color=None if color is None or color.is_default else color,
        bgcolor=None if background is None or background.is_default else background,
    )
    return Strip.render_ansi(style.without_color + own_colors, colors)


@lru_cache(maxsize=1024)
def _shows_on_blanks(codes: str) -> bool:
    """Return True if a blank with these codes isn't empty: it has a background, is underlined, reversed or struck."""
    numbers = [int(number) for number in codes.split(";") if number]
    while numbers:
        number = numbers.pop(0)
        if number == _FOREGROUND:
            del numbers[: 4 if numbers[:1] == [2] else 2]
        elif not (number <= _ITALIC or 30 <= number < _FOREGROUND or 90 <= number <= 97):
            return True
    return False
