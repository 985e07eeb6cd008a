"""The rows of the list of keys: their cells and remarks."""

from __future__ import annotations

from collections.abc import Mapping

from core.model.api_key import ApiKey
from core.model.developer_use import KnownUse, is_idle_key
from core.model.key_note import KeyNote
from tui.widgets.key_columns import AGREEMENT, CHANGE, REVIEW, STATUS
from tui.widgets.key_status import short_key, status_tone, status_word
from tui.widgets.note_lines import review_tone
from tui.widgets.rows import Row
from tui.widgets.use_lines import change_cell

_CHANGED = "*"
"""The mark of a key that differs from the previous list."""


def key_row(key: ApiKey, known: KnownUse | None, note: KeyNote | None = None, *, changed: bool) -> Row:
    """Return the row of a key.

    Args:
        key: The key.
        known: What is known of the keys' use; None if nothing is yet.
        note: The notes on the key; None if they aren't known yet.
        changed: True if the key differs from the previous list.
    """
    use = known.developers.get(key.developer) if known else None
    agreement = key.fields.agreement_since
    cells = (
        key.developer,
        short_key(key),
        status_word(key),
        change_cell(use, known.now) if known else "",
        f"{key.added:%Y-%m-%d}" if key.added else "–",
        f"{agreement:%Y-%m-%d}" if agreement else "none" if key.known else "–",
        (note.owner or "–") if note is not None else "",
        (note.review_date.isoformat() if note.review_date else "–") if note is not None else "",
        key.fields.email or "–",
    )
    tones = {STATUS: status_tone(key)}
    if known is not None and is_idle_key(key, use, known.now):
        tones[CHANGE] = "warning"
    if key.known and agreement is None:
        tones[AGREEMENT] = "warning"
    if note is not None:
        tones[REVIEW] = review_tone(note, known.now.date() if known is not None else None)
    return Row(cells, key.fingerprint, tones=tones, mark=_CHANGED if changed else "")


def status_remarks(key: ApiKey, differences: Mapping[str, str]) -> list[str]:
    """Return how a key's status changed since the previous list, and its last known status if it is unknown now."""
    changed = differences.get(key.fingerprint)
    remarks = [f"{_CHANGED} {changed}"] if changed else []
    if key.unusable:
        remarks.append(f"Unusable: it {key.unusable}")
    return [*remarks, *([f"Last known: {key.last_known}"] if key.last_known else [])]
