"""A question that is answered by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on
from textual.content import Content
from textual.widgets import Button, Input

from core.base.errors import InvalidInput
from tui.modals.text_modal import TextModal
from tui.widgets.inputs import PlainInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

T = TypeVar("T")


class Prompt(TextModal[T], Generic[T]):
    """Asks for a text until it can be meant; gives what it means, or None.

    Args:
        title: What is asked for.
        lines: What the admin has to know.
        first: What the field holds first.
        meaning: Makes the answer of the text; raises `InvalidInput` where it cannot be meant.
    """

    CSS_PATH = "prompt.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("back",)

    def __init__(self, title: str, lines: Sequence[str], first: str, meaning: Callable[[str], T]) -> None:
        super().__init__(title, lines, 2)
        self._first = first
        self._meaning = meaning

    def compose_answers(self) -> ComposeResult:
        """Make the field and the button."""
        yield PlainInput(self._first, select_on_focus=True)
        yield Button(Content("Enter Go on"), id="take", compact=True)

    def on_mount(self) -> None:
        """Begin in the field."""
        self.query_one(PlainInput).focus()

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _take(self) -> None:
        try:
            meant = self._meaning(self.query_one(PlainInput).value)
        except InvalidInput as error:
            # Not for the log: what was typed may be a secret.
            self.say(str(error), "problem")
            self.query_one(PlainInput).focus()
            return
        self.dismiss(meant)
