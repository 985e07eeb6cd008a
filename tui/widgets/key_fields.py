"""The fields of a key that the local registry keeps: contact, permissions and agreement."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from core.api_key import KeyFields
from core.errors import InvalidInput
from tui.widgets.inputs import PlainInput
from tui.widgets.plain import visible

if TYPE_CHECKING:
    from textual.app import ComposeResult


_ROOM = 110
"""The cells of permissions that are shown: what fits into three lines of the smallest terminal."""


class KeyFieldsForm(Vertical):
    """Shows and takes `KeyFields`.

    Args:
        fields: What is shown first.
        known: Whether anything is known of them at all.
        disabled: Whether they can only be looked at.
    """

    class Edited(Message):
        """Something in the form is not what it was a moment ago."""

    def __init__(self, fields: KeyFields, *, known: bool = True, disabled: bool = False) -> None:
        super().__init__(disabled=disabled)
        self._known = known
        self._permissions = fields.permissions
        self._first = fields

    def compose(self) -> ComposeResult:
        """Make the fields; each has its label on its own line."""
        since = self._first.agreement_since
        for label, name, value, remark in (
            ("E-mail", "email", self._first.email, ""),
            ("Phone", "phone", self._first.phone, ""),
            ("Agreement since", "agreement", since.isoformat() if since else "", "BAA, as 2024-12-31; blank = none"),
        ):
            with Horizontal():
                yield Static(label, classes="label", markup=False)
                missing = "" if self._known else "not known here"
                yield PlainInput(value, id=name, placeholder=missing, max_length=14 if name == "agreement" else 255)
                yield Static(remark, classes="remark", markup=False)
        with Horizontal():
            yield Static("Permissions", classes="label")
            yield Static("", id="permission-names", markup=False)

    def on_mount(self) -> None:
        """Name the permissions."""
        self._show_permissions()

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions that are chosen now."""
        return self._permissions

    @permissions.setter
    def permissions(self, names: tuple[str, ...]) -> None:
        self._permissions = names
        self._show_permissions()
        self.post_message(self.Edited())

    @property
    def edited(self) -> bool:
        """Whether anything differs from what was shown first."""
        since = self._first.agreement_since
        first = (self._first.email, self._first.phone, since.isoformat() if since else "", self._first.permissions)
        return first != (self._text("email"), self._text("phone"), self._text("agreement"), self._permissions)

    @property
    def typed(self) -> KeyFields:
        """What the form shows now.

        Raises:
            InvalidInput: The date of the agreement is none; the field is `agreement`.
        """
        return KeyFields(
            email=self._text("email"),
            phone=self._text("phone"),
            permissions=self._permissions,
            agreement_since=agreement_date(self._text("agreement")),
        )

    def show(self, fields: KeyFields) -> None:
        """Show other fields as they were read."""
        self._first = fields
        self._permissions = fields.permissions
        since = fields.agreement_since
        with self.prevent(Input.Changed):
            self.query_one("#email", PlainInput).value = fields.email
            self.query_one("#phone", PlainInput).value = fields.phone
            self.query_one("#agreement", PlainInput).value = since.isoformat() if since else ""
        self._show_permissions()

    def focus_field(self, name: str) -> None:
        """Go to the field that an `InvalidInput` names."""
        self.query_one(f"#{name}", PlainInput).focus()

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", PlainInput).value.strip()

    def _show_permissions(self) -> None:
        names = f"{len(self._permissions)}: {', '.join(self._permissions)}" if self._permissions else "none"
        self.query_one("#permission-names", Static).update(visible(names, _ROOM) if self._known else "not known here")

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited())


def agreement_date(text: str) -> date | None:
    """The date of a Business Associate Agreement; blank means that there is none.

    Raises:
        InvalidInput: It is no date; the field is `agreement`.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "agreement", "That is no date.", "Write the day of the agreement as 2024-12-31, or leave it blank."
        ) from None
