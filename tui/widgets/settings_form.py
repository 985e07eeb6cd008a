"""The form for the three settings of API Setup."""

from __future__ import annotations

from asyncio import Lock, gather
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Input, Select, Static

from tui.bindings import key
from tui.key_names import display
from tui.widgets.inputs import PlainInput
from tui.widgets.on_off import OnOff
from tui.widgets.panel import TITLE_FRAME, Panel
from tui.widgets.safe_text import cell_width, sanitize

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.settings import ApiSettings, PaymentType, SettingsPage

_OTHER = -1
"""The value of the entry that leads to the list of payment types; no type has this number."""


class SettingsForm(Panel):
    """A form that keeps the settings as they were read and the edited values."""

    class Edited(Message):
        """Posted when a value of the form changed."""

    class OtherPaymentType(Message):
        """Posted when the entry of the payment types was chosen that leads to their list."""

    FIELDS: ClassVar[dict[str, str]] = {
        "enabled": "Enabled",
        "interval": "subscription interval",
        "payment_type": "payment type",
    }
    """The settings by their names in `ApiSettings`, with the names that users see."""

    def __init__(self) -> None:
        super().__init__()
        self._page: SettingsPage | None = None
        self._is_filled = False
        self._showing = Lock()
        self._chosen_type: int | None = None
        self._headline, self._of_api = "", True

    def compose(self) -> ComposeResult:
        """Compose the labels, side by side where there is room. The fields follow once their values are known."""
        with Container(id="settings-fields"):
            with Horizontal():
                yield Static("API", classes="field-label")
                yield Container(classes="field", id="enabled-field")
                yield Static("FHIR interval", classes="field-label")
                yield Container(classes="field", id="interval-field")
                yield Static("min", classes="field-unit")
            with Horizontal():
                yield Static("Payment type", classes="field-label", id="payment-label")
                yield Container(classes="field", id="payment-type-field")

    def on_mount(self) -> None:
        """Show the title."""
        self.show_headline("")

    def show_headline(self, headline: str, *, of_api: bool = True) -> None:
        """Display in the upper border what is certainly wrong with the API, so that nothing below it moves.

        Args:
            headline: What is wrong, in a few words; empty if nothing is known to be.
            of_api: False for a review that is due.
        """
        self._headline, self._of_api = headline, of_api
        if not headline:
            self.show_title("Settings")
            return
        leads_to, alert = key("why" if of_api else "place-review"), f"! {headline}"
        hint = f"{display(leads_to)} {leads_to.label.lower()}"
        style = "$alert" if of_api else "$caution"
        fits = cell_width(f"Settings · {alert}   {hint}") + TITLE_FRAME <= self.outer_size.width
        self.show_title("Settings" if fits else "", alert=alert, hint=hint, alert_style=style)

    def on_resize(self) -> None:
        """Show what is wrong as far as it fits now."""
        self.show_headline(self._headline, of_api=self._of_api)

    @property
    def page(self) -> SettingsPage:
        """The settings as they were last read or saved; before that, none has a value."""
        if self._page is not None:
            return self._page
        # Imported here, because the first picture has no values.
        from core.model.settings import NOTHING_READ

        return NOTHING_READ

    @property
    def is_filled(self) -> bool:
        """True as soon as there are fields, with the settings that were read."""
        return self._is_filled

    def mark_saved(self, values: ApiSettings) -> None:
        """Treat values that were just saved as the stored ones."""
        self._page = replace(self.page, values=values)
        self._show_unsaved()

    async def show(self, page: SettingsPage, *, keep_typed: bool = False, drop: tuple[str, ...] = ()) -> None:
        """Display settings that were just read.

        Args:
            page: The settings.
            keep_typed: Keep the edited values that are not saved yet.
            drop: The names, as in `unsaved`, of edited settings whose values are discarded anyway.
        """
        # A reload may end while the fields are being mounted, which can't be filled before.
        async with self._showing:
            kept = {name: value for name, value in self._edited_values().items() if self.FIELDS[name] not in drop}
            values = replace(page.values, **kept) if keep_typed else page.values
            self._page = page
            # A stored number may not be in the list: 0 means that no type is chosen, and a stored type may be deleted.
            listed = {payment_type.number for payment_type in page.payment_types}
            self._chosen_type = values.payment_type if values.payment_type in listed else None
            if self._is_filled:
                self._fill_fields(values)
            else:
                await self._mount_fields(values)
                self._is_filled = True
            self._show_unsaved()

    async def _mount_fields(self, values: ApiSettings) -> None:
        """Mount the fields with their values, which costs a third of changing them afterwards."""
        read = self.page.values
        fields = {
            "#enabled-field": OnOff(bool(values.enabled), id="enabled", disabled=read.enabled is None),
            "#interval-field": PlainInput(
                values.interval or "", id="interval", placeholder="off", max_length=40, disabled=read.interval is None
            ),
            "#payment-type-field": Select[int](
                self._choices,
                prompt="(none chosen)",
                value=self._choice,
                id="payment-type",
                disabled=read.payment_type is None,
            ),
        }
        with self.prevent(Checkbox.Changed, Input.Changed, Select.Changed):
            await gather(*(self.query_one(place).mount(field) for place, field in fields.items()))

    def _fill_fields(self, values: ApiSettings) -> None:
        read = self.page.values
        with self.prevent(Checkbox.Changed, Input.Changed, Select.Changed):
            self._enabled.value = bool(values.enabled)
            self._interval.value = values.interval or ""
            self._payment_type.set_options(self._choices)
            self._payment_type.value = self._choice
        self._enabled.disabled = read.enabled is None
        self._interval.disabled = read.interval is None
        self._payment_type.disabled = read.payment_type is None

    @property
    def _choices(self) -> list[tuple[Content, int]]:
        """The payment types, and the entry that leads to their list."""
        choices = [(_payment_type_label(each), each.number) for each in self.page.payment_types]
        return [*choices, (Content("other…"), _OTHER)]

    @property
    def _choice(self) -> Any:
        """The chosen payment type, as Textual's `Select` has it."""
        return Select.NULL if self._chosen_type is None else self._chosen_type

    @property
    def typed(self) -> ApiSettings:
        """The current values of the form. A setting that this database can't store is None."""
        read = self.page.values
        if not self._is_filled:
            return read
        chosen = self._payment_type.value
        return replace(
            read,
            enabled=None if read.enabled is None else self._enabled.value,
            interval=None if read.interval is None else self._interval.value,
            payment_type=None if read.payment_type is None else _number(chosen, self._chosen_type),
        )

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The names of the settings with edited values that are not saved yet."""
        return tuple(self.FIELDS[name] for name in self._edited_values())

    def _edited_values(self) -> dict[str, Any]:
        """Return the values that differ from the stored ones, by their names in `ApiSettings`."""
        if not self._is_filled:
            return {}
        typed, read = asdict(self.typed), asdict(self.page.values)
        if not any(each.number == read["payment_type"] for each in self.page.payment_types):
            read["payment_type"] = None if typed["payment_type"] is None else 0
        return {name: typed[name] for name in self.FIELDS if typed[name] != read[name]}

    def focus_field(self, name: str) -> None:
        """Focus the field of an `InvalidInput`."""
        if not self._is_filled:
            return
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

    @on(Select.Changed)
    def _follow_choice(self, event: Select.Changed) -> None:
        """Remember the choice, or put it back if it was the entry that leads to the list of payment types."""
        if event.value != _OTHER:
            self._chosen_type = event.value if isinstance(event.value, int) else None
            self._handle_edit()
            return
        event.stop()
        with self.prevent(Select.Changed):
            self._payment_type.value = self._choice
        self.post_message(self.OtherPaymentType())

    @on(Checkbox.Changed)
    @on(Input.Changed)
    def _handle_edit(self) -> None:
        self._show_unsaved()
        self.post_message(self.Edited())

    def _show_unsaved(self) -> None:
        names = ", ".join(self.unsaved)
        self.show_subtitle(f"* unsaved: {names}" if names else "", "$caution")


def _number(chosen: object, before: int | None) -> int:
    """Return the number of the chosen payment type; 0 if none is chosen."""
    if chosen == _OTHER:
        return before or 0
    return chosen if isinstance(chosen, int) else 0


def _payment_type_label(payment_type: PaymentType) -> Content:
    hidden = " (hidden)" if payment_type.hidden and payment_type.known else ""
    # A Content is not parsed as markup.
    return Content(sanitize(payment_type.name, 40) + hidden)
