"""A review in an open office, and its evidence."""

from __future__ import annotations

from datetime import date, datetime

from core.model.actor import Actor
from core.model.evidence import OfficeEvidence, ReviewEvidence
from core.model.review import Choice, DecisionKind, Review
from core.office.office import Office
from core.reports.evidence_reader import EvidenceReader
from tests.support.actors import ADMIN

NAME = "Q4 2026"
WRITTEN_AT = datetime(2026, 3, 1, 14, 5, 9)
FAR = date(2999, 12, 31)


def hold_review(office: Office, actor: Actor = ADMIN) -> Review:
    """Start a review, decide about its first enabled key in each way that is possible, and end it with open keys."""
    review = office.review.start(actor, NAME)
    enabled = [each for each in review.items if each.snapshot.status.enabled]
    choices = (Choice(DecisionKind.KEEP, FAR, "Needed for reminders."), Choice(DecisionKind.DISABLE))
    for item, choice in zip(enabled, choices, strict=False):
        review = office.review.decide(actor, review, item.fingerprint, choice).review
    return office.review.end(actor, review, with_open=True)


def read_evidence(office: Office, name: str = "North", not_recorded: str = "") -> OfficeEvidence:
    """Read the evidence of the last review of an office."""
    office.name = name
    return EvidenceReader(office, ADMIN.user_name, not_recorded).read("", lambda _: None)


def evidence_of(*offices: OfficeEvidence) -> ReviewEvidence:
    """Return the evidence of offices together."""
    return ReviewEvidence(NAME, WRITTEN_AT, "apisetup 0.1.0", offices)
