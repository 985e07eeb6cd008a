"""Checks of what an admin enters about a review."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from core.base.errors import InvalidInput
from core.keys.pasted_key import refuse_keys_in
from core.model.review import MAX_DECISION_NOTE, MAX_REVIEW_NAME, Choice, DecisionKind, Review

_YEAR = timedelta(days=365)


def checked_name(name: str) -> str:
    """Return a review's name without spaces around it.

    Raises:
        InvalidInput: It is empty, too long, or has an API key or characters that can't be printed in it.
    """
    name = name.strip()
    if not name:
        raise InvalidInput("name", "A review needs a name.", "For example: Q4 2026")
    if len(name) > MAX_REVIEW_NAME:
        raise InvalidInput("name", f"A review's name has at most {MAX_REVIEW_NAME} characters.", "Shorten it.")
    if not name.isprintable():
        raise InvalidInput("name", "This name has characters that can't be printed.", "Remove them.")
    refuse_keys_in({"name": name})
    return name


def checked_period(since: date | None, until: date | None, reviews: Iterable[Review], today: date) -> tuple[date, date]:
    """Return the first and the last day of a new review's period.

    Raises:
        InvalidInput: The last day is in the future, or before the first one.
    """
    last = until or today
    if last > today:
        raise InvalidInput("until", "The period ends in the future.", "Enter a day up to today.")
    before = [each.until + timedelta(days=1) for each in reviews if each.until < last]
    first = since or max(before, default=last - _YEAR)
    if first > last:
        sentence = f"The period ends on {last.isoformat()}, before it begins on {first.isoformat()}."
        raise InvalidInput("since", sentence, "Enter an earlier first day.")
    return first, last


def checked_choice(choice: Choice, today: date) -> Choice:
    """Return a decision whose note has no spaces around it.

    Raises:
        InvalidInput: The date is missing, or isn't in the future; or the note can't be used.
    """
    note = choice.note.strip()
    if choice.kind is DecisionKind.KEEP and choice.until is None:
        raise InvalidInput(
            "until", "The date until which the key is kept is missing.", "Enter one, such as a year from now."
        )
    if choice.kind is not DecisionKind.KEEP and choice.until is not None:
        raise InvalidInput("until", "Only a key that is kept has a date.", "Leave it out.")
    if choice.until is not None and choice.until <= today:
        raise InvalidInput("until", f"{choice.until.isoformat()} isn't in the future.", "Enter a later date.")
    if len(note) > MAX_DECISION_NOTE:
        raise InvalidInput("note", f"A note has at most {MAX_DECISION_NOTE} characters.", "Shorten it.")
    if not note.isprintable():
        raise InvalidInput("note", "This note has characters that can't be printed.", "Remove them.")
    refuse_keys_in({"note": note})
    return replace(choice, note=note)
