"""A dialog that asks for a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on
from textual.content import Content
from textual.widgets import Button, Input

from core.base.errors import InvalidInput
from tui.key_names import display
from tui.modals.text_modal import TextModal
from tui.platform.key_help import KeyHelp
from tui.widgets.inputs import PlainInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
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
        key: The key that submits the text. It must be a Ctrl+letter if something is written then, because text that is
            pasted or typed by mistake may contain a line break.
        placeholder: What to type, for a long explanation of which the end isn't in view.
    """

    CSS_PATH = "prompt.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("back",)

    def __init__(
        self,
        title: str,
        lines: Sequence[str],
        initial: str,
        parse: Callable[[str], T],
        *,
        verb: str = "Continue",
        key: str = "enter",
        placeholder: str = "",
    ) -> None:
        super().__init__(title, lines, 2)
        self._initial = initial
        self._parse = parse
        self._verb = verb
        self._key = key
        self._placeholder = placeholder

    def compose_answers(self) -> ComposeResult:
        """Compose the field and the button."""
        yield PlainInput(self._initial, placeholder=self._placeholder, select_on_focus=True)
        button = Button(Content(f"{display(self._key)} {self._verb}"), id="take", compact=True)
        button.can_focus = self._key == "enter"
        button.styles.line_pad = 0  # in line with the keys below it; a style sheet can't say 0
        yield button

    def on_mount(self) -> None:
        """Focus the field."""
        self.query_one(PlainInput).focus()

    @property
    def own_help(self) -> tuple[KeyHelp, ...]:
        """The key that submits the text, for the help."""
        return (KeyHelp(display(self._key), f"{self._verb}."),)

    async def on_key(self, event: events.Key) -> None:
        """Submit the text if the key is meant."""
        if event.key != self._key or self._key == "enter":
            return
        event.stop()
        if await self.is_deliberate(event):
            self._submit()
        else:
            self.show_status(f"Key ignored: it came too fast. {self._hint}")

    @property
    def _hint(self) -> str:
        return f"Press {display(self._key)} to confirm, Esc to cancel."

    @on(Input.Submitted)
    def _handle_enter(self) -> None:
        if self._key == "enter":
            self._submit()
        else:
            self.show_status(self._hint)

    @on(Button.Pressed)
    async def _handle_click(self) -> None:
        if self._key == "enter" or await self.is_deliberate_click():
            self._submit()
        else:
            self.show_status(f"Click ignored: it came too fast. {self._hint}")

    def _submit(self) -> None:
        try:
            result = self._parse(self.query_one(PlainInput).value)
        except InvalidInput as error:
            # Not logged as `show_problem` would do, because the typed text may be a secret.
            self.show_status(str(error), "problem")
            self.query_one(PlainInput).focus()
            return
        self.dismiss(result)
