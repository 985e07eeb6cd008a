"""The help: a panel over a screen with the keys that work there, which typing filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Input

from tui.bindings import bindings
from tui.platform.base_modal import BaseModal
from tui.platform.base_screen import ScreenBehavior
from tui.platform.key_help import HelpSection, help_sections
from tui.widgets.inputs import PlainInput
from tui.widgets.text_lines import TextLines
from tui.widgets.tones import Line, safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

_MAX_NAMES = 18
"""Cells. Longer names of keys get a line of their own."""
_NOTE = "Letter keys work when no text field has the focus. Tab leaves a field."


class HelpPanel(BaseModal[str]):
    """Lists the keys of a screen. Its result is the topic of the manual to open, or None after Escape.

    Args:
        screen: The screen whose keys are listed.
    """

    CSS_PATH = "help.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("manual", "back", "page-down")
    TYPING_KEYS: ClassVar[tuple[str, ...]] = ("manual", "back", "page-down")
    BINDINGS: ClassVar[list[BindingType]] = bindings("up", "down", "page-up", "first", "last")

    def __init__(self, screen: ScreenBehavior) -> None:
        super().__init__("Keys that work here")
        self._sections = help_sections(screen)

    def compose_body(self) -> ComposeResult:
        """Compose the filter and the list of keys."""
        yield PlainInput(placeholder="type a key or what to do")
        yield TextLines(can_focus=False)

    def on_mount(self) -> None:
        """List all keys. The filter keeps the focus while the arrow keys scroll."""
        self._apply_filter()
        self.query_one(PlainInput).focus()

    @on(Input.Changed)
    def _apply_filter(self) -> None:
        words = self.query_one(PlainInput).value.casefold().split()
        lines = list(_lines(self._sections, words))
        note = [Line(()), safe_line((_NOTE, "dim"))] if not words else []
        self._text.show([*lines, *note] or ["No key matches. Press Esc to close."])

    @property
    def _text(self) -> TextLines:
        return self.query_one(TextLines)

    def action_cursor_up(self) -> None:
        """Scroll up by one line, even while the filter has focus."""
        self._text.action_cursor_up()

    def action_cursor_down(self) -> None:
        """Scroll down by one line, even while the filter has focus."""
        self._text.action_cursor_down()

    def action_page_up(self) -> None:
        """Scroll up by one page, even while the filter has focus."""
        self._text.action_page_up()

    def action_page_down(self) -> None:
        """Scroll down by one page, even while the filter has focus."""
        self._text.action_page_down()


def _lines(sections: Sequence[HelpSection], words: Sequence[str]) -> Iterator[Line]:
    """Yield a heading and a line for each entry that contains all words; what doesn't fit is indented."""
    for number, section in enumerate(sections):
        entries = [entry for entry in section.entries if entry.matches(words)]
        if not entries:
            continue
        if number:
            yield Line(())
        yield safe_line((section.title, "strong"))
        for entry in entries:
            if len(entry.names) > _MAX_NAMES:
                yield safe_line((entry.names, "accent"))
                yield safe_line((" " * (_MAX_NAMES + 2), "normal"), (entry.sentence, "normal"), indent=_MAX_NAMES + 2)
            else:
                names = f"{entry.names:<{_MAX_NAMES}}  "
                yield safe_line((names, "accent"), (entry.sentence, "normal"), indent=_MAX_NAMES + 2)
