"""The service that undoes the change of an audit entry, on the same write path."""

from __future__ import annotations

from dataclasses import dataclass

from core.audit.service import AuditService
from core.base.errors import Conflict, OperationNotAllowed
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import ApiKey
from core.model.audit_entry import HashStatus
from core.model.audit_events import KeyStatusChanged, SettingsChanged
from core.model.key_text import fingerprint_tag
from core.model.settings import ApiSettings
from core.model.whole_entry import WholeEntry
from core.opendental.key_status import KeyStatus
from core.settings.service import SettingsService
from core.settings.setting_texts import BY_HAND, setting_texts, with_setting


@dataclass(frozen=True)
class Undone:
    """The result of an undo, in plain words."""

    sentence: str
    consequences: tuple[str, ...] = ()
    """Sentences that say what is cut off or let in now and what isn't."""


class UndoService:
    """Undoes a save of the settings or a change of a key's status, if its values still are what it wrote.

    Args:
        settings: Saves settings.
        keys: Sets the status of keys.
        audit: Reads entries.
    """

    def __init__(self, settings: SettingsService, keys: KeyService, audit: AuditService) -> None:
        self._settings = settings
        self._keys = keys
        self._audit = audit

    def plan(self, number: int) -> tuple[str, ...]:
        """Return what undoing an entry would do now, a line for each value.

        Args:
            number: The entry's number.

        Raises:
            EntryGone: There is no such entry any more.
            OperationNotAllowed: It can't be undone from here, with the reason.
            InvalidInput: The value from before can't be saved.
            EditConflict: A value isn't the one that the entry wrote, with who changed it.
        """
        entry = self._audit.whole(number)
        event = _undoable_event(entry)
        if isinstance(event, SettingsChanged):
            self._settings.check(*self._settings_to_write(entry, event))
        else:
            self._key_to_change(entry, event)
        return tuple(f"{edit.what}: from {edit.after} back to {edit.before}" for edit in event.edits)

    def undo(self, actor: Actor, number: int) -> Undone:
        """Undo an entry, if it still can be undone.

        Raises:
            ApiSetupError: As for `plan`, and as for the change itself.
        """
        entry = self._audit.whole(number)
        event = _undoable_event(entry)
        if isinstance(event, SettingsChanged):
            read, wanted = self._settings_to_write(entry, event)
            saved = self._settings.save(actor, read, wanted, undoing=number)
            return Undone(f"Undone: {'; '.join(saved.changes)}.")
        key, status = self._key_to_change(entry, event)
        change = self._keys.set_status(actor, key, status, undoing=number)
        return Undone(change.sentence, change.consequences)

    def _settings_to_write(self, entry: WholeEntry, event: SettingsChanged) -> tuple[ApiSettings, ApiSettings]:
        """Return the settings that the practice has now, and those to save."""
        if not _is_exact(entry):
            raise OperationNotAllowed("The earlier values can't be determined from this entry's text.", BY_HAND)
        page = self._settings.load()
        now = setting_texts(page)
        moved = [
            Conflict(change.setting.value, change.after, now.get(change.setting, "gone"), change.before)
            for change in event.changes
            if now.get(change.setting) != change.after
        ]
        if moved:
            raise self._audit.with_attributions(moved)
        wanted = page.values
        for change in event.changes:
            wanted = with_setting(wanted, page, change.setting, change.before)
        return page.values, wanted

    def _key_to_change(self, entry: WholeEntry, event: KeyStatusChanged) -> tuple[ApiKey, KeyStatus]:
        """Return the key as it is now, and the status to set."""
        found = [key for key in self._keys.list().keys if fingerprint_tag(key.fingerprint) == event.key_tag]
        if len(found) != 1:
            raise OperationNotAllowed("This API key is no longer in the list.", "Reload the list.")
        (key,) = found
        # Versions before 0.2 wrote a developer's name without quotes, and it may hold words that look like a change.
        if not _is_exact(entry) or event.key.developer != key.developer:
            raise OperationNotAllowed("The earlier status can't be determined from this entry's text.", BY_HAND)
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
        return key, event.before


def _undoable_event(whole: WholeEntry) -> SettingsChanged | KeyStatusChanged:
    if whole.entry.hash_status is not HashStatus.MATCHES:
        raise OperationNotAllowed("This entry can't be undone, because its hash doesn't match or is missing.", BY_HAND)
    if whole.event is not None and whole.event.is_undoable:
        event = whole.event.event
        if isinstance(event, SettingsChanged | KeyStatusChanged):
            return event
    raise OperationNotAllowed("Only saved settings and changes of a key's status can be undone from their entry.")


def _is_exact(whole: WholeEntry) -> bool:
    """Return True if nothing in the entry's event is a guess."""
    return whole.event is not None and whole.event.is_exact(whole.stored_text)
