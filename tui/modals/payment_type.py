"""The dialog for the name of a payment type and its mark for deposit slips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.errors import InvalidInput
from tui.modals.question import discard_question
from tui.platform.base_modal import BaseModal
from tui.platform.workers import flow
from tui.widgets.inputs import PlainInput
from tui.widgets.on_off import OnOff

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult


@dataclass(frozen=True)
class TypedPaymentType:
    """The values typed in the dialog."""

    name: str
    on_deposit_slips: bool | None
    """None if the practice doesn't know the mark."""


class PaymentTypeDialog(BaseModal[TypedPaymentType]):
    """Asks for a name and the mark for deposit slips. Its result is what was typed, or None after Escape.

    Args:
        title: The title of the dialog.
        initial: The values to begin with.
        check: Returns the name as it is stored, or raises `InvalidInput`.
        warn: Returns what this name does besides; blank for nothing.
        typed: The values that were typed before; None for `initial`.
    """

    CSS_PATH = "payment_type.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("save-type", "back", "next-field")

    def __init__(
        self,
        title: str,
        initial: TypedPaymentType,
        check: Callable[[str], str],
        warn: Callable[[str], str] = lambda _name: "",
        typed: TypedPaymentType | None = None,
    ) -> None:
        super().__init__(title)
        self._initial = initial
        self._first = typed or initial
        self._check = check
        self._warn = warn

    def compose_body(self) -> ComposeResult:
        """Compose the fields."""
        with Horizontal(classes="field"):
            yield Static("Name", classes="field-label")
            yield PlainInput(self._first.name, select_on_focus=True, id="name")
        with Horizontal(classes="field"):
            yield Static("Deposit slips", classes="field-label")
            yield OnOff(id="deposit-slips", disabled=self._initial.on_deposit_slips is None)
        yield Static("On: payments of this type are preselected for deposit slips.", id="explanation")

    def on_mount(self) -> None:
        """Show the mark, and focus the name."""
        self.query_one(OnOff).value = bool(self._first.on_deposit_slips)
        self.query_one(PlainInput).focus()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The payment type, if it was edited."""
        return ("the payment type",) if self._typed != self._initial else ()

    @property
    def _typed(self) -> TypedPaymentType:
        mark = None if self._initial.on_deposit_slips is None else self.query_one(OnOff).value
        return TypedPaymentType(self.query_one(PlainInput).value, mark)

    @flow
    async def action_back(self) -> None:
        """Close the dialog, after a question if anything was typed."""
        if not self.unsaved or await self.app.push_screen_wait(discard_question(self.unsaved)):
            self.dismiss(None)

    @on(Input.Changed)
    def _show_warning(self) -> None:
        self.show_status(self._warn(self._typed.name))

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Close the dialog with what was typed, if the name can be stored."""
        typed = self._typed
        try:
            name = self._check(typed.name)
        except InvalidInput as error:
            self.show_problem(error)
            self.query_one(PlainInput).focus()
            return
        self.dismiss(TypedPaymentType(name, typed.on_deposit_slips))
