"""The audit event of the settings of API Setup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.model.event_text import Changes, UndoneEntry
from core.model.logged_event import SETTINGS, AuditEvent, Edit


@dataclass(frozen=True)
class SettingsChanged(AuditEvent):
    """Settings of the API were saved."""

    template = "API Setup: {changes}{undoes}"
    subject = SETTINGS
    changes_practice = True

    changes: Changes
    undoes: UndoneEntry = 0

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The settings before and after."""
        return tuple(Edit(each.setting.value, each.before, each.after) for each in self.changes)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """The settings after."""
        return {each.setting.value: each.after for each in self.changes}

    @property
    def undone_entry(self) -> int:
        """The entry that the save undid."""
        return self.undoes
