"""The rows of the list of keys: their columns, cells and remarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.model.api_key import ApiKey
from core.model.developer_use import KnownUse, is_idle_key
from core.model.key_note import KeyNote
from tui.widgets.key_details import short_key, status_tone, status_word
from tui.widgets.key_order import CHANGE_COLUMN
from tui.widgets.note_lines import review_tone
from tui.widgets.rows import Column, Row
from tui.widgets.use_lines import change_cell

_KEY = Column("Key", 5, min_width=5, tone="dim")
_KEY_WITH_FINGERPRINT = Column("Key", 13, min_width=7, tone="dim")
_CHANGE = Column("Change", 7, min_width=7, right=True)
_CHANGE_BESIDE_FINGERPRINTS = replace(_CHANGE, from_width=60)
"""In a narrow list, telling keys apart is more important."""
COLUMNS = (
    Column("Developer", 20, min_width=10, max_width=32),
    _KEY,
    Column("Status", 13, min_width=13),
    _CHANGE,
    Column("Added", 10, min_width=10, from_width=96),
    Column("BAA since", 10, min_width=10, from_width=60),
    Column("Owner", 10, min_width=9, max_width=16, from_width=82),
    Column("Review", 10, min_width=10, from_width=82),
    Column("E-mail", 16, min_width=16, max_width=34, from_width=116),
)
_WITH_FINGERPRINT = {_KEY: _KEY_WITH_FINGERPRINT, _CHANGE: _CHANGE_BESIDE_FINGERPRINTS}
COLUMNS_WITH_FINGERPRINT = tuple(_WITH_FINGERPRINT.get(column, column) for column in COLUMNS)
_STATUS = 2
_AGREEMENT, _REVIEW = 5, 7

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
    tones = {_STATUS: status_tone(key)}
    if known is not None and is_idle_key(key, use, known.now):
        tones[CHANGE_COLUMN] = "warning"
    if key.known and agreement is None:
        tones[_AGREEMENT] = "warning"
    if note is not None:
        tones[_REVIEW] = review_tone(note, known.now.date() if known is not None else None)
    return Row(cells, key.fingerprint, tones=tones, mark=_CHANGED if changed else "")


def status_remarks(key: ApiKey, differences: Mapping[str, str]) -> list[str]:
    """Return how a key's status changed since the previous list, and its last known status if it is unknown now."""
    changed = differences.get(key.fingerprint)
    remarks = [f"{_CHANGED} {changed}"] if changed else []
    if key.unusable:
        remarks.append(f"Unusable: it {key.unusable}")
    return [*remarks, *([f"Last known: {key.last_known}"] if key.last_known else [])]
