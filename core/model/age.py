"""Ages in words, in the largest unit that fits."""

from __future__ import annotations

from datetime import timedelta

_UNITS = ((365 * 24 * 60, "y"), (24 * 60, "d"), (60, "h"), (1, "min"))


def format_duration(duration: timedelta) -> str:
    """Return a duration in the largest unit that fits: `41 d`, `3 h`, `20 min`; `less than 1 min` below that."""
    minutes = int(duration.total_seconds()) // 60
    for unit, name in _UNITS:
        if minutes >= unit:
            return f"{minutes // unit} {name}"
    return "less than 1 min"


def format_ago(duration: timedelta) -> str:
    """Return how long ago something was: `3 h ago`; `just now` below a minute, also if a clock was set back."""
    return "just now" if duration < timedelta(minutes=1) else f"{format_duration(duration)} ago"
