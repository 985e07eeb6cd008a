"""The details of the highlighted API key, next to the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.widgets.details_panel import DetailsPanel

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.key_note import KeyNote
    from tui.widgets.tones import Line
    from tui.widgets.use_lines import KeyUse


class KeyDetails(DetailsPanel):
    """A panel with the details of one key."""

    _shown: str | None = None
    """The fingerprint of the key."""

    def show_key(
        self,
        key: ApiKey | None,
        remarks: Sequence[str],
        history: Sequence[Line] | None = None,
        use: KeyUse | None = None,
        note: KeyNote | None = None,
    ) -> None:
        """Display a key.

        Args:
            key: The key; None for an empty panel.
            remarks: What is unusual about its status.
            history: What happened to it; None if that isn't shown.
            use: What is known about its use; None if that isn't shown.
            note: The notes on it; None if they aren't known yet.
        """
        self.show_title(key.developer if key else "Details")
        lines = _lines(key, remarks, history, use, note) if key else []
        shown, self._shown = self._shown, key.fingerprint if key else None
        self.show_lines(lines, keep_place=shown == self._shown)


def _lines(
    key: ApiKey, remarks: Sequence[str], history: Sequence[Line] | None, use: KeyUse | None, note: KeyNote | None
) -> list[Line]:
    # The first picture has no key yet, so it needs nothing of this.
    from tui.widgets.key_lines import details_lines
    from tui.widgets.tones import safe_line

    lines = details_lines(key, remarks, use, note)
    if history is not None:
        lines += [safe_line(("", "normal")), safe_line(("History", "strong")), *history]
    return lines
