"""The notes on a key as the lines of its details."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from core.model.key_note import KeyNote
from tui.widgets.details_panel import labeled
from tui.widgets.tones import Line, Tone

if TYPE_CHECKING:
    from core.model.api_key import ApiKey

LABEL_WIDTH = 10
"""The width of the labels on the screens of a review, with the space after the longest one."""


def note_lines(note: KeyNote | None, width: int, today: date | None = None) -> list[Line]:
    """Return the lines of all notes on a key.

    Args:
        note: The notes; None if they aren't known.
        width: The width of the labels.
        today: The day from which a review date has passed; None for no warning.
    """
    return [*owner_lines(note, width, today), *purpose_lines(note, width)]


def owner_lines(note: KeyNote | None, width: int, today: date | None = None) -> list[Line]:
    """Return the lines of the owner and the review date, as `note_lines` does."""
    if note is None:
        return []
    lines = [labeled("Owner", note.owner or "none", width, "normal" if note.owner else "warning")]
    if note.review_date is not None:
        lines.append(labeled("Review", review_text(note, today), width, review_tone(note, today)))
    return lines


def purpose_lines(note: KeyNote | None, width: int) -> list[Line]:
    """Return the lines of the purpose, and where the agreement is filed."""
    texts = (("Purpose", note.purpose), ("Filed", note.agreement_reference)) if note is not None else ()
    return [labeled(label, text, width) for label, text in texts if text]


def review_text(note: KeyNote, today: date | None) -> str:
    """Return the review date of a key, and that it has passed."""
    passed = review_tone(note, today) == "warning"
    return f"{note.review_date.isoformat() if note.review_date else 'none'}{', passed' if passed else ''}"


def review_tone(note: KeyNote, today: date | None) -> Tone:
    """Return the tone of a review date: a warning from that day on."""
    return "warning" if note.review_date is not None and today is not None and note.review_date <= today else "normal"


def agreement_line(key: ApiKey, width: int) -> Line:
    """Return the line of the date of a key's agreement."""
    since = key.fields.agreement_since
    if not key.known:
        return labeled("BAA", "unknown", width)
    return labeled("BAA", since.isoformat() if since else "none", width, "normal" if since else "warning")
