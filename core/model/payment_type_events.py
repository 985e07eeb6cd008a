"""The audit events of payment types.

Each begins with the text that Open Dental's own window writes for the same change. What was there before and after,
which that window doesn't record, follows after a semicolon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.model.event_text import FreeText, Number, TypeChanges, UndoneEntry
from core.model.event_values import PaymentTypeField
from core.model.logged_event import PAYMENT_TYPES, AuditEvent, Edit
from core.opendental.permission_types import Permission


@dataclass(frozen=True)
class PaymentTypeEvent(AuditEvent):
    """An event about one payment type."""

    subject = PAYMENT_TYPES
    permission = Permission.DEF_EDIT
    changes_practice = True

    name: FreeText


@dataclass(frozen=True)
class PaymentTypeAdded(PaymentTypeEvent):
    """A payment type was added at the end of the list."""

    template = "Definition created: {name} with category: Payment Types; added by {user}"
    like = "Definition created: % with category: Payment Types; added by %"
    happened = "Payment type added"

    user: FreeText


@dataclass(frozen=True)
class PaymentTypeEdited(PaymentTypeEvent):
    """A payment type was renamed, moved or shown again, or its mark for deposit slips was changed."""

    template = "Definition edited: {name} with category: Payment Types; {number} by {user}: {changes}{undoes}"
    like = "Definition edited: % with category: Payment Types; % by %: %"
    happened = "Payment type edited"

    number: Number
    user: FreeText
    changes: TypeChanges
    undoes: UndoneEntry = 0

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The values before and after."""
        return tuple(Edit(field_of(self.number, each.setting), each.before, each.after) for each in self.changes)

    @property
    def undo_lines(self) -> tuple[str, ...]:
        """The effect of undoing the event; the type is named above the lines, so its number isn't repeated."""
        return tuple(f"{each.setting.value}: from {each.after} back to {each.before}" for each in self.changes)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """The values after."""
        return {field_of(self.number, each.setting): each.after for each in self.changes}

    @property
    def undone_entry(self) -> int:
        """The entry that the change undid."""
        return self.undoes


@dataclass(frozen=True)
class PaymentTypeHidden(PaymentTypeEvent):
    """A payment type was hidden."""

    template = "Definition hidden: {name} with category: Payment Types; {number} by {user}{undoes}"
    like = "Definition hidden: % with category: Payment Types; % by %"
    happened = "Payment type hidden"

    number: Number
    user: FreeText
    undoes: UndoneEntry = 0

    @property
    def edits(self) -> tuple[Edit, ...]:
        """That it was shown before."""
        return (Edit(field_of(self.number, PaymentTypeField.HIDDEN), "no", "yes"),)

    @property
    def undo_lines(self) -> tuple[str, ...]:
        """That undoing shows it again."""
        return (f"{PaymentTypeField.HIDDEN.value}: from yes back to no",)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """That it is hidden."""
        return {field_of(self.number, PaymentTypeField.HIDDEN): "yes"}

    @property
    def undone_entry(self) -> int:
        """The entry that the change undid."""
        return self.undoes


def field_of(number: int, field: PaymentTypeField) -> str:
    """Return the name in conflicts and undo plans of a payment type's value."""
    return f"{field.value} of payment type {number}"
