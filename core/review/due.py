"""Whether a review is due, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from core.model.review import Finding, ReviewDue, ReviewProgress
from core.review.wording import keys


def describe_due(running: ReviewProgress | None, overdue: Sequence[Finding]) -> ReviewDue:
    """Return the line about reviews.

    Args:
        running: The review that is under way; None for none.
        overdue: The findings about reviews that are overdue.
    """
    dated = sum(bool(each.fingerprint) for each in overdue)
    of_practice = next((each for each in overdue if not each.fingerprint), None)
    if running is not None:
        left = len(running.open)
        open_keys = f"{keys(left)} to decide" if left else "all keys decided, not ended yet"
        return ReviewDue(f"Review {running.review.name} is under way: {open_keys}", bool(overdue))
    if of_practice is not None:
        return ReviewDue(f"Review due: {_short(of_practice)}", is_due=True)
    if dated:
        verb = "is" if dated == 1 else "are"
        return ReviewDue(f"Review due: {keys(dated)} {verb} past the review date", is_due=True)
    return ReviewDue("")


def _short(finding: Finding) -> str:
    """Return a reason as the end of a line."""
    reason = finding.reason.rstrip(".")
    return reason[0].lower() + reason[1:]
