"""A dialog with a text that can be scrolled where it is longer than the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.bindings import bindings
from tui.platform.base_screen import BaseModal
from tui.widgets.safe_text import plain_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

T = TypeVar("T")

_AROUND = 8
"""Lines of a dialog that are not its text: the frame, the blank lines, the status line and one button."""


class TextModal(BaseModal[T]):
    """Shows lines, and below them what the subclass adds in `compose_answers`.

    Args:
        title: What they are about.
        lines: Plain text; a blank one sets apart.
        answers: How many answers there are below, beside the first.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("page-up", "page-down")

    def __init__(self, title: str, lines: Sequence[str], answers: int = 0) -> None:
        super().__init__(title)
        self._lines = lines
        self._taken = _AROUND + answers

    def compose_body(self) -> ComposeResult:
        """Make the text, with a scroll bar where it does not fit, and the answers."""
        with VerticalScroll(classes="text", can_focus=False):
            yield Static(plain_lines(self._lines))
        yield from self.compose_answers()

    def compose_answers(self) -> ComposeResult:
        """Make what stands below the text."""
        yield from ()

    def on_resize(self) -> None:
        """Leave room for the answers, however small the terminal is."""
        self.query_one(".text").styles.max_height = max(3, self.size.height - self._taken)

    def action_page_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)
