"""The service that undoes what an audit entry of API Setup did, through the door by which it was done."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from core.audit.service import AuditService
from core.base.errors import Conflict, OperationNotAllowed
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import ApiKey, fingerprint_tag
from core.model.audit_entry import Edit, Genuineness, Subject, WholeEntry
from core.model.audit_events import without_undoing
from core.model.key_wording import worded_status_change
from core.model.settings import (
    ApiSettings,
    SettingsPage,
    format_edits,
    format_enabled,
    format_interval,
    format_payment_type,
)
from core.opendental.key_status import KeyStatus
from core.settings.service import SettingsService

_BY_HAND = "Change it by hand, if it is to be changed."


@dataclass(frozen=True)
class Undone:
    """What undoing did, in plain words."""

    sentence: str
    consequences: tuple[str, ...] = ()
    """What is cut off or let in now, and what is not."""


class UndoService:
    """Undoes a save of the settings, or a change of a key's status, as long as its values still stand.

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
        """What undoing an entry would do now, a line for each value.

        Args:
            number: The entry's number.

        Raises:
            EntryGone: There is no such entry any more.
            OperationNotAllowed: It cannot be undone from here, with the reason.
            InvalidInput: What was there before cannot be saved.
            EditConflict: A value is not the one that the entry wrote, with who changed it.
        """
        entry = self._audit.whole(number)
        subject = _undoable(entry)
        if subject.about_settings:
            self._settings.check(*self._settings_to_write(entry, subject))
        else:
            self._key_to_change(entry, subject)
        return tuple(f"{edit.what}: from {edit.after} back to {edit.before}" for edit in subject.edits)

    def undo(self, actor: Actor, number: int) -> Undone:
        """Undo an entry, if it still can be.

        Raises:
            ApiSetupError: As for `plan`, and as for the change itself.
        """
        entry = self._audit.whole(number)
        subject = _undoable(entry)
        if subject.about_settings:
            read, wanted = self._settings_to_write(entry, subject)
            saved = self._settings.save(actor, read, wanted, undoing=number)
            return Undone(f"Undone: {'; '.join(saved.changes)}.")
        key, status = self._key_to_change(entry, subject)
        change = self._keys.set_status(actor, key, status, undoing=number)
        return Undone(change.sentence, change.consequences)

    def _settings_to_write(self, entry: WholeEntry, subject: Subject) -> tuple[ApiSettings, ApiSettings]:
        """What the practice has now, and what it had before the entry."""
        if format_edits(subject.edits) != without_undoing(entry.entry.text):
            raise OperationNotAllowed("This entry's text does not tell surely what the values were.", _BY_HAND)
        page = self._settings.load()
        now = _worded(page)
        moved = [
            Conflict(edit.what, edit.after, now.get(edit.what, "gone"), edit.before)
            for edit in subject.edits
            if now.get(edit.what) != edit.after
        ]
        if moved:
            raise self._audit.with_attributions(moved)
        wanted = page.values
        for edit in subject.edits:
            wanted = _with_value(wanted, page, edit)
        return page.values, wanted

    def _key_to_change(self, entry: WholeEntry, subject: Subject) -> tuple[ApiKey, KeyStatus]:
        found = [key for key in self._keys.list().keys if fingerprint_tag(key.fingerprint) == subject.key_tag]
        if len(found) != 1:
            raise OperationNotAllowed("This API key is not in the list any more.", "Read the list again.")
        (key,), (edit,) = found, subject.edits
        # Built anew and compared: a developer's name may hold words that look like another change.
        if not without_undoing(entry.entry.text).startswith(worded_status_change(key, edit.before, edit.after)):
            raise OperationNotAllowed("This entry's text does not tell surely what the status was.", _BY_HAND)
        if key.status.label != edit.after:
            moved = Conflict("Key Status", edit.after, key.status.label, edit.before)
            raise self._audit.with_attributions([moved], subject.key_tag)
        why_not = self._keys.status_refusal(key)
        status = key.status.office_may_change_to
        if why_not or status is None:
            raise OperationNotAllowed(why_not)
        if status.label != edit.before:
            raise OperationNotAllowed(
                f"The key was {edit.before} before, and the office can only make it {status.label}.",
                "d does that, if it is meant.",
            )
        return key, status


def _undoable(whole: WholeEntry) -> Subject:
    subject = whole.subject
    if whole.entry.genuineness is not Genuineness.GENUINE:
        raise OperationNotAllowed("This entry is not genuine, so what it tells is not undone.", _BY_HAND)
    if subject is None or not subject.undoable:
        raise OperationNotAllowed("Only saved settings and changes of a key's status can be undone from their entry.")
    return subject


def _worded(page: SettingsPage) -> dict[str, str]:
    values = page.values
    words = {
        "Enabled": format_enabled(values.enabled) if values.enabled is not None else None,
        "subscription interval": format_interval(values.interval) if values.interval is not None else None,
        "payment type": format_payment_type(values.payment_type, page.payment_types)
        if values.payment_type is not None
        else None,
    }
    return {what: worded for what, worded in words.items() if worded is not None}


def _with_value(values: ApiSettings, page: SettingsPage, edit: Edit) -> ApiSettings:
    """The settings with one value as it was before an edit."""
    if edit.what == "Enabled":
        return replace(values, enabled=edit.before == format_enabled(True))
    if edit.what == "subscription interval":
        return replace(values, interval=_interval(edit.before))
    named = [each.number for each in page.payment_types if each.name == edit.before and not each.hidden]
    if len(named) != 1:
        raise OperationNotAllowed(f"There is no longer just one payment type {edit.before} to go back to.", _BY_HAND)
    return replace(values, payment_type=named[0])


def _interval(words: str) -> str:
    return "" if words == format_interval("") else re.sub(r" minutes?$", "", words)
