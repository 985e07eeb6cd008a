"""A review of the keys of an open office, made by hand, and its evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.model.api_key import ApiKey
from core.model.evidence import OfficeEvidence, ReviewEvidence
from core.model.key_note import KeyNote
from core.model.review import (
    Choice,
    Decision,
    DecisionKind,
    Finding,
    KeySnapshot,
    Review,
    ReviewItem,
    ReviewProgress,
    ReviewRule,
)
from core.office.office import Office
from core.reports.evidence_reader import EvidenceReader
from core.review.service import ReviewService

NAME = "Q4 2026"


class FixedReviews(ReviewService):
    """Knows one review.

    Args:
        progress: The review.
    """

    def __init__(self, progress: ReviewProgress) -> None:
        self._progress = progress

    def find(self, name: str = "") -> Review:
        """Return the review."""
        return self._progress.review

    def progress(self, review: Review) -> ReviewProgress:
        """Return the review."""
        return self._progress


def snapshot(key: ApiKey, **more: object) -> KeySnapshot:
    """Return what a review keeps of a key."""
    known = KeySnapshot(
        key.fingerprint,
        key.masked,
        key.developer,
        key.status,
        key.fields.permissions,
        key.fields.agreement_since,
        key.date_disabled,
        key.added,
    )
    return replace(known, **more)  # type: ignore[arg-type]


def review_of(office: Office, started: datetime, user: str = "Admin") -> ReviewProgress:
    """Return a review of all keys, of which the first three were decided."""
    keys = office.keys.list().keys
    finding = Finding(ReviewRule.NO_OWNER, "Nobody in the office answers for this key.", "Name an owner.")
    note = KeyNote("Front desk", "Reminders", "Drawer 3")
    snapshots = [snapshot(key, note=note if n == 0 else KeyNote(), findings=(finding,)) for n, key in enumerate(keys)]
    choices = (
        Choice(DecisionKind.KEEP, started.date(), "Needed for reminders."),
        Choice(DecisionKind.ASK),
        Choice(DecisionKind.DISABLE),
    )
    decisions = [
        Decision(choice, user, started, "Disabled by Customer" if not n else "") for n, choice in enumerate(choices)
    ]
    items = [
        ReviewItem(each, decisions[n] if n < len(decisions) else None, int(n < len(decisions)))
        for n, each in enumerate(snapshots)
    ]
    review = Review(1, NAME, started.date(), started.date(), started, user, tuple(items))
    return ReviewProgress(review, {key.fingerprint: key.status for key in keys})


def read_evidence(office: Office, progress: ReviewProgress, name: str = "North") -> OfficeEvidence:
    """Read the evidence of a review in an office."""
    return EvidenceReader(office, FixedReviews(progress), name, "Admin").read(NAME, lambda _: None)


def evidence_of(*offices: OfficeEvidence) -> ReviewEvidence:
    """Return the evidence of offices together."""
    return ReviewEvidence(NAME, datetime(2026, 3, 1, 14, 5, 9), "apisetup 0.1.0", offices)
