"""The service that undoes changes, on the write path that made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, Protocol

from core.audit.service import AuditService
from core.base.errors import ApiSetupError, OperationNotAllowed
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.key_events import (
    KeyAdded,
    KeyCopyReconciled,
    KeyFieldChanged,
    KeyPermissionsChanged,
    KeyRemoved,
    KeyStatusChanged,
)
from core.model.logged_event import AuditEvent
from core.model.payment_type_events import PaymentTypeAdded, PaymentTypeHidden
from core.model.review_events import KeyDecisionUndone, ReviewEnded, ReviewStarted
from core.model.settings_events import SettingsChanged
from core.model.subscription_events import SubscriptionDeleted
from core.model.whole_entry import WholeEntry
from core.practice.made_change import MadeChange
from core.settings.service import SettingsService
from core.undo.key_addition import KeyAdditionUndo
from core.undo.key_fields import KeyFieldsUndo
from core.undo.key_status import KeyStatusUndo
from core.undo.recorded import Recorded, require_genuine
from core.undo.session_changes import SessionChanges
from core.undo.settings import SettingsUndo
from core.undo.step import Undone, UndoStep

_NOT_FROM_ENTRY = "Only changes whose entry says what was there before can be undone from it."
_TOGETHER: dict[type[AuditEvent], type[AuditEvent]] = {PaymentTypeHidden: SettingsChanged}
"""Events that may be written together with one of another kind; what undoes the first undoes both."""
_NEVER: dict[type[AuditEvent], OperationNotAllowed] = {
    KeyRemoved: OperationNotAllowed("Removing a key can't be undone.", "Add the key again."),
    SubscriptionDeleted: OperationNotAllowed(
        "Deleting a subscription can't be undone.", "Its developer can make it again."
    ),
    PaymentTypeAdded: OperationNotAllowed(
        "Adding a payment type can't be undone: Open Dental never deletes payment types.", "Hide it instead."
    ),
    KeyCopyReconciled: OperationNotAllowed("Matching the practice's copy of keys can't be undone."),
    ReviewStarted: OperationNotAllowed("Starting a review can't be undone.", "End it instead."),
    ReviewEnded: OperationNotAllowed("Ending a review can't be undone.", "Start another one."),
    KeyDecisionUndone: OperationNotAllowed("A decision was undone last. That can't be undone.", "Decide again."),
}


class ChangeUndo(Protocol):
    """Undoes one kind of change."""

    def plan(self, recorded: Recorded[Any]) -> UndoStep:
        """Return what undoing a change would do now.

        Raises:
            ApiSetupError: It can't be undone, with the reason.
        """

    def undo(self, actor: Actor, recorded: Recorded[Any]) -> Undone:
        """Undo a change, if it still can be undone.

        Raises:
            ApiSetupError: As for `plan`, and as for the change itself.
        """


class UndoService:
    """Undoes the last change of a session, or the change of an entry, if its values still are what it wrote.

    To make another kind of change undoable, write a `ChangeUndo` and give it to this service with its events.

    Args:
        settings: Saves settings.
        keys: Changes keys.
        audit: Reads entries.
        changes: Remembers the last change of the session.
        others: What undoes events that are about neither settings nor keys, by the class of the events.
    """

    def __init__(
        self,
        settings: SettingsService,
        keys: KeyService,
        audit: AuditService,
        changes: SessionChanges,
        others: Mapping[type[AuditEvent], ChangeUndo] = MappingProxyType({}),
    ) -> None:
        self._audit = audit
        self._changes = changes
        fields = KeyFieldsUndo(keys, audit)
        self._undoers: dict[type[AuditEvent], ChangeUndo] = {
            SettingsChanged: SettingsUndo(settings, audit),
            KeyStatusChanged: KeyStatusUndo(keys, audit),
            KeyFieldChanged: fields,
            KeyPermissionsChanged: fields,
            KeyAdded: KeyAdditionUndo(keys),
            **others,
        }

    # -- the last change of a session --------------------------------------------

    def can_undo_last(self, actor: Actor) -> bool:
        """Return True if the last change of this user's session is of a kind that can be undone. Reads nothing."""
        last = self._changes.last(actor)
        return bool(last) and all(type(each.event) in self._undoers for made in last for each in made.entries)

    def together(self) -> AbstractContextManager[None]:
        """Undo all changes that are made in the block as one."""
        return self._changes.together()

    def plan_last(self, actor: Actor) -> tuple[UndoStep, ...]:
        """Return what undoing the last change of this user's session would do now, last step first.

        A change that was made with one question may have several steps, of which some can't be undone any more.

        Raises:
            OperationNotAllowed: The user has changed nothing in this session.
            ApiSetupError: The only step can't be undone.
        """
        last = self._changes.last(actor)
        if not last:
            raise OperationNotAllowed("Nothing to undo: you haven't changed anything in this session.")
        if len(last) == 1:
            return (self._plan_made(last[0]),)
        return tuple(self._plan_or_refuse(made) for made in reversed(last))

    def undo_step(self, actor: Actor, step: UndoStep) -> Undone:
        """Undo a step of the last change, if it still can be undone.

        Raises:
            ApiSetupError: As for `plan_last`, and as for the change itself.
        """
        recorded = self._recorded(step.numbers)
        return self._undoer(recorded.events).undo(actor, recorded)

    def _plan_made(self, made: MadeChange) -> UndoStep:
        for each in made.entries:
            if type(each.event) in _NEVER:
                raise _NEVER[type(each.event)]
        recorded = self._recorded([each.number for each in made.entries])
        return self._undoer(recorded.events).plan(recorded)

    def _plan_or_refuse(self, made: MadeChange) -> UndoStep:
        try:
            return self._plan_made(made)
        except ApiSetupError as error:
            event = made.entries[0].event
            return UndoStep(tuple(each.number for each in made.entries), event.description, (), refusal=str(error))

    # -- the change of an entry ----------------------------------------------------

    def plan(self, number: int) -> UndoStep:
        """Return what undoing an entry would do now.

        Args:
            number: The entry's number.

        Raises:
            EntryGone: There is no such entry any more.
            OperationNotAllowed: It can't be undone from here, with the reason.
            InvalidInput: The value from before can't be saved.
            EditConflict: A value isn't the one that the entry wrote, with who changed it.
        """
        recorded = self._recorded([number], from_entry=True)
        return self._undoer(recorded.events).plan(recorded)

    def undo(self, actor: Actor, number: int) -> Undone:
        """Undo an entry, if it still can be undone.

        Raises:
            ApiSetupError: As for `plan`, and as for the change itself.
        """
        recorded = self._recorded([number], from_entry=True)
        return self._undoer(recorded.events).undo(actor, recorded)

    def _recorded(self, numbers: Iterable[int], *, from_entry: bool = False) -> Recorded[Any]:
        entries = tuple(self._audit.whole(number) for number in numbers)
        return Recorded(tuple(_undoable_event(each, from_entry=from_entry) for each in entries), entries)

    def _undoer(self, events: Sequence[AuditEvent]) -> ChangeUndo:
        also = _TOGETHER.get(type(events[0]))
        found = {self._undoers.get(type(event)) for event in events if type(event) is not also}
        undoer = found.pop() if len(found) == 1 else None
        if undoer is None:
            raise OperationNotAllowed(_NOT_FROM_ENTRY)
        return undoer


def _undoable_event(whole: WholeEntry, *, from_entry: bool) -> AuditEvent:
    """Return the event of an entry.

    Args:
        whole: The entry.
        from_entry: Only events that can be undone whoever made them and whenever that was.

    Raises:
        OperationNotAllowed: The entry can't be undone.
    """
    require_genuine(whole)
    logged = whole.event
    if logged is not None and (logged.is_undoable or (not from_entry and logged.event.undoable_in_session)):
        return logged.event
    raise OperationNotAllowed(_NOT_FROM_ENTRY)
