"""Lays out a page of the manual: lines with tones for the screen, or plain text for a command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tui.manual.markdown import Block, Code, Heading, Item, Paragraph, Span, SpanKind, Spans, Table
from tui.widgets.safe_text import cell_width, wrap
from tui.widgets.tones import Line, Tone, line_width

MAX_WIDTH = 100
"""Cells. Longer lines of prose are hard to read."""

_GAP = 2
_MIN_COLUMN = 12
_CODE_INDENT = 4
_TONES: dict[SpanKind, Tone] = {"normal": "normal", "strong": "strong", "code": "code", "link": "link"}
_BLANK = Line(())


@dataclass(frozen=True)
class LaidOut:
    """A page, wrapped to a width.

    Attributes:
        lines: The lines.
        starts: The index of the first line of each block.
        targets: Where the links lead, in their order.
        selected: The index of the line on which the selected link begins, if one is selected.
    """

    lines: tuple[Line, ...]
    starts: tuple[int, ...]
    targets: tuple[str, ...]
    selected: int | None = None


@dataclass
class _Styler:
    """Turns spans into texts with tones, and counts the links."""

    selected: int | None = None
    quotes_code: bool = False
    targets: list[str] = field(default_factory=list)

    def line(self, spans: Spans, prefix: str = "", tone: Tone | None = None) -> Line:
        texts = tuple((self._text(span), tone or self._tone(span)) for span in spans)
        return Line(((prefix, "normal"), *texts) if prefix else texts, cell_width(prefix))

    def _text(self, span: Span) -> str:
        return f"`{span.text}`" if self.quotes_code and span.kind == "code" else span.text

    def _tone(self, span: Span) -> Tone:
        if span.kind != "link":
            return _TONES[span.kind]
        self.targets.append(span.target)
        return "selected" if self.selected == len(self.targets) - 1 else "link"


def lay_out(blocks: Sequence[Block], width: int, selected: int | None = None, *, plain: bool = False) -> LaidOut:
    """Return a page, wrapped to a width in cells.

    Args:
        blocks: The blocks of the page.
        width: The width; text takes at most `MAX_WIDTH` of it.
        selected: The number of the selected link, counted from 0.
        plain: Show without styles what is what: underline headings, and quote code in sentences. Don't wrap code,
            which somebody may copy.
    """
    width = max(1, min(width, MAX_WIDTH))
    styler = _Styler(selected, quotes_code=plain)
    lines: list[Line] = []
    starts: list[int] = []
    for block in blocks:
        starts.append(len(lines))
        lines += _lines(block, width, styler, plain=plain)
    while lines and lines[-1] == _BLANK:
        lines.pop()
    marked = (index for index, line in enumerate(lines) if any(tone == "selected" for _, tone in line.spans))
    return LaidOut(tuple(lines), tuple(starts), tuple(styler.targets), next(marked, None))


def _lines(block: Block, width: int, styler: _Styler, *, plain: bool) -> Iterator[Line]:
    """Yield the lines of a block, and a blank one after it."""
    if isinstance(block, Heading):
        if block.level == 1 and not plain:
            return  # the panel around the page has it as its title
        heading = styler.line(block.spans, tone="strong")
        yield from heading.wrapped(width)
        if plain:
            yield _rule("=" if block.level == 1 else "-", min(width, line_width(heading)))
    elif isinstance(block, Paragraph):
        yield from styler.line(block.spans).wrapped(width)
    elif isinstance(block, Item):
        yield from styler.line(block.spans, f"{block.marker:>3} ").wrapped(width)
        if not block.last:
            return
    elif isinstance(block, Code):
        yield from _code_lines(block, width, plain=plain)
    else:
        yield from _table_lines(block, width, replace(styler, quotes_code=False), plain=plain)
    yield _BLANK


def _rule(character: str, width: int) -> Line:
    return Line(((character * width, "dim"),))


def _code_lines(block: Code, width: int, *, plain: bool) -> Iterator[Line]:
    indent = " " * _CODE_INDENT
    for text in block.lines:
        parts = [text] if plain else _wrapped_code(text, width - _CODE_INDENT)
        for part in parts:
            yield Line(((indent, "normal"), (part, "code"))) if part else _BLANK


def _wrapped_code(text: str, width: int) -> list[str]:
    """Return a line of code in parts that fit; those after the first are indented by two."""
    first, *rest = wrap(text, width)
    if not rest:
        return [first]
    return [first, *(f"  {part}" for part in wrap(text[len(first) :].strip(), width - 2))]


# -- tables ------------------------------------------------------------------------------------------------------------


def _table_lines(block: Table, width: int, styler: _Styler, *, plain: bool) -> Iterator[Line]:
    header = [styler.line(cell, tone="dim") for cell in block.header]
    rows = [[styler.line(cell) for cell in row] for row in block.rows]
    widths = _column_widths([header, *rows], width)
    yield from _row_lines(header, widths)
    if plain:
        yield Line((((" " * _GAP).join("-" * each for each in widths), "dim"),))
    for row in rows:
        yield from _row_lines(row, widths)


def _column_widths(rows: Sequence[Sequence[Line]], width: int) -> list[int]:
    """Return the widths of the columns: narrow ones get what they need, the others share the rest."""
    needed = [max(line_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    widths = list(needed)
    available = width - _GAP * (len(needed) - 1)
    open_columns = set(range(len(needed)))
    while open_columns and sum(widths) > available:
        rest = available - sum(widths[index] for index in range(len(widths)) if index not in open_columns)
        share = max(_MIN_COLUMN, rest // len(open_columns))
        fitting = {index for index in open_columns if needed[index] <= share}
        if not fitting:
            for index in open_columns:
                widths[index] = share
            # What dividing left over goes to the last column, which has the longest text as a rule.
            widths[max(open_columns)] += max(0, rest - share * len(open_columns))
            break
        open_columns -= fitting
    return widths


def _row_lines(cells: Sequence[Line], widths: Sequence[int]) -> Iterator[Line]:
    columns = [cell.wrapped(width) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, columns))):
        spans: list[tuple[str, Tone]] = []
        for column, width in zip(columns, widths, strict=True):
            part = column[number] if number < len(column) else _BLANK
            spans += [*part.spans, (" " * (width - line_width(part) + _GAP), "normal")]
        yield Line(tuple(spans[:-1]))
