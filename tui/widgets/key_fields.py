"""The fields of a key that the local registry keeps: contact, permissions and agreement."""

from __future__ import annotations

from datetime import date
from enum import Enum, auto
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from core.base.errors import InvalidInput
from core.model.api_key import KeyFields
from tui.widgets.inputs import PlainInput
from tui.widgets.safe_text import visible

if TYPE_CHECKING:
    from textual.app import ComposeResult


_ROOM = 110
"""The cells of permissions that are shown: what fits into three lines of the smallest terminal."""


_NAMES = {"email": "e-mail", "phone": "phone", "agreement": "Business Associate Agreement"}
"""The text fields by their ids, with the names that conflicts give them."""


class Contacts(Enum):
    """What is done with e-mail, phone and permissions; the agreement is always the office's own."""

    EDITED = auto()
    SHOWN = auto()
    """Somebody else keeps them."""
    LEFT_OUT = auto()
    """Somebody else keeps them, and has not told them yet."""


class KeyFieldsForm(Vertical):
    """Shows and takes `KeyFields`.

    Args:
        fields: What is shown first.
        contacts: What is done with all but the agreement.
        known: Whether anything is known of them at all.
        disabled: Whether they can only be looked at.
    """

    class Edited(Message):
        """Something in the form is not what it was a moment ago."""

    def __init__(
        self,
        fields: KeyFields,
        *,
        contacts: Contacts = Contacts.EDITED,
        known: bool = True,
        disabled: bool = False,
    ) -> None:
        super().__init__(disabled=disabled)
        self._contacts = contacts
        self._known = known
        self._permissions = fields.permissions
        self._first = fields

    def compose(self) -> ComposeResult:
        """Make the fields; each has its label on its own line."""
        if self._contacts is not Contacts.LEFT_OUT:
            yield from self._line("E-mail", "email")
            yield from self._line("Phone", "phone")
        yield from self._line("Agreement since", "agreement", "BAA, as 2024-12-31; blank = none")
        if self._contacts is not Contacts.LEFT_OUT:
            with Horizontal():
                yield Static("Permissions", classes="label")
                yield Static("", id="permission-names", markup=False)

    def _line(self, label: str, name: str, remark: str = "") -> ComposeResult:
        with Horizontal():
            yield Static(label, classes="label", markup=False)
            yield PlainInput(
                _texts(self._first)[name],
                id=name,
                placeholder="" if self._known else "not known here",
                max_length=14 if name == "agreement" else 255,
                disabled=name != "agreement" and self._contacts is Contacts.SHOWN,
            )
            yield Static(remark, classes="remark", markup=False)

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
        typed = {name: self._text(name) for name in _NAMES}
        return typed != _texts(self._first) or self._permissions != self._first.permissions

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
        with self.prevent(Input.Changed):
            for field in self.query(PlainInput):
                field.value = _texts(fields)[str(field.id)]
        self._show_permissions()

    def rebase(self, fields: KeyFields, drop: tuple[str, ...]) -> None:
        """Show other fields as they were read, but keep what was typed over the ones before.

        Args:
            fields: What was read now.
            drop: The names, as in conflicts, of what shall not stay typed.
        """
        typed = {name: self._text(name) for name in _NAMES}
        before = _texts(self._first)
        permissions = self._permissions
        keep_permissions = permissions != self._first.permissions and "permissions" not in drop
        self.show(fields)
        for name, text in typed.items():
            if text != before[name] and _NAMES[name] not in drop:
                for field in self.query(f"#{name}").results(PlainInput):
                    field.value = text
        if keep_permissions:
            self.permissions = permissions

    def focus_field(self, name: str) -> None:
        """Go to the field that an `InvalidInput` names."""
        self.query_one(f"#{name}", PlainInput).focus()

    def _text(self, name: str) -> str:
        for field in self.query(f"#{name}").results(PlainInput):
            return field.value.strip()
        return _texts(self._first)[name]

    def _show_permissions(self) -> None:
        names = f"{len(self._permissions)}: {', '.join(self._permissions)}" if self._permissions else "none"
        for line in self.query("#permission-names").results(Static):
            line.update(visible(names, _ROOM) if self._known else "not known here")

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited())


def _texts(fields: KeyFields) -> dict[str, str]:
    since = fields.agreement_since
    return {"email": fields.email, "phone": fields.phone, "agreement": since.isoformat() if since else ""}


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
