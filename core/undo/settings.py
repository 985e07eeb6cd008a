"""Undoing a save of the settings."""

from __future__ import annotations

from core.audit.service import AuditService
from core.base.errors import Conflict
from core.model.actor import Actor
from core.model.settings import ApiSettings
from core.model.settings_events import SettingsChanged
from core.settings.service import SettingsService
from core.settings.setting_texts import setting_texts, with_setting
from core.undo.recorded import Recorded
from core.undo.step import Undone, UndoStep


class SettingsUndo:
    """Undoes a save, if the settings still are what it wrote."""

    def __init__(self, settings: SettingsService, audit: AuditService) -> None:
        self._settings = settings
        self._audit = audit

    def plan(self, recorded: Recorded[SettingsChanged]) -> UndoStep:
        """Return what undoing would do now."""
        self._settings.check(*self._to_write(recorded))
        return UndoStep(recorded.numbers, "The settings of API Setup", recorded.event.undo_lines)

    def undo(self, actor: Actor, recorded: Recorded[SettingsChanged]) -> Undone:
        """Save the settings as they were before."""
        read, wanted = self._to_write(recorded)
        saved = self._settings.save(actor, read, wanted, undoing=recorded.number)
        return Undone(f"Undone: {'; '.join(saved.changes)}.")

    def _to_write(self, recorded: Recorded[SettingsChanged]) -> tuple[ApiSettings, ApiSettings]:
        """Return the settings that the practice has now, and those to save."""
        recorded.require_exact("The earlier values can't be determined from this entry's text.")
        page = self._settings.load()
        now = setting_texts(page)
        changes = recorded.event.changes
        moved = [
            Conflict(change.setting.value, change.after, now.get(change.setting, "gone"), change.before)
            for change in changes
            if now.get(change.setting) != change.after
        ]
        if moved:
            raise self._audit.with_attributions(moved)
        wanted = page.values
        for change in changes:
            wanted = with_setting(wanted, page, change.setting, change.before)
        return page.values, wanted
