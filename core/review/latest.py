"""The newest decision on each key, of all reviews."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.model.review import Decision, KeySnapshot, Review


@dataclass(frozen=True)
class LatestDecision:
    """The newest decision on a key."""

    review: str
    """The name of its review."""
    decision: Decision
    snapshot: KeySnapshot
    """The key as the admin who decided knew it."""


def latest_decisions(reviews: Iterable[Review]) -> dict[str, LatestDecision]:
    """Return the newest decision on each key, by fingerprint; keys without one are left out."""
    found: dict[str, LatestDecision] = {}
    for review in reviews:
        for item in review.items:
            if item.decision is None:
                continue
            known = found.get(item.fingerprint)
            if known is None or known.decision.at < item.decision.at:
                found[item.fingerprint] = LatestDecision(review.name, item.decision, item.snapshot)
    return found
