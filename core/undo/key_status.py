"""Undoing a change of a key's status."""

from __future__ import annotations

from core.audit.service import AuditService
from core.base.errors import Conflict, OperationNotAllowed
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import ApiKey
from core.model.key_events import KeyStatusChanged
from core.settings.setting_texts import BY_HAND
from core.undo.listed_key import listed_key
from core.undo.recorded import Recorded
from core.undo.step import Undone, UndoStep


class KeyStatusUndo:
    """Gives a key the status from before, if it still has the one that it was given."""

    def __init__(self, keys: KeyService, audit: AuditService) -> None:
        self._keys = keys
        self._audit = audit

    def plan(self, recorded: Recorded[KeyStatusChanged]) -> UndoStep:
        """Return what undoing would do now."""
        key = self._key_to_change(recorded)
        event = recorded.event
        ending = key.ending if event.before.enabled else ""
        return UndoStep(recorded.numbers, key.label, event.undo_lines, ending, self._keys.is_remote)

    def undo(self, actor: Actor, recorded: Recorded[KeyStatusChanged]) -> Undone:
        """Set the status from before."""
        key = self._key_to_change(recorded)
        change = self._keys.set_status(actor, key, recorded.event.before, undoing=recorded.number)
        return Undone(change.sentence, change.consequences)

    def _key_to_change(self, recorded: Recorded[KeyStatusChanged]) -> ApiKey:
        event = recorded.event
        key = listed_key(self._keys, recorded, "The earlier status")
        if key.status is not event.after:
            moved = Conflict("Key Status", event.after.label, key.status.label, event.before.label)
            raise self._audit.with_attributions([moved], event.key_tag)
        refusal = self._keys.status_refusal(key)
        if refusal:
            raise OperationNotAllowed(refusal)
        status = key.status.office_may_change_to
        if status is not None and status is not event.before:
            raise OperationNotAllowed(
                f"The key was {event.before.label} before, and the office can only make it {status.label}.", BY_HAND
            )
        return key
