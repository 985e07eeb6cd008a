"""The form for a key's contact data, permissions and Business Associate Agreement (BAA)."""

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
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from textual.app import ComposeResult


_PERMISSIONS_WIDTH = 110
"""The maximum width of the permission names in cells: what fits into three lines of the smallest terminal."""


_NAMES = {"email": "e-mail", "phone": "phone", "agreement": "Business Associate Agreement"}
"""The ids of the text fields and their names in edit conflicts."""


class Contacts(Enum):
    """The state of e-mail, phone and permissions. The agreement can always be edited, because the office keeps it."""

    EDITABLE = auto()
    READ_ONLY = auto()
    """Headquarters keeps them."""
    HIDDEN = auto()
    """Headquarters keeps them and has not sent them yet."""


class KeyFieldsForm(Vertical):
    """A form for `KeyFields`.

    Args:
        fields: The initial values.
        contacts: The state of all fields except the agreement.
        known: True if the values are known; otherwise the form says that they are not.
        disabled: Make all fields read-only.
    """

    class Edited(Message):
        """Posted when a value of the form changed."""

    def __init__(
        self,
        fields: KeyFields,
        *,
        contacts: Contacts = Contacts.EDITABLE,
        known: bool = True,
        disabled: bool = False,
    ) -> None:
        super().__init__(disabled=disabled)
        self._contacts = contacts
        self._known = known
        self._permissions = fields.permissions
        self._loaded = fields

    def compose(self) -> ComposeResult:
        """Compose one line for each field, with its label."""
        if self._contacts is not Contacts.HIDDEN:
            yield from self._compose_field("E-mail", "email")
            yield from self._compose_field("Phone", "phone")
        yield from self._compose_field("BAA signed on", "agreement", "YYYY-MM-DD, optional")
        if self._contacts is not Contacts.HIDDEN:
            with Horizontal():
                yield Static("Permissions", classes="label")
                yield Static("", id="permission-names", markup=False)

    def _compose_field(self, label: str, name: str, remark: str = "") -> ComposeResult:
        with Horizontal():
            yield Static(label, classes="label", markup=False)
            yield PlainInput(
                _to_texts(self._loaded)[name],
                id=name,
                placeholder=self._placeholder,
                max_length=14 if name == "agreement" else 255,
                disabled=name != "agreement" and self._contacts is Contacts.READ_ONLY,
            )
            yield Static(remark, classes="remark", markup=False)

    def on_mount(self) -> None:
        """Display the names of the permissions."""
        self._show_permissions()

    @property
    def known(self) -> bool:
        """True if the values are known, and not only the key."""
        return self._known

    @known.setter
    def known(self, known: bool) -> None:
        self._known = known
        for field in self.query(PlainInput):
            field.placeholder = self._placeholder
        self._show_permissions()

    @property
    def _placeholder(self) -> str:
        return "" if self._known else "unknown"

    @property
    def permissions(self) -> tuple[str, ...]:
        """The selected permissions."""
        return self._permissions

    @permissions.setter
    def permissions(self, names: tuple[str, ...]) -> None:
        self._permissions = names
        self._show_permissions()
        self.post_message(self.Edited())

    @property
    def edited(self) -> bool:
        """True if a value differs from the loaded one."""
        current = {name: self._text(name) for name in _NAMES}
        return current != _to_texts(self._loaded) or self._permissions != self._loaded.permissions

    @property
    def typed(self) -> KeyFields:
        """The current values of the form.

        Raises:
            InvalidInput: The agreement is not a valid date. The error's field is `agreement`.
        """
        return KeyFields(
            email=self._text("email"),
            phone=self._text("phone"),
            permissions=self._permissions,
            agreement_since=_parse_agreement_date(self._text("agreement")),
        )

    def show(self, fields: KeyFields) -> None:
        """Load other values and discard the edited ones."""
        self._loaded = fields
        self._permissions = fields.permissions
        with self.prevent(Input.Changed):
            for field in self.query(PlainInput):
                field.value = _to_texts(fields)[str(field.id)]
        self._show_permissions()

    def rebase(self, fields: KeyFields, drop: tuple[str, ...]) -> None:
        """Load other values but keep the edited ones.

        Args:
            fields: The values that were just read.
            drop: The names of edited fields whose values are discarded, named as in edit conflicts.
        """
        edited = {name: self._text(name) for name in _NAMES}
        before = _to_texts(self._loaded)
        permissions = self._permissions
        keep_permissions = permissions != self._loaded.permissions and "permissions" not in drop
        self.show(fields)
        for name, text in edited.items():
            if text != before[name] and _NAMES[name] not in drop:
                for field in self.query(f"#{name}").results(PlainInput):
                    field.value = text
        if keep_permissions:
            self.permissions = permissions

    def focus_field(self, name: str) -> None:
        """Focus the field of an `InvalidInput`."""
        self.query_one(f"#{name}", PlainInput).focus()

    def _text(self, name: str) -> str:
        for field in self.query(f"#{name}").results(PlainInput):
            return field.value.strip()
        return _to_texts(self._loaded)[name]

    def _show_permissions(self) -> None:
        names = f"{len(self._permissions)}: {', '.join(self._permissions)}" if self._permissions else "none"
        for line in self.query("#permission-names").results(Static):
            line.update(sanitize(names, _PERMISSIONS_WIDTH) if self._known else "unknown")

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited())


def _to_texts(fields: KeyFields) -> dict[str, str]:
    since = fields.agreement_since
    return {"email": fields.email, "phone": fields.phone, "agreement": since.isoformat() if since else ""}


def _parse_agreement_date(text: str) -> date | None:
    """Parse the date of a Business Associate Agreement (YYYY-MM-DD). Blank text means that there is none.

    Raises:
        InvalidInput: The text is not a valid date. The error's field is `agreement`.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "agreement", "Not a valid date.", "Enter the date of the agreement as YYYY-MM-DD, or leave it blank."
        ) from None
