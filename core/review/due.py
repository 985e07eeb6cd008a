"""Whether a review is due, in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.model.review import Finding, Review, ReviewDue
from core.review.wording import keys


def describe_due(reviews: Iterable[Review], overdue: Sequence[Finding]) -> ReviewDue:
    """Return the line about reviews.

    Args:
        reviews: All reviews.
        overdue: The findings about reviews that are overdue.
    """
    running = next((each for each in reviews if each.is_under_way), None)
    dated = sum(bool(each.fingerprint) for each in overdue)
    of_practice = next((each for each in overdue if not each.fingerprint), None)
    if running is not None:
        decided = len(running.items) - len(running.undecided)
        return ReviewDue(f"Review {running.name}: {decided} of {keys(len(running.items))} decided", bool(overdue))
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
