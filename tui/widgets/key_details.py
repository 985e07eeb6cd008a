"""The details of the highlighted API key, next to the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from core.opendental.key_status import KeyStatus
from tui.widgets.details_panel import DetailsPanel, labeled
from tui.widgets.note_lines import note_lines, owner_lines, purpose_lines
from tui.widgets.tones import Line, Tone, safe_line
from tui.widgets.use_lines import LABEL_WIDTH, KeyUse, use_section, use_summary

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.key_note import KeyNote

_MARKS: Mapping[KeyStatus, tuple[str, str, Tone]] = {
    KeyStatus.ENABLED: ("●", "on", "good"),
    KeyStatus.ENABLED_READ_ONLY: ("◐", "reads", "warning"),
    KeyStatus.DISABLED_BY_CUSTOMER: ("○", "off", "normal"),
    KeyStatus.DISABLED_BY_DEVELOPER: ("✕", "developer", "alert"),
    KeyStatus.DISABLED_BY_HQ: ("✕", "Open Dental", "alert"),
    KeyStatus.UNKNOWN: ("?", "unknown", "warning"),
}


def status_name(status: KeyStatus) -> tuple[str, str, Tone]:
    """Return the mark of a status, a short word for it, and its tone."""
    return _MARKS[status]


def status_mark(key: ApiKey) -> str:
    """Return the mark of a key's status, one cell wide."""
    return "–" if key.gone else _MARKS[key.status][0]


def status_word(key: ApiKey) -> str:
    """Return the mark of a key's status and a short word for it, such as `● on`."""
    return f"{status_mark(key)} {'gone' if key.gone else _MARKS[key.status][1]}"


def status_tone(key: ApiKey) -> Tone:
    """Return the tone of a key's status."""
    return "warning" if key.gone else _MARKS[key.status][2]


def short_key(key: ApiKey) -> str:
    """Return the end of a key, such as `…AD92`, and its short fingerprint if another key ends alike."""
    shown, _, tag = key.masked.partition(" #")
    ending = shown.lstrip("*")
    if not ending:
        return key.ending
    return f"…{ending} #{tag}" if tag else f"…{ending}"


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
        lines = details_lines(key, remarks, use, note) if key else []
        if key and history is not None:
            lines += [safe_line(("", "normal")), safe_line(("History", "strong")), *history]
        shown, self._shown = self._shown, key.fingerprint if key else None
        self.show_lines(lines, keep_place=shown == self._shown)


def details_lines(
    key: ApiKey, remarks: Sequence[str], use: KeyUse | None = None, note: KeyNote | None = None
) -> list[Line]:
    """Return the lines that describe a key, the most important first."""
    fields = key.fields
    status = "Gone from the list" if key.gone else key.status.label
    lines = [safe_line((status_mark(key), status_tone(key)), (f" {status}", "strong"), indent=2)]
    if key.date_disabled:
        lines.append(_labeled("since", _day(key.date_disabled)))
    lines += [safe_line((remark, "warning")) for remark in remarks]
    lines.append(_labeled("Key", key.masked))
    if not key.known:
        return [*lines, *note_lines(note, LABEL_WIDTH), _labeled("Contact", "unknown"), _labeled("May", "unknown")]
    agreement = fields.agreement_since
    lines.append(_labeled("BAA", _day(agreement) if agreement else "none", "normal" if agreement else "warning"))
    lines += owner_lines(note, LABEL_WIDTH, use.now.date() if use is not None else None)
    lines += use_summary(use) if use is not None else []
    lines.append(safe_line(("", "normal")))
    lines.append(safe_line(("Permissions", "strong"), (f"  {len(fields.permissions) or 'none'}", "dim")))
    lines += [safe_line((f"  {name}", "normal")) for name in fields.permissions]
    lines.append(safe_line(("", "normal")))
    lines += purpose_lines(note, LABEL_WIDTH)
    lines += [_labeled(label, text) for label, text in (("E-mail", fields.email), ("Phone", fields.phone)) if text]
    if key.added:
        lines.append(_labeled("Added", _day(key.added)))
    if key.license is not None:
        lines.append(_labeled("License", f"accepted by {key.license.accepted_by}"))
    return [*lines, *use_section(key, use)] if use is not None else lines


def _labeled(label: str, text: str, tone: Tone = "normal") -> Line:
    return labeled(label, text, LABEL_WIDTH, tone)


def _day(moment: datetime | date) -> str:
    return f"{moment:%Y-%m-%d}"
