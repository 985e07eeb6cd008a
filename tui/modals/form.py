"""A dialog with several text fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from core.base.errors import InvalidInput
from tui.modals.question import discard_question
from tui.platform.base_modal import BaseModal
from tui.platform.workers import flow
from tui.widgets.inputs import PlainInput
from tui.widgets.safe_text import hanging_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

T = TypeVar("T")


@dataclass(frozen=True)
class FormField:
    """A text field of a form.

    Args:
        name: The name by which an `InvalidInput` points at it.
        label: Its label.
        text: Its text.
        before: What the text was before somebody typed; None for `text`.
        placeholder: What an empty field shows.
        is_short: True for a date.
        disabled: True to only show it.
    """

    name: str
    label: str
    text: str
    before: str | None = None
    placeholder: str = ""
    is_short: bool = False
    disabled: bool = False


class Form(BaseModal[T], Generic[T]):
    """Asks for several texts until all of them are valid. Its result is what they say, or None after Escape.

    Enter goes to the next field, because a text that is pasted or typed by mistake may contain a line break.

    Args:
        title: The title of the dialog.
        lines: What to know, above the fields.
        fields: The fields.
        parse: Converts the texts, by the names of their fields, to the result, or raises `InvalidInput`.
    """

    CSS_PATH = "form.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]  # noqa: RUF012 - declared so by Textual
    KEYS: ClassVar[tuple[str, ...]] = ("save", "back", "next-field")

    def __init__(
        self,
        title: str,
        lines: Sequence[str],
        fields: Sequence[FormField],
        parse: Callable[[Mapping[str, str]], T],
    ) -> None:
        super().__init__(title)
        self._lines = lines
        self._fields = fields
        self._parse = parse

    def compose_body(self) -> ComposeResult:
        """Compose the lines and the fields."""
        if self._lines:
            yield Static(hanging_lines(self._lines), id="lines")
        with Vertical(id="fields"):
            for field in self._fields:
                yield from self._compose_field(field)

    def _compose_field(self, field: FormField) -> ComposeResult:
        with Horizontal(classes="field"):
            yield Static(field.label, classes="field-label", markup=False)
            yield PlainInput(
                field.text,
                placeholder=field.placeholder,
                select_on_focus=True,
                id=field.name,
                classes="short" if field.is_short else "",
                disabled=field.disabled,
            )

    def on_mount(self) -> None:
        """Focus the first field, or the one that could not be saved."""
        names = [field.name for field in self._fields if not field.disabled]
        wrong = self.problem.field if isinstance(self.problem, InvalidInput) else ""
        self._focus(wrong if wrong in names else names[0])

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The labels of the fields that were edited."""
        texts = self._texts
        return tuple(
            field.label
            for field in self._fields
            if texts[field.name] != (field.text if field.before is None else field.before)
        )

    @property
    def _texts(self) -> dict[str, str]:
        return {field.name: self.query_one(f"#{field.name}", PlainInput).value.strip() for field in self._fields}

    def _focus(self, name: str) -> None:
        self.query_one(f"#{name}", PlainInput).focus()

    @flow
    async def action_back(self) -> None:
        """Close the dialog, after a question if anything was typed."""
        if not self.unsaved or await self.app.push_screen_wait(discard_question(self.unsaved)):
            self.dismiss(None)

    @on(Input.Submitted)
    def _go_on(self) -> None:
        self.focus_next()

    def action_save(self) -> None:
        """Close the dialog with what was typed, if all of it is valid."""
        try:
            result = self._parse(self._texts)
        except InvalidInput as error:
            # Not logged as `show_problem` would do, because the typed text may contain a key.
            self.show_status(str(error), "problem")
            self._focus(error.field)
            return
        self.dismiss(result)


class StartForm(Form[T], Generic[T]):
    """A form whose key starts something."""

    KEYS: ClassVar[tuple[str, ...]] = ("start-now", "back", "next-field")
