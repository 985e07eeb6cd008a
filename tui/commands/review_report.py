"""Reviews and what needs a decision, as lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from core.model.review import DecisionKind
from core.reports.review_values import open_keys
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.review import Finding, Findings, KeySnapshot, Review, ReviewItem, ReviewProgress

_PRACTICE = "The practice"


def finding_lines(found: Findings, *, accepted: bool) -> list[str]:
    """Return what needs a decision, below the key that it is about.

    Args:
        found: The findings.
        accepted: True to include those that a review accepted until a date.
    """
    lines: list[str] = []
    shown = [each for each in found.findings if accepted or each.is_due]
    for subject in dict.fromkeys(each.key for each in shown):
        lines.append(sanitize(f"{subject or _PRACTICE}:"))
        lines += [line for each in shown if each.key == subject for line in _finding_lines(each)]
    return [*lines, *map(sanitize, (*found.unknown, *(found.remarks if shown else ())))]


def status_line(found: Findings, running: ReviewProgress | None, last: Review | None) -> str:
    """Return in one line what needs a decision, and how far the review is."""
    due = found.due
    keys = len({each.fingerprint for each in due if each.fingerprint})
    about = f" ({_counted(keys, 'key')})" if keys else ""
    verb = "needs" if len(due) == 1 else "need"
    parts = [f"{_counted(len(due), 'finding')} {verb} a decision{about}" if due else "Nothing needs a decision"]
    if running is not None:
        parts.append(f"review {running.review.name} is under way with {_counted(len(running.open), 'open key')}")
    elif last is not None and last.ended_at is not None:
        parts.append(f"review {last.name} ended on {last.ended_at:%Y-%m-%d}")
    if found.unknown:
        parts.append(f"{_counted(len(found.unknown), 'fact')} could not be read")
    return sanitize(f"{'; '.join(parts)}.")


def review_row(progress: ReviewProgress) -> tuple[str, ...]:
    """Return a review as a row of a table."""
    review = progress.review
    counts = (len(review.items), *map(review.count, DecisionKind), len(open_keys(progress)))
    ended = f"{review.ended_at:%Y-%m-%d}" if review.ended_at is not None else "under way"
    period = f"{review.since} to {review.until}"
    return (review.name, period, f"{review.started_at:%Y-%m-%d}", ended, *(f"{count:,}" for count in counts))


def review_lines(progress: ReviewProgress) -> Iterator[str]:
    """Yield a review with its keys, what was known of them, and the decisions."""
    review = progress.review
    yield sanitize(f"Review {review.name}, {review.since} to {review.until}")
    yield sanitize(f"Started on {review.started_at:%Y-%m-%d %H:%M} by {review.started_by}.")
    if review.ended_at is not None:
        yield sanitize(f"Ended on {review.ended_at:%Y-%m-%d %H:%M} by {review.ended_by}.")
    yield from _indented(review.findings)
    yield from (f"  {sanitize(each)}" for each in review.unknown)
    for item in review.items:
        yield ""
        yield from _item_lines(item, progress)
    for snapshot in progress.added:
        yield ""
        yield sanitize(f"{snapshot.label}: {snapshot.status.label}, added since the review started")
    names = open_keys(progress)
    if names:
        yield ""
        yield sanitize(f"Open: {', '.join(names)}.")


def _item_lines(item: ReviewItem, progress: ReviewProgress) -> Iterator[str]:
    snapshot = item.snapshot
    present = progress.statuses.get(item.fingerprint)
    changed = f", now {present.label}" if present is not None and present is not snapshot.status else ""
    if item.fingerprint in progress.removed:
        changed = ", no longer in the list"
    yield sanitize(f"{snapshot.label}: {snapshot.status.label}{changed}")
    note = snapshot.note
    values = (
        ("owner", note.owner),
        ("purpose", note.purpose),
        ("BAA", _agreement(snapshot)),
        ("last change", f"{snapshot.last_change:%Y-%m-%d}" if snapshot.last_change else ""),
    )
    yield sanitize(f"  {'; '.join(f'{name}: {value}' for name, value in values if value)}")
    yield from _indented(snapshot.findings)
    decision = item.decision
    if decision is None:
        yield f"  {_undecided(item, progress)}"
        return
    note_text = f"; {decision.choice.note}" if decision.choice.note else ""
    yield sanitize(f"  {decision.choice.label}, by {decision.user} on {decision.at:%Y-%m-%d %H:%M}{note_text}")
    if decision.result:
        yield sanitize(f"    {decision.result}")


def _agreement(snapshot: KeySnapshot) -> str:
    if not snapshot.known:
        return "not known"
    return f"since {snapshot.agreement_since}" if snapshot.agreement_since else "none"


def _undecided(item: ReviewItem, progress: ReviewProgress) -> str:
    if any(each.fingerprint == item.fingerprint for each in progress.open):
        return "no decision"
    return "needs no decision" if progress.review.is_under_way else "needed no decision"


def _indented(findings: Iterable[Finding]) -> Iterator[str]:
    yield from (f"  {sanitize(f'{each.rule.value}: {each.reason}')}" for each in findings)


def _finding_lines(finding: Finding) -> list[str]:
    until = f" (accepted until {finding.accepted_until})" if finding.accepted_until is not None else ""
    return [sanitize(f"  {finding.rule.value}: {finding.reason}{until}"), sanitize(f"    -> {finding.advice}")]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
