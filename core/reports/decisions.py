"""The keys of a review with what became of each of them, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.model.evidence import OfficeEvidence
from core.model.key_note import KeyNote
from core.model.review import DecisionKind, ReviewItem, ReviewProgress

OPEN = "open"
NOT_NEEDED = "no decision needed"
"""The key was disabled already, or is no longer in the list."""
_WORDS = {DecisionKind.KEEP: "kept", DecisionKind.DISABLE: "disabled", DecisionKind.ASK: "to ask"}
STATES = (*_WORDS.values(), OPEN, NOT_NEEDED)
"""The outcomes for a key, in the order of reports."""


@dataclass(frozen=True)
class KeyOutcome:
    """A key of a review."""

    item: ReviewItem
    state: str
    """One of `STATES`."""
    status_now: str
    note: KeyNote
    """The notes on it now; those of the review's start if that isn't known."""
    is_new: bool
    """True for a key that was added since the review started."""


def key_outcomes(evidence: OfficeEvidence) -> tuple[KeyOutcome, ...]:
    """Return the keys of a review in its order, then those that were added since it started."""
    progress, review = evidence.progress, evidence.progress.review
    left_open = {each.fingerprint for each in progress.open}
    listed = [(item, False) for item in review.items]
    added = [(ReviewItem(snapshot), True) for snapshot in progress.added]
    return tuple(
        KeyOutcome(
            item,
            _state(item, is_open=item.fingerprint in left_open),
            _status_now(progress, item),
            _note_now(evidence.notes, item),
            is_new,
        )
        for item, is_new in (*listed, *added)
    )


def count_states(outcomes: Iterable[KeyOutcome]) -> Mapping[str, int]:
    """Return the number of keys by what became of them, in the order of `STATES`."""
    counts = Counter(each.state for each in outcomes)
    return {state: counts[state] for state in STATES}


def _state(item: ReviewItem, *, is_open: bool) -> str:
    if item.decision is not None:
        return _WORDS[item.decision.choice.kind]
    return OPEN if is_open else NOT_NEEDED


def _note_now(notes: Mapping[str, KeyNote] | None, item: ReviewItem) -> KeyNote:
    return item.snapshot.note if notes is None else notes.get(item.fingerprint, KeyNote())


def _status_now(progress: ReviewProgress, item: ReviewItem) -> str:
    status = progress.statuses.get(item.fingerprint)
    if status is not None:
        return status.label
    return "no longer listed" if item.fingerprint in progress.removed else "not known"
