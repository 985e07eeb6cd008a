"""The lines that describe a key next to the list. What describes its use and its notes is imported with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from tui.widgets.details_panel import KEY_LABEL_WIDTH, labeled
from tui.widgets.key_status import status_mark, status_tone
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.key_note import KeyNote
    from tui.widgets.use_lines import KeyUse


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
        lines += [*_owner_lines(note, None), *_purpose_lines(note)]
        return [*lines, _labeled("Contact", "unknown"), _labeled("May", "unknown")]
    agreement = fields.agreement_since
    lines.append(_labeled("BAA", _day(agreement) if agreement else "none", "normal" if agreement else "warning"))
    lines += _owner_lines(note, use.now.date() if use is not None else None)
    lines += _use_summary(use)
    lines.append(safe_line(("", "normal")))
    lines.append(safe_line(("Permissions", "strong"), (f"  {len(fields.permissions) or 'none'}", "dim")))
    lines += [safe_line((f"  {name}", "normal")) for name in fields.permissions]
    lines.append(safe_line(("", "normal")))
    lines += _purpose_lines(note)
    lines += [_labeled(label, text) for label, text in (("E-mail", fields.email), ("Phone", fields.phone)) if text]
    if key.added:
        lines.append(_labeled("Added", _day(key.added)))
    if key.license is not None:
        lines.append(_labeled("License", f"accepted by {key.license.accepted_by}"))
    return [*lines, *_use_section(key, use)]


def _owner_lines(note: KeyNote | None, today: date | None) -> list[Line]:
    if note is None:
        return []
    from tui.widgets.note_lines import owner_lines

    return owner_lines(note, KEY_LABEL_WIDTH, today)


def _purpose_lines(note: KeyNote | None) -> list[Line]:
    if note is None:
        return []
    from tui.widgets.note_lines import purpose_lines

    return purpose_lines(note, KEY_LABEL_WIDTH)


def _use_summary(use: KeyUse | None) -> list[Line]:
    if use is None:
        return []
    from tui.widgets.use_lines import use_summary

    return use_summary(use)


def _use_section(key: ApiKey, use: KeyUse | None) -> list[Line]:
    if use is None:
        return []
    from tui.widgets.use_lines import use_section

    return use_section(key, use)


def _labeled(label: str, text: str, tone: Tone = "normal") -> Line:
    return labeled(label, text, KEY_LABEL_WIDTH, tone)


def _day(moment: datetime | date) -> str:
    return f"{moment:%Y-%m-%d}"
