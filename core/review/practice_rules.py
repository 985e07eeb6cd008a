"""The rules about the practice as a whole: its Audit Trail, and its reviews."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.audit.last_verification import found_nothing
from core.model.review import Finding, Review, ReviewRule, ReviewSettings
from core.review.facts import NotKnown, ReviewFacts
from core.review.wording import days

_VERIFY = "Verify the Audit Trail: apisetup audit verify"
_SEAL = "Seal the Audit Trail: apisetup audit seal"
_START = "Start a review: apisetup review start NAME"


@dataclass(frozen=True)
class SinceReview:
    """The time since the last review."""

    days: int
    moment: datetime
    """The end of the last review, or the time at which the first key was added."""
    review: str = ""
    """The name of the last review; empty for none."""


def unverified(facts: ReviewFacts, settings: ReviewSettings) -> Iterator[Finding]:
    """Yield a finding if the Audit Trail wasn't verified lately, or the last verification found something."""
    if isinstance(facts.verified, NotKnown):
        return
    if facts.verified is None:
        yield Finding(ReviewRule.UNVERIFIED, "The Audit Trail was never verified here.", _VERIFY)
        return
    moment, verdict = facts.verified
    age = _age(facts, moment)
    if not found_nothing(verdict):
        yield Finding(
            ReviewRule.UNVERIFIED,
            f"The last verification, on {moment:%Y-%m-%d}, found: {verdict}.",
            "Look at what it found: apisetup audit verify",
        )
    elif age > settings.verify_days:
        yield Finding(
            ReviewRule.UNVERIFIED,
            f"The Audit Trail was last verified on {moment:%Y-%m-%d}, {days(age)} ago.",
            _VERIFY,
        )


def unsealed(facts: ReviewFacts, settings: ReviewSettings) -> Iterator[Finding]:
    """Yield a finding if the Audit Trail wasn't sealed lately."""
    if isinstance(facts.sealed_at, NotKnown):
        return
    if facts.sealed_at is None:
        yield Finding(ReviewRule.UNSEALED, "The Audit Trail was never sealed.", _SEAL)
        return
    age = _age(facts, facts.sealed_at)
    if age > settings.seal_days:
        yield Finding(
            ReviewRule.UNSEALED,
            f"The Audit Trail was last sealed on {facts.sealed_at:%Y-%m-%d}, {days(age)} ago.",
            _SEAL,
        )


def practice_overdue(facts: ReviewFacts, settings: ReviewSettings) -> Iterator[Finding]:
    """Yield a finding if the last review ended too long ago, or none was made since the first key was added."""
    since = since_review(facts)
    if since is None or since.days <= settings.every_days or isinstance(facts.reviews, NotKnown):
        return
    on = f"{since.moment:%Y-%m-%d}, {days(since.days)} ago."
    reason = f"The last review ({since.review}) ended on {on}"
    if not since.review:
        reason = f"No review has ended yet, and the first key was added on {on}"
    running = next((each for each in facts.reviews if each.is_under_way), None)
    yield Finding(ReviewRule.OVERDUE, f"{reason}{_under_way(running)}", _START if running is None else _end(running))


def since_review(facts: ReviewFacts) -> SinceReview | None:
    """Return the time since the last review ended, or else since the first key was added; None if it isn't known."""
    if isinstance(facts.reviews, NotKnown) or all(key.gone for key in facts.keys.keys):
        return None
    ended = [(each.ended_at, each.name) for each in facts.reviews if each.ended_at is not None]
    if ended:
        ended_at, name = max(ended)
        return SinceReview(_age(facts, ended_at), ended_at, name)
    first = min((key.added for key in facts.keys.keys if key.added is not None), default=None)
    return SinceReview(_age(facts, first), first) if first is not None else None


def _under_way(review: Review | None) -> str:
    if review is None:
        return ""
    decided = len(review.items) - len(review.undecided)
    return f" Review {review.name} is under way: {decided} of {len(review.items)} keys decided."


def _end(review: Review) -> str:
    return f"Decide about the other keys, and end it: apisetup review show {review.name!r}"


def _age(facts: ReviewFacts, moment: datetime) -> int:
    """Return an age in whole days; none if the clock was set back."""
    return max(0, (facts.now - moment) // timedelta(days=1))
