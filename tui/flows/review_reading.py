"""Reads what the screens of a review show."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from core.base.errors import ApiSetupError
from core.model.review_page import FoundPage, ReviewPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.model.review import Review
    from tui.session import Session

T = TypeVar("T")


def read_findings(session: Session) -> FoundPage:
    """Read what needs a decision. The Audit Trail is read no further than API Setup has read it.

    Raises:
        PracticeUnavailable: The practice can't be read.
    """
    office = session.office
    findings = office.review.findings()
    listed = office.keys.list()
    keys = {key.fingerprint: key for key in listed.keys}
    developers = {key.developer for key in keys.values() if key.developer.strip()}
    reviews = _read_optional(office.review.reviews) or ()
    running = next((each for each in reviews if each.is_under_way), None)
    ended = [each for each in reviews if not each.is_under_way]
    known = _read_optional(lambda: office.use.known_now(developers))
    verified = _read_optional(office.last_verification.read)
    return FoundPage(
        findings,
        keys,
        _read_optional(office.notes.all) or {},
        {name: use.last for name, use in known.developers.items() if use.last is not None} if known is not None else {},
        verified[0] if verified is not None else None,
        _read_optional(lambda: office.review.progress(running, listed)) if running is not None else None,
        max(ended, key=lambda each: each.ended_at or each.started_at, default=None),
    )


def _read_optional(read: Callable[[], T]) -> T | None:
    """Return what a function reads; None if it can't be read, which the findings say."""
    try:
        return read()
    except ApiSetupError:
        return None


def read_review(session: Session, review: Review) -> ReviewPage:
    """Read a review as it is now.

    Raises:
        OperationNotAllowed: The review is gone.
        PracticeUnavailable: The practice or the companion can't be read.
    """
    office = session.office
    listed = office.keys.list()
    keys = {key.fingerprint: key for key in listed.keys}
    return ReviewPage(office.review.progress(review, listed), office.audit.now(), keys, office.notes.all())
