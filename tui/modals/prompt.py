"""A dialog that asks for a text."""

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
    """Asks for a text until it is valid. Its result is the parsed text, or None after Escape.

    Args:
        title: The title of the dialog.
        lines: The explanation above the field.
        initial: The initial text of the field.
        parse: Converts the text to the result, or raises `InvalidInput` if it is not valid.
        verb: The text of the button.
    """

    CSS_PATH = "prompt.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("back",)

    def __init__(
        self, title: str, lines: Sequence[str], initial: str, parse: Callable[[str], T], *, verb: str = "Go on"
    ) -> None:
        super().__init__(title, lines, 2)
        self._initial = initial
        self._parse = parse
        self._verb = verb

    def compose_answers(self) -> ComposeResult:
        """Compose the field and the button."""
        yield PlainInput(self._initial, select_on_focus=True)
        yield Button(Content(f"Enter {self._verb}"), id="take", compact=True)

    def on_mount(self) -> None:
        """Focus the field."""
        self.query_one(PlainInput).focus()

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _submit(self) -> None:
        try:
            result = self._parse(self.query_one(PlainInput).value)
        except InvalidInput as error:
            # Not logged as `show_problem` would do, because the typed text may be a secret.
            self.show_status(str(error), "problem")
            self.query_one(PlainInput).focus()
            return
        self.dismiss(result)
