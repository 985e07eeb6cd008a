"""What the place Review shows, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError

if TYPE_CHECKING:
    from datetime import datetime

    from core.model.api_key import ApiKey
    from core.model.key_note import KeyNote
    from core.model.review import Findings, Review, ReviewProgress
    from tui.session import Session


@dataclass(frozen=True)
class FoundPage:
    """What needs a decision, with the keys that it is about."""

    findings: Findings
    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    """By fingerprint."""
    notes: Mapping[str, KeyNote] = field(default_factory=dict)
    """By the keys' fingerprints; empty if they can't be read, which `findings` says."""
    last_changes: Mapping[str, datetime] = field(default_factory=dict)
    """The last change that a developer made through the API, by the developer's name."""
    verified_at: datetime | None = None
    """The time of the last verification."""
    running: ReviewProgress | None = None
    """The review that is under way."""
    last: Review | None = None
    """The review that ended last."""


@dataclass(frozen=True)
class ReviewPage:
    """A review with the keys as they are now."""

    progress: ReviewProgress
    now: datetime
    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    """The present keys by fingerprint."""
    notes: Mapping[str, KeyNote] = field(default_factory=dict)
    """The present notes by the keys' fingerprints."""


def read_findings(session: Session) -> FoundPage:
    """Read what needs a decision. The Audit Trail is read no further than API Setup has read it.

    Raises:
        PracticeUnavailable: The practice can't be read.
    """
    office = session.office
    findings = office.review.findings()
    keys = {key.fingerprint: key for key in office.keys.list().keys}
    page = FoundPage(findings, keys)
    try:
        reviews = office.review.reviews()
        running = next((each for each in reviews if each.is_under_way), None)
        ended = [each for each in reviews if not each.is_under_way]
        developers = {key.developer for key in keys.values() if key.developer.strip()}
        known = office.use.known_now(developers).developers
        verified = office.last_verification.read()
        return FoundPage(
            findings,
            keys,
            office.notes.all(),
            {name: use.last for name, use in known.items() if use.last is not None},
            verified[0] if verified is not None else None,
            office.review.progress(running) if running is not None else None,
            max(ended, key=lambda each: each.ended_at or each.started_at, default=None),
        )
    except ApiSetupError:
        # The findings name what can't be read.
        return page


def read_review(session: Session, review: Review) -> ReviewPage:
    """Read a review as it is now.

    Raises:
        OperationNotAllowed: The review is gone.
        PracticeUnavailable: The practice or the companion can't be read.
    """
    office = session.office
    progress = office.review.progress(review)
    keys = {key.fingerprint: key for key in office.keys.list().keys}
    return ReviewPage(progress, office.audit.now(), keys, office.notes.all())
