"""A dialog with information, such as the result of a change or a key in full."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.widgets import Button

from tui.modals.text_modal import TextModal
from tui.widgets.safe_text import MAX_LINE_LENGTH, sanitize, wrap

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Notice(TextModal[None]):
    """A dialog with lines of text. Enter or Escape closes it."""

    CSS_PATH = "notice.tcss"

    def compose_answers(self) -> ComposeResult:
        """Compose the button."""
        yield Button(Content("Enter Close"), id="close", compact=True)

    @on(Button.Pressed)
    def _close(self) -> None:
        self.dismiss(None)


def outcome_notice(title: str, sentence: str, consequences: Iterable[str]) -> Notice:
    """Return a notice with the result of an action and one paragraph for each of its consequences."""
    return Notice(title, [sentence, *(line for each in consequences for line in ("", each))])


def message_notice(message: str) -> Notice:
    """Return a notice with a whole message, however long it is."""
    return Notice("Message", wrap(sanitize(message), MAX_LINE_LENGTH))
