"""The text field for a filter expression, of the key list or of the Audit Trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.message import Message
from textual.widgets.input import Selection

from tui.bindings import bindings
from tui.widgets.inputs import PlainInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType


class FilterInput(PlainInput):
    """A text field in which Tab completes the last word."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("complete")

    class Choices(Message):
        """Posted with the possible completions of the last word."""

        def __init__(self, words: tuple[str, ...]) -> None:
            super().__init__()
            self.words = words

    def __init__(self, *, placeholder: str, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(placeholder=placeholder, id=id)
        self.completions: Callable[[str], tuple[str, ...]] = lambda _line: ()
        """Returns all texts that the given text can be completed to."""

    def begin_word(self) -> None:
        """Put the cursor at the end, after a blank, so that what is typed next is a word of its own."""
        if self.value and not self.value[-1].isspace():
            self.value += " "
        self.cursor_position = len(self.value)

    def select_range(self, start: int, end: int) -> None:
        """Focus the field and select a part of its text, such as an unknown word."""
        self.focus()
        self.selection = Selection(start, end)

    def action_complete(self) -> None:
        """Complete the last word as far as it is unambiguous, and post the remaining `Choices`."""
        completions = self.completions(self.value)
        if not completions or self.cursor_position != len(self.value):
            self.post_message(self.Choices(()))
            return
        prefix = _common_prefix(completions)
        if len(prefix) > len(self.value) or len(completions) == 1:
            self.value = prefix
            self.cursor_position = len(prefix)
        if len(completions) > 1:
            from core.filtering.terms import last_term

            self.post_message(self.Choices(tuple(last_term(line)[1] for line in completions)))


def _common_prefix(lines: tuple[str, ...]) -> str:
    """Return the longest common prefix, compared without case and spelled as in the first line."""
    first, *others = lines
    length = 0
    while length < len(first) and all(
        each[: length + 1].casefold() == first[: length + 1].casefold() for each in others
    ):
        length += 1
    return first[:length]
