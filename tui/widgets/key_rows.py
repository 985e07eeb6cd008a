"""The rows of the list of keys: their cells and remarks.

The first rows come without use and notes, which are read afterwards. What draws those is imported with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.model.api_key import ApiKey
from tui.widgets.key_columns import AGREEMENT, CHANGE, REVIEW, STATUS
from tui.widgets.key_status import short_key, status_tone, status_word
from tui.widgets.rows import Row

if TYPE_CHECKING:
    from core.model.developer_use import KnownUse
    from core.model.key_note import KeyNote
    from tui.widgets.tones import Tone

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
    agreement = key.fields.agreement_since
    cells = (
        key.developer,
        short_key(key),
        status_word(key),
        _change_cell(key, known) if known else "",
        f"{key.added:%Y-%m-%d}" if key.added else "–",
        f"{agreement:%Y-%m-%d}" if agreement else "none" if key.known else "–",
        (note.owner or "–") if note is not None else "",
        (note.review_date.isoformat() if note.review_date else "–") if note is not None else "",
        key.fields.email or "–",
    )
    tones = {STATUS: status_tone(key)}
    if known is not None and _is_idle(key, known):
        tones[CHANGE] = "warning"
    if key.known and agreement is None:
        tones[AGREEMENT] = "warning"
    if note is not None:
        tones[REVIEW] = _review_tone(note, known)
    return Row(cells, key.fingerprint, tones=tones, mark=_CHANGED if changed else "")


def status_remarks(key: ApiKey, differences: Mapping[str, str]) -> list[str]:
    """Return how a key's status changed since the previous list, and its last known status if it is unknown now."""
    changed = differences.get(key.fingerprint)
    remarks = [f"{_CHANGED} {changed}"] if changed else []
    if key.unusable:
        remarks.append(f"Unusable: it {key.unusable}")
    return [*remarks, *([f"Last known: {key.last_known}"] if key.last_known else [])]


def _change_cell(key: ApiKey, known: KnownUse) -> str:
    from tui.widgets.use_lines import change_cell

    return change_cell(known.developers.get(key.developer), known.now)


def _is_idle(key: ApiKey, known: KnownUse) -> bool:
    from core.model.developer_use import is_idle_key

    return is_idle_key(key, known.developers.get(key.developer), known.now)


def _review_tone(note: KeyNote, known: KnownUse | None) -> Tone:
    from tui.widgets.note_lines import review_tone

    return review_tone(note, known.now.date() if known is not None else None)
