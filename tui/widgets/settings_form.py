"""The three settings of API Setup as fields."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Input, Select, Static

from core.model.settings import ApiSettings, PaymentType, SettingsPage
from tui.widgets.inputs import PlainInput
from tui.widgets.on_off import OnOff
from tui.widgets.safe_text import visible

if TYPE_CHECKING:
    from textual.app import ComposeResult


class SettingsForm(Vertical):
    """Shows the settings as they were read, and holds what is typed over them."""

    class Edited(Message):
        """Something in the form is not what it was a moment ago."""

    FIELDS: ClassVar[dict[str, str]] = {
        "enabled": "Enabled",
        "interval": "subscription interval",
        "payment_type": "payment type",
    }

    def __init__(self) -> None:
        super().__init__()
        self._page = SettingsPage(ApiSettings(None, None, None), (), ())

    def compose(self) -> ComposeResult:
        """Make the fields; each has its label on its own line."""
        with Horizontal():
            yield Static("API Setup", classes="heading", markup=False)
            yield Static("", id="unsaved", markup=False)
        with Horizontal():
            yield Static("Enabled", classes="label")
            yield OnOff(disabled=True, id="enabled")
        with Horizontal():
            yield Static("Subscription interval", classes="label")
            yield PlainInput(id="interval", disabled=True, max_length=40)
            yield Static("minutes, for FHIR only; blank = off", classes="remark")
        with Horizontal():
            yield Static("Default payment type", classes="label")
            yield Select[int]([], prompt="(none chosen)", compact=True, disabled=True, id="payment-type")
            yield Static("for API payments", classes="remark")

    @property
    def page(self) -> SettingsPage:
        """The settings as they were read last."""
        return self._page

    def accept(self, values: ApiSettings) -> None:
        """Take what was typed as what is stored now, since it was saved."""
        self._page = replace(self._page, values=values)
        self._show_unsaved()

    def show(self, page: SettingsPage, *, keep_typed: bool = False, drop: tuple[str, ...] = ()) -> None:
        """Show settings as they were read.

        Args:
            page: What was read.
            keep_typed: What was typed and not saved stays typed; every other field shows what was read now.
            drop: The names, as in `unsaved`, of what shall not stay typed.
        """
        kept = {name: value for name, value in self._typed_over().items() if self.FIELDS[name] not in drop}
        values = replace(page.values, **kept) if keep_typed else page.values
        self._page = page
        # Not every stored number is a choice: none chosen yet is 0, and a kept one may be gone.
        known = {payment_type.number for payment_type in page.payment_types}
        chosen = values.payment_type if values.payment_type in known else None
        with self.prevent(Checkbox.Changed, Input.Changed, Select.Changed):
            self._enabled.value = bool(values.enabled)
            self._interval.value = values.interval or ""
            self._payment_type.set_options([(_choice(each), each.number) for each in page.payment_types])
            self._payment_type.value = Select.NULL if chosen is None else chosen
        self._enabled.disabled = page.values.enabled is None
        self._interval.disabled = page.values.interval is None
        self._payment_type.disabled = page.values.payment_type is None
        self._show_unsaved()

    @property
    def typed(self) -> ApiSettings:
        """The settings as the form shows them; None where this database has no place for one."""
        read, chosen = self._page.values, self._payment_type.value
        return ApiSettings(
            enabled=None if read.enabled is None else self._enabled.value,
            interval=None if read.interval is None else self._interval.value,
            payment_type=None if read.payment_type is None else chosen if isinstance(chosen, int) else 0,
        )

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The names of the values that differ from what was read."""
        return tuple(self.FIELDS[name] for name in self._typed_over())

    def _typed_over(self) -> dict[str, Any]:
        """The values that differ from what was read, by their names in `ApiSettings`."""
        typed, read = asdict(self.typed), asdict(self._page.values)
        if not any(each.number == read["payment_type"] for each in self._page.payment_types):
            read["payment_type"] = None if typed["payment_type"] is None else 0
        return {name: typed[name] for name in self.FIELDS if typed[name] != read[name]}

    def focus_field(self, name: str) -> None:
        """Go to the field that an `InvalidInput` names."""
        {"interval": self._interval, "payment_type": self._payment_type}.get(name, self._enabled).focus()

    @property
    def _enabled(self) -> OnOff:
        return self.query_one("#enabled", OnOff)

    @property
    def _interval(self) -> PlainInput:
        return self.query_one("#interval", PlainInput)

    @property
    def _payment_type(self) -> Select[int]:
        return self.query_one("#payment-type", Select)

    @on(Checkbox.Changed)
    @on(Input.Changed)
    @on(Select.Changed)
    def _edited(self) -> None:
        self._show_unsaved()
        self.post_message(self.Edited())

    def _show_unsaved(self) -> None:
        names = ", ".join(self.unsaved)
        self.query_one("#unsaved", Static).update(f"* not saved yet: {names}" if names else "")


def _choice(payment_type: PaymentType) -> Content:
    hidden = " (hidden)" if payment_type.hidden else ""
    # A Content is not parsed as markup.
    return Content(visible(payment_type.name, 40) + hidden)
