"""The service that undoes the change of an audit entry, on the same write path."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from core.audit.service import AuditService
from core.base.errors import Conflict, OperationNotAllowed
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import ApiKey
from core.model.audit_entry import Genuineness
from core.model.audit_events import KeyStatusChanged, SettingsChanged
from core.model.event_text import Setting, SettingChange
from core.model.key_text import fingerprint_tag
from core.model.settings import ApiSettings, SettingsPage, format_enabled, format_interval, format_payment_type
from core.model.whole_entry import WholeEntry
from core.opendental.key_status import KeyStatus
from core.settings.service import SettingsService

_BY_HAND = "Change it by hand, if it is to be changed."


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
            raise OperationNotAllowed("This entry's text does not tell surely what the values were.", _BY_HAND)
        page = self._settings.load()
        now = _format(page)
        moved = [
            Conflict(change.setting.value, change.after, now.get(change.setting, "gone"), change.before)
            for change in event.changes
            if now.get(change.setting) != change.after
        ]
        if moved:
            raise self._audit.with_attributions(moved)
        wanted = page.values
        for change in event.changes:
            wanted = _with_value_before(wanted, page, change)
        return page.values, wanted

    def _key_to_change(self, entry: WholeEntry, event: KeyStatusChanged) -> tuple[ApiKey, KeyStatus]:
        """Return the key as it is now, and the status to set."""
        found = [key for key in self._keys.list().keys if fingerprint_tag(key.fingerprint) == event.key_tag]
        if len(found) != 1:
            raise OperationNotAllowed("This API key is not in the list any more.", "Read the list again.")
        (key,) = found
        # Versions before 0.2 wrote a developer's name without quotes, and it may hold words that look like a change.
        if not _is_exact(entry) or event.key.developer != key.developer:
            raise OperationNotAllowed("This entry's text does not tell surely what the status was.", _BY_HAND)
        if key.status is not event.after:
            moved = Conflict("Key Status", event.after.label, key.status.label, event.before.label)
            raise self._audit.with_attributions([moved], event.key_tag)
        refusal = self._keys.status_refusal(key)
        if refusal:
            raise OperationNotAllowed(refusal)
        status = key.status.office_may_change_to
        if status is not None and status is not event.before:
            raise OperationNotAllowed(
                f"The key was {event.before.label} before, and the office can only make it {status.label}.", _BY_HAND
            )
        return key, event.before


def _undoable_event(whole: WholeEntry) -> SettingsChanged | KeyStatusChanged:
    if whole.entry.genuineness is not Genuineness.GENUINE:
        raise OperationNotAllowed("This entry is not genuine, so what it tells is not undone.", _BY_HAND)
    if whole.event is not None and whole.event.is_undoable:
        event = whole.event.event
        if isinstance(event, SettingsChanged | KeyStatusChanged):
            return event
    raise OperationNotAllowed("Only saved settings and changes of a key's status can be undone from their entry.")


def _is_exact(whole: WholeEntry) -> bool:
    """Return True if nothing in the entry's event is a guess."""
    return whole.event is not None and whole.event.is_exact(whole.stored_text)


def _format(page: SettingsPage) -> dict[Setting, str]:
    """Return the settings of a page as audit texts name them, without those that the practice doesn't have."""
    values = page.values
    texts = {
        Setting.ENABLED: format_enabled(values.enabled) if values.enabled is not None else None,
        Setting.INTERVAL: format_interval(values.interval) if values.interval is not None else None,
        Setting.PAYMENT_TYPE: format_payment_type(values.payment_type, page.payment_types)
        if values.payment_type is not None
        else None,
    }
    return {setting: text for setting, text in texts.items() if text is not None}


def _with_value_before(values: ApiSettings, page: SettingsPage, change: SettingChange) -> ApiSettings:
    """Return the settings with one value as it was before a change."""
    if change.setting is Setting.ENABLED:
        return replace(values, enabled=change.before == format_enabled(True))
    if change.setting is Setting.INTERVAL:
        return replace(values, interval=_parse_interval(change.before))
    named = [each.number for each in page.payment_types if each.name == change.before and not each.hidden]
    if len(named) != 1:
        raise OperationNotAllowed(f"There is no longer just one payment type {change.before} to go back to.", _BY_HAND)
    return replace(values, payment_type=named[0])


def _parse_interval(text: str) -> str:
    return "" if text == format_interval("") else re.sub(r" minutes?$", "", text)
