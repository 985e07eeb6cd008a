"""The line in which the filter of the Audit Trail is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.message import Message
from textual.widgets.input import Selection

from core.audit.filter_language import last_term
from tui.bindings import bindings
from tui.widgets.inputs import PlainInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType


class FilterInput(PlainInput):
    """A text field whose last word Tab completes."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("complete")

    class Choices(Message):
        """What the last word may become."""

        def __init__(self, words: tuple[str, ...]) -> None:
            super().__init__()
            self.words = words

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(placeholder='everything; try user:admin since:2024-11-01 text:"API key"', id=id)
        self.completions: Callable[[str], tuple[str, ...]] = lambda _line: ()

    def point_at(self, start: int, end: int) -> None:
        """Select a part of the line, such as a word that means nothing."""
        self.focus()
        self.selection = Selection(start, end)

    def action_complete(self) -> None:
        """Complete as much of the last word as is certain, and tell what it may become."""
        found = self.completions(self.value)
        if not found or self.cursor_position != len(self.value):
            self.post_message(self.Choices(()))
            return
        certain = _common_beginning(found)
        if len(certain) > len(self.value) or len(found) == 1:
            self.value = certain
            self.cursor_position = len(certain)
        if len(found) > 1:
            self.post_message(self.Choices(tuple(last_term(line)[1] for line in found)))


def _common_beginning(lines: tuple[str, ...]) -> str:
    """The longest beginning that lines share, in the letters of the first one whatever their case."""
    first, *others = lines
    length = 0
    while length < len(first) and all(
        each[: length + 1].casefold() == first[: length + 1].casefold() for each in others
    ):
        length += 1
    return first[:length]
