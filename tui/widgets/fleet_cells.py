"""The cells of the table of developers by office, and the details of a developer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.base.plural import count_of
from core.model.age import format_duration
from core.model.fleet import FleetKey, OfficeState, Reach
from core.opendental.log_hash import NO_DATE
from tui.widgets.key_status import status_name
from tui.widgets.rows import Column
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from core.fleet.developers import Developer

_UNSEEN = {each: each.value for each in (Reach.NO_ANSWER, Reach.REFUSED, Reach.UNUSABLE)}
"""The text of a cell of an office that nobody looked at, where it says more than that nobody is signed in."""
_FRESH = timedelta(hours=1)
OFFICE_COLUMN = 17
"""The width of the column of an office in cells."""


def office_cell(state: OfficeState, keys: Sequence[FleetKey], now: datetime) -> tuple[str, Tone]:
    """Return the text of a cell, such as `● on 41 d`, and its tone.

    Args:
        state: The office.
        keys: The developer's keys there.
        now: The time from which the age of the last change is counted.
    """
    if not state.signed_in_as or state.answer is None:
        return _UNSEEN.get(state.reach, "not signed in"), "warning"
    if not keys:
        return "", "normal"
    # Of several keys, the one that lets most in says what the developer can do there.
    first = max(keys, key=lambda key: (key.status.enabled, key.changed or NO_DATE))
    mark, word, tone = status_name(first.status)
    age = format_duration(now - first.changed) if first.changed is not None else ""
    number = f" ({len(keys)})" if len(keys) > 1 else ""
    return " ".join(filter(None, (mark, f"{word[:9]}{number}", age))), tone


def office_column(state: OfficeState, now: datetime) -> Column:
    """Return the column of an office, with the age of its keys in the title unless they are fresh."""
    age = stale_age(state.age_of_keys(now)) if state.signed_in_as else ""
    name = state.office if not age else f"{state.office[: OFFICE_COLUMN - len(age) - 1]} {age}"
    return Column(name, OFFICE_COLUMN, min_width=OFFICE_COLUMN)


def stale_age(age: timedelta) -> str:
    """Return an age in words if it is so long that what was read may not be true any more; empty below an hour."""
    return "" if age < _FRESH else format_duration(age)


def developer_details(developer: Developer, states: Iterable[OfficeState]) -> list[Line]:
    """Return the lines that describe a developer."""
    keys = sum(map(len, developer.keys.values()))
    where = count_of(len(developer.keys), "office")
    lines = [
        safe_line(
            (developer.name, "strong"),
            (
                f"  {developer.enabled} of {count_of(keys, 'key')} enabled, in {where}",
                "normal",
            ),
        )
    ]
    if len(developer.names) > 1:
        why = " (the same number at headquarters)" if len(developer.numbers) == 1 else ""
        lines.append(safe_line(("Names: ", "dim"), (f"{', '.join(developer.names)}{why}", "normal"), indent=7))
    if developer.similar:
        lines.append(
            safe_line(
                ("Similar: ", "dim"), (f"{', '.join(developer.similar)}. Press N to join them.", "warning"), indent=9
            )
        )
    unseen = [state.office for state in states if not state.signed_in_as]
    if unseen:
        lines.append(
            safe_line(
                ("Not looked at: ", "alert"), (f"{', '.join(unseen)}. Keys there may work, too.", "warning"), indent=15
            )
        )
    return lines
