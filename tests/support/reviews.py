"""Changes of notes and reviews, each as a function that can be called again after a fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from core.model.api_key import ApiKey
from core.model.key_note import KeyNote, KeyRecord
from core.model.review import Choice, DecisionKind
from core.office.office import Office
from tests.support.actors import ADMIN

REVIEW = "Q4 2024"
NOTE = KeyNote("Maria", "Reminders", "Drawer 5", date(2099, 1, 31))
FORMER_NAME = "Old Pay"
FAR = date(2099, 12, 31)


def key_of(office: Office, developer: str) -> ApiKey:
    """Return the only key of a developer."""
    (found,) = [key for key in office.keys.list().keys if key.developer == developer]
    return found


def note_key(office: Office) -> None:
    """Save a note, unless it was saved already."""
    key = key_of(office, "Appointment Bridge")
    read = office.notes.of(key)
    office.notes.save(ADMIN, key, read, KeyRecord(NOTE, read.agreement_since, read.former_names))


def name_formerly(office: Office) -> None:
    """Enter a former name, unless it was entered already."""
    office.use.set_former_names(ADMIN, "ClearPay", office.use.former_names("ClearPay"), [FORMER_NAME])


def start_review(office: Office) -> None:
    """Start a review, unless it was started already."""
    if office.review.under_way() is None:
        office.review.start(ADMIN, REVIEW, date(2024, 10, 1))


def decide(office: Office, developer: str, choice: Choice) -> None:
    """Decide about a developer's key, unless it was decided so already."""
    review = office.review.require_under_way()
    key = key_of(office, developer)
    item = review.item(key.fingerprint)
    if item is None or item.decision is None:
        office.review.decide(ADMIN, review, key.fingerprint, choice)


def end_review(office: Office) -> None:
    """End the review, unless it was ended already."""
    review = office.review.under_way()
    if review is not None:
        office.review.end(ADMIN, review, with_open=True)


IN_REVIEW: dict[str, Callable[[Office], None]] = {
    "keep in review": lambda office: decide(office, "Appointment Bridge", Choice(DecisionKind.KEEP, FAR, "Fine.")),
    "disable in review": lambda office: decide(office, "Appointment Bridge", Choice(DecisionKind.DISABLE)),
    "end review": end_review,
}
"""The kinds of change that need a review which was started."""
