"""A dialog whose text scrolls if it is longer than the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.bindings import bindings
from tui.platform.base_modal import BaseModal
from tui.widgets.safe_text import hanging_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

T = TypeVar("T")

_OTHER_LINES = 8
"""The lines of a dialog that are not text: the frame, the blank lines, the status line and one button."""


class TextModal(BaseModal[T]):
    """A dialog with lines of text and, below them, the widgets that a subclass adds in `compose_answers`.

    Args:
        title: The title of the dialog.
        lines: Plain text. An empty line separates paragraphs. What doesn't fit into a line is indented like the line.
        extra_lines: The height of the widgets below the text, not counting the first button.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("page-up", "scroll-down")

    def __init__(self, title: str, lines: Sequence[str], extra_lines: int = 0) -> None:
        super().__init__(title)
        self._lines = lines
        self._other_lines = _OTHER_LINES + extra_lines

    def compose_body(self) -> ComposeResult:
        """Compose the text, with a scroll bar if it does not fit, and the answers."""
        with VerticalScroll(classes="text", can_focus=False):
            yield Static(hanging_lines(map(self.with_own_names, self._lines)))
        yield from self.compose_answers()

    def compose_answers(self) -> ComposeResult:
        """Compose the widgets below the text."""
        yield from ()

    def on_resize(self) -> None:
        """Limit the height of the text so that the answers stay in view."""
        self.query_one(".text").styles.max_height = max(3, self.size.height - self._other_lines)

    def action_page_up(self) -> None:
        """Scroll up by one page."""
        for text in self.query(VerticalScroll):  # none once the dialog is closing
            text.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll down by one page."""
        for text in self.query(VerticalScroll):
            text.scroll_page_down(animate=False)
