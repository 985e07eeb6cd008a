"""Undoing changes of payment types."""

from __future__ import annotations

from core.audit.service import AuditService
from core.base.errors import Conflict, OperationNotAllowed
from core.model.actor import Actor
from core.model.api_key import GONE
from core.model.event_values import PaymentTypeField
from core.model.payment_type_events import PaymentTypeEdited, PaymentTypeHidden, field_of
from core.model.payment_types import ListedPaymentType, PaymentTypePage
from core.model.settings_events import SettingsChanged
from core.payment_types.conflicts import value_conflict
from core.payment_types.service import PaymentTypeService
from core.undo.recorded import Recorded
from core.undo.step import Undone, UndoStep

_Change = PaymentTypeEdited | PaymentTypeHidden | SettingsChanged
"""The last one is written along with a hidden type that the API used."""


class PaymentTypeUndo:
    """Gives payment types the names, marks and places from before, and shows again what was hidden.

    Args:
        types: Changes payment types.
        audit: Tells who changed a value since.
    """

    def __init__(self, types: PaymentTypeService, audit: AuditService) -> None:
        self._types = types
        self._audit = audit

    def plan(self, recorded: Recorded[_Change]) -> UndoStep:
        """Return what undoing would do now."""
        self._present(recorded)
        first = recorded.event
        is_order = len(recorded.events) > 1 and isinstance(first, PaymentTypeEdited)
        lines = tuple(
            f"{event.name}: {line}" if is_order and not isinstance(event, SettingsChanged) else line
            for event in recorded.events
            for line in event.undo_lines
        )
        name = "" if isinstance(first, SettingsChanged) else first.name
        subject = "The order of payment types" if is_order else f"Payment type {name}"
        return UndoStep(recorded.numbers, subject, lines)

    def undo(self, actor: Actor, recorded: Recorded[_Change]) -> Undone:
        """Write the values from before."""
        page = self._present(recorded)
        numbered = [
            (event, number)
            for event, number in zip(recorded.events, recorded.numbers, strict=True)
            if isinstance(event, PaymentTypeEdited)
        ]
        places = {event.number: int(before) for event, _ in numbered if (before := _place_before(event))}
        if places:
            undoing = {event.number: number for event, number in numbered}
            self._types.set_order(actor, self._types.stored().rows, places, undoing)
            return Undone("Undone: the payment types are in the order from before.")
        event = recorded.event
        assert not isinstance(event, SettingsChanged)  # noqa: S101 - it comes second
        shown = self._shown(page, event.number)
        if isinstance(event, PaymentTypeHidden):
            for_api = len(recorded.events) > 1
            done = self._types.unhide(actor, shown, for_api=for_api, undoing=recorded.numbers)
            return Undone(done.sentence, done.consequences)
        return self._undo_edit(actor, event, shown, recorded.number)

    def _undo_edit(self, actor: Actor, event: PaymentTypeEdited, shown: ListedPaymentType, number: int) -> Undone:
        before = {each.setting: each.before for each in event.changes}
        if PaymentTypeField.HIDDEN in before:
            done = self._types.hide(actor, shown, undoing=number)
        else:
            name = before.get(PaymentTypeField.NAME, shown.name)
            mark = before.get(PaymentTypeField.DEPOSIT_SLIPS)
            on_slips = None if mark is None else mark == "yes"
            done = self._types.edit(actor, shown, name, on_deposit_slips=on_slips, undoing=number)
        return Undone(done.sentence, done.consequences)

    def _present(self, recorded: Recorded[_Change]) -> PaymentTypePage:
        """Return the payment types as they are now.

        Raises:
            OperationNotAllowed: The entries don't tell surely what was changed.
            EditConflict: A value isn't what they wrote.
        """
        recorded.require_exact("The earlier values can't be determined from this entry's text.")
        page = self._types.load()
        moved = [conflict for event in recorded.events for conflict in _conflicts(event, page)]
        if moved:
            raise self._audit.with_attributions(moved)
        return page

    def _shown(self, page: PaymentTypePage, number: int) -> ListedPaymentType:
        found = page.find(number)
        if found is None:
            raise OperationNotAllowed("This payment type is gone.", "Reload the list.")
        return found


def _conflicts(event: _Change, page: PaymentTypePage) -> list[Conflict]:
    if isinstance(event, SettingsChanged):
        used = next((each.name for each in page.types if each.is_api_default), GONE)
        return [Conflict(edit.what, edit.after, used, edit.before) for edit in event.edits if used != edit.after]
    found = page.find(event.number)
    now = found.texts if found is not None else {}
    fields = {field_of(event.number, field): field for field in PaymentTypeField}
    return [
        value_conflict(event.number, event.name, field, edit.after, now.get(field, GONE), edit.before)
        for edit in event.edits
        if now.get(field := fields[edit.what]) != edit.after
    ]


def _place_before(event: PaymentTypeEdited) -> str:
    """Return the place that an event moved a type from; blank if it moved none."""
    return next((each.before for each in event.changes if each.setting is PaymentTypeField.ORDER), "")
