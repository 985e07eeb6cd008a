"""The lines that describe a key next to the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from tui.widgets.details_panel import labeled
from tui.widgets.key_status import status_mark, status_tone
from tui.widgets.note_lines import note_lines, owner_lines, purpose_lines
from tui.widgets.tones import Line, Tone, safe_line
from tui.widgets.use_lines import LABEL_WIDTH, KeyUse, use_section, use_summary

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.key_note import KeyNote


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
