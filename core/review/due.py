"""The line that says that a review is due."""

from __future__ import annotations

from collections.abc import Sequence

from core.model.review import Finding, ReviewDue, ReviewProgress
from core.review.practice_rules import SinceReview
from core.review.wording import keys


def describe_due(running: ReviewProgress | None, overdue: Sequence[Finding], since: SinceReview | None) -> ReviewDue:
    """Return the line about reviews.

    Args:
        running: The review that is under way; None for none.
        overdue: The findings about reviews that are overdue.
        since: The time since the last review; None if that isn't known.
    """
    dated = sum(bool(each.fingerprint) for each in overdue)
    if running is not None:
        left = len(running.open)
        open_keys = f"{keys(left)} to decide" if left else "all keys decided, not ended yet"
        return ReviewDue(f"Review {running.review.name} is under way: {open_keys}", bool(overdue))
    if since is not None and dated < len(overdue):
        last = f"{since.review} ended" if since.review else "none since the first key was added"
        return ReviewDue(f"Review due: {last} {since.days:,} d ago", is_due=True)
    if dated:
        verb = "is" if dated == 1 else "are"
        return ReviewDue(f"Review due: {keys(dated)} {verb} past the review date", is_due=True)
    return ReviewDue("")
