"""Reading the content of API Setup again: all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.model.api_key import KeyList
    from core.model.resolved_change import ResolvedChange
    from core.model.settings import SettingsPage
    from tui.session import Session


@dataclass(frozen=True)
class OfficeContent:
    """The settings and keys that API Setup shows."""

    page: SettingsPage
    keys: KeyList
    resolved: ResolvedChange | None
    """The outcome of an earlier change whose answer was lost, if there was one."""


def load_content(session: Session) -> OfficeContent:
    """Read the settings and keys, after settling a change whose answer was lost."""
    resolved = session.office.resolve_pending()
    return OfficeContent(session.office.settings.load(), session.office.keys.list(), resolved)
