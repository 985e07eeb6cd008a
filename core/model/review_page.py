"""The contents of the screens of a review, each read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.model.api_key import ApiKey
from core.model.key_note import KeyNote
from core.model.review import DecisionResult, Findings, Review, ReviewProgress


@dataclass(frozen=True)
class FoundPage:
    """The findings that need a decision, with the keys that they are about."""

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

    def after(self, result: DecisionResult) -> ReviewPage:
        """Return the page with a decision that was just made, so that it needn't be read again."""
        progress, key = self.progress, result.key
        decided = replace(
            progress,
            review=progress.review.with_item(result.item),
            statuses={**progress.statuses, key.fingerprint: key.status},
            added=tuple(each for each in progress.added if each.fingerprint != key.fingerprint),
        )
        return replace(self, progress=decided, keys={**self.keys, key.fingerprint: key})
