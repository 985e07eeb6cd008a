"""Something to read, and to close: what a change did, what a practice is, a key in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.widgets import Button, Static

from tui.screens.base import HouseModal
from tui.widgets.plain import plain_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Notice(HouseModal[None]):
    """Shows lines until Enter or Escape.

    Args:
        title: What they are about.
        lines: Plain text; a blank one sets apart.
    """

    CSS_PATH = "notice.tcss"

    def __init__(self, title: str, lines: list[str]) -> None:
        super().__init__(title)
        self._lines = lines

    def compose_body(self) -> ComposeResult:
        """Make the text and the one button."""
        yield Static(plain_lines(self._lines), classes="text")
        yield Button(Content("Enter Close"), id="close", compact=True)

    @on(Button.Pressed)
    def _close(self) -> None:
        self.dismiss(None)
