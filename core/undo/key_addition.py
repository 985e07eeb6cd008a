"""Undoing the addition of a key: the key is removed."""

from __future__ import annotations

from core.base.errors import OperationNotAllowed
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import ApiKey
from core.model.key_events import KeyAdded
from core.undo.listed_key import listed_key
from core.undo.recorded import Recorded
from core.undo.step import Undone, UndoStep


class KeyAdditionUndo:
    """Removes a key that was added in this session."""

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    def plan(self, recorded: Recorded[KeyAdded]) -> UndoStep:
        """Return what undoing would do now."""
        key = self._key_to_remove(recorded)
        lines = (
            "The key is removed, with its contact, permissions and agreement date.",
            "Only adding the key again brings it back.",
        )
        return UndoStep(recorded.numbers, key.label, lines, key.ending)

    def undo(self, actor: Actor, recorded: Recorded[KeyAdded]) -> Undone:
        """Remove the key."""
        change = self._keys.remove(actor, self._key_to_remove(recorded), undoing=recorded.number)
        return Undone(change.sentence, change.consequences)

    def _key_to_remove(self, recorded: Recorded[KeyAdded]) -> ApiKey:
        key = listed_key(self._keys, recorded, "The key that was added")
        if self._keys.was_adopted(key):
            raise OperationNotAllowed(
                "Adopting a key can't be undone: the practice's copy had the key before.",
                "Disable the key if it must not be used.",
            )
        refusal = self._keys.removal_refusal(key)
        if refusal:
            raise OperationNotAllowed(refusal)
        return key
