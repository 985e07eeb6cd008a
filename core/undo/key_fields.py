"""Undoing an edit of a key's contact, permissions and agreement."""

from __future__ import annotations

from dataclasses import replace

from core.audit.service import AuditService
from core.base.errors import Conflict, OperationNotAllowed
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import PERMISSIONS, ApiKey, KeyFields, format_fields, with_field
from core.model.event_values import ListChange
from core.model.key_events import KeyFieldChanged, KeyPermissionsChanged
from core.opendental.api_permissions import API_PERMISSIONS
from core.settings.setting_texts import BY_HAND
from core.undo.listed_key import listed_key
from core.undo.recorded import Recorded
from core.undo.step import Undone, UndoStep

FieldEvent = KeyFieldChanged | KeyPermissionsChanged


class KeyFieldsUndo:
    """Gives a key's fields their values from before, if they still have those that were saved."""

    def __init__(self, keys: KeyService, audit: AuditService) -> None:
        self._keys = keys
        self._audit = audit

    def plan(self, recorded: Recorded[FieldEvent]) -> UndoStep:
        """Return what undoing would do now."""
        key, fields = self._to_write(recorded)
        self._keys.check_fields(fields)
        lines = tuple(line for event in recorded.events for line in event.undo_lines)
        return UndoStep(recorded.numbers, key.label, lines)

    def undo(self, actor: Actor, recorded: Recorded[FieldEvent]) -> Undone:
        """Save the fields as they were before, all of them in one change."""
        key, fields = self._to_write(recorded)
        undoing = {_field(event): number for event, number in zip(recorded.events, recorded.numbers, strict=True)}
        change = self._keys.edit(actor, key, fields, undoing=undoing)
        return Undone(change.sentence.replace("Saved: ", "Undone: ", 1), change.consequences)

    def _to_write(self, recorded: Recorded[FieldEvent]) -> tuple[ApiKey, KeyFields]:
        """Return the key as it is now, and its fields to save."""
        key = listed_key(self._keys, recorded, "The earlier values")
        fields, moved = key.fields, []
        for event in recorded.events:
            conflict = _conflict(key.fields, event)
            if conflict is not None:
                moved.append(conflict)
            else:
                fields = _without(fields, event)
        if moved:
            raise self._audit.with_attributions(moved, recorded.event.key_tag)
        return key, fields


def _field(event: FieldEvent) -> str:
    return PERMISSIONS if isinstance(event, KeyPermissionsChanged) else event.field


def _conflict(fields: KeyFields, event: FieldEvent) -> Conflict | None:
    """Return how a field differs from what an edit wrote; None if it has that value."""
    name = _field(event)
    now = format_fields(fields)[name]
    if isinstance(event, KeyFieldChanged):
        return Conflict(name, event.after, now, event.before) if now != event.after else None
    held, change = set(fields.permissions), event.change
    if held.issuperset(change.added) and held.isdisjoint(change.removed):
        return None
    there = ", ".join((*(set(change.added) & held), *change.removed)) or "none"
    return Conflict(name, ", ".join(change.added) or "none", now, there)


def _without(fields: KeyFields, event: FieldEvent) -> KeyFields:
    """Return the fields as they were before an edit.

    Raises:
        OperationNotAllowed: The text of the value from before can't be read.
    """
    if isinstance(event, KeyPermissionsChanged):
        return replace(fields, permissions=_permissions_before(fields.permissions, event.change))
    try:
        return with_field(fields, event.field, event.before)
    except ValueError as error:
        raise OperationNotAllowed(f"The value {event.before} of {event.field} can't be restored.", BY_HAND) from error


def _permissions_before(held: tuple[str, ...], change: ListChange) -> tuple[str, ...]:
    """Return the permissions in Open Dental's order, those that it doesn't know last."""
    names = [*(name for name in held if name not in change.added), *change.removed]
    known = [name for name in API_PERMISSIONS if name in names]
    return (*known, *(name for name in names if name not in API_PERMISSIONS))
