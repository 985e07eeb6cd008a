"""The widget that shows a page of the manual, with links that the keyboard selects."""

from __future__ import annotations

from collections.abc import Sequence

from tui.manual.layout import LaidOut, lay_out
from tui.manual.markdown import Block
from tui.widgets.text_lines import TextLines
from tui.widgets.tones import Line

_CONTEXT = 2
"""The lines above a place that is scrolled to."""


class PageView(TextLines):
    """A page of the manual, wrapped to the width of the widget."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: tuple[Block, ...] = ()
        self._laid_out = LaidOut((), (), ())
        self._selected: int | None = None

    @property
    def target(self) -> str | None:
        """The target of the selected link, or None if no link is selected."""
        return self._laid_out.targets[self._selected] if self._selected is not None else None

    @property
    def top(self) -> int:
        """The index of the first line in view."""
        return self.scroll_offset.y

    def show_page(self, blocks: Sequence[Block], *, block: int = 0, words: Sequence[str] = (), top: int = 0) -> None:
        """Show a page from its beginning, or from another place.

        Args:
            blocks: The page.
            block: The index of the block to scroll to.
            words: The words to scroll to in that block, in lower case.
            top: The index of the first line in view, for a page that was shown before.
        """
        self._blocks, self._selected = tuple(blocks), None
        self.show("")
        self._go_to_line(self._line_of(block, words) if block else top)

    def select_link(self, by: int) -> bool:
        """Select the next link, or the previous one; return False if the page has none.

        Args:
            by: 1 for the next one, -1 for the previous one. After another place was scrolled to, it's the first one in
                view, or the last one.
        """
        count = len(self._laid_out.targets)
        if not count:
            return False
        lines = [self._line_of_link(number) for number in range(count)]
        in_view = [number for number, line in enumerate(lines) if self._is_in_view(line)]
        if self._selected is not None and self._selected in in_view:
            self._selected = (self._selected + by) % count
        else:
            after = next((number for number, line in enumerate(lines) if line >= self.top), 0)
            self._selected = after if by > 0 or not in_view else in_view[-1]
        self._draw_changes()
        if not self._is_in_view(lines[self._selected]):
            self._go_to_line(lines[self._selected] - _CONTEXT)
        return True

    def _is_in_view(self, line: int) -> bool:
        return self.top <= line < self.top + self.size.height

    def _line_of(self, block: int, words: Sequence[str]) -> int:
        start = self._laid_out.starts[block]
        if not words:
            return start - _CONTEXT
        after = (*self._laid_out.starts, len(self._laid_out.lines))[block + 1]
        texts = [line.text.casefold() for line in self._laid_out.lines[start:after]]
        # A wrapped sentence has some of the words on the next line.
        pairs = zip(texts, [*texts[1:], ""], strict=True)
        found = [sum(word in f"{text} {below}" for word in words) for text, below in pairs]
        return start + found.index(max(found)) - _CONTEXT

    def _line_of_link(self, number: int) -> int:
        return lay_out(self._blocks, self.size.width, number).selected or 0

    def _go_to_line(self, line: int) -> None:
        self.scroll_to(y=max(0, line), animate=False, force=True)

    def _fit_lines(self) -> list[Line]:
        if not self.size.width:
            return []
        self._laid_out = lay_out(self._blocks, self.size.width, self._selected)
        return list(self._laid_out.lines)
