"""The marks, words and tones of a key's status, and the short form of a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.opendental.key_status import KeyStatus

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from tui.widgets.tones import Tone

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
