"""Something to read, and to close: what a change did, what a practice is, a key in full."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.widgets import Button

from tui.modals.text_modal import TextModal

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Notice(TextModal[None]):
    """Shows lines until Enter or Escape."""

    CSS_PATH = "notice.tcss"

    def compose_answers(self) -> ComposeResult:
        """Make the one button."""
        yield Button(Content("Enter Close"), id="close", compact=True)

    @on(Button.Pressed)
    def _close(self) -> None:
        self.dismiss(None)


def notice_of(title: str, sentence: str, consequences: Iterable[str]) -> Notice:
    """A notice of what was done, and of each thing that follows from it."""
    return Notice(title, [sentence, *(line for each in consequences for line in ("", each))])
