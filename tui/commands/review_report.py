"""Reviews and what needs a decision, as lines and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from core.model.review import DecisionKind
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.review import Decision, Finding, Findings, KeySnapshot, Review, ReviewItem, ReviewProgress

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


def findings_as_json(found: Findings) -> dict[str, Any]:
    """Return what needs a decision for JSON."""
    return {
        "time": _text(found.at),
        "findings": [finding_as_json(each) for each in found.findings],
        "unknown": list(found.unknown),
        "remarks": list(found.remarks),
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding for JSON."""
    return {
        "rule": finding.rule.value,
        "title": finding.rule.title,
        "due": finding.is_due,
        "accepted_until": _text(finding.accepted_until),
        "key": finding.key or None,
        "fingerprint": finding.fingerprint or None,
        "reason": finding.reason,
        "advice": finding.advice,
    }


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


def due_as_json(found: Findings, running: ReviewProgress | None, last: Review | None) -> dict[str, Any]:
    """Return for JSON what needs a decision, in numbers."""
    due = found.due
    return {
        "time": _text(found.at),
        "due": bool(due),
        "findings": len(due),
        "by_rule": dict(Counter(each.rule.value for each in due)),
        "unknown": list(found.unknown),
        "under_way": summary_as_json(running) if running is not None else None,
        "last": {"name": last.name, "ended": _text(last.ended_at)} if last is not None else None,
    }


def review_row(progress: ReviewProgress) -> tuple[str, ...]:
    """Return a review as a row of a table."""
    review = progress.review
    counts = (len(review.items), *map(review.count, DecisionKind), len(_open(progress)))
    ended = f"{review.ended_at:%Y-%m-%d}" if review.ended_at is not None else "under way"
    period = f"{review.since} to {review.until}"
    return (review.name, period, f"{review.started_at:%Y-%m-%d}", ended, *(f"{count:,}" for count in counts))


def summary_as_json(progress: ReviewProgress) -> dict[str, Any]:
    """Return a review for JSON, without its keys."""
    review = progress.review
    return {
        "name": review.name,
        "since": _text(review.since),
        "until": _text(review.until),
        "started": _text(review.started_at),
        "started_by": review.started_by,
        "ended": _text(review.ended_at),
        "ended_by": review.ended_by or None,
        "keys": len(review.items),
        "decisions": {kind.value: review.count(kind) for kind in DecisionKind},
        "open": list(_open(progress)),
    }


def review_as_json(progress: ReviewProgress) -> dict[str, Any]:
    """Return a review with its keys for JSON."""
    review = progress.review
    return {
        **summary_as_json(progress),
        "findings": [finding_as_json(each) for each in review.findings],
        "unknown": list(review.unknown),
        "items": [_item_as_json(each, progress) for each in review.items],
        "added": [_snapshot_as_json(each) for each in progress.added],
    }


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
    names = _open(progress)
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


def _open(progress: ReviewProgress) -> tuple[str, ...]:
    """Return the keys without a decision, as sentences name them: those that are open now, or were left open."""
    review = progress.review
    return tuple(each.label for each in progress.open) if review.is_under_way else review.left_open


def _item_as_json(item: ReviewItem, progress: ReviewProgress) -> dict[str, Any]:
    present = progress.statuses.get(item.fingerprint)
    return {
        **_snapshot_as_json(item.snapshot),
        "status_now": present.name.lower() if present is not None else None,
        "removed": item.fingerprint in progress.removed,
        "decision": _decision_as_json(item.decision) if item.decision is not None else None,
    }


def _snapshot_as_json(snapshot: KeySnapshot) -> dict[str, Any]:
    note = snapshot.note
    return {
        "fingerprint": snapshot.fingerprint,
        "key": snapshot.masked,
        "developer": snapshot.developer,
        "status": snapshot.status.name.lower(),
        "permissions": list(snapshot.permissions) if snapshot.known else None,
        "baa_since": _text(snapshot.agreement_since),
        "added": _text(snapshot.added),
        "disabled": _text(snapshot.date_disabled),
        "notes": {
            "owner": note.owner or None,
            "purpose": note.purpose or None,
            "baa_reference": note.agreement_reference or None,
            "review_date": _text(note.review_date),
            "former_names": list(snapshot.former_names),
        },
        "last_change": _text(snapshot.last_change),
        "changes": snapshot.changes,
        "findings": [finding_as_json(each) for each in snapshot.findings],
    }


def _decision_as_json(decision: Decision) -> dict[str, Any]:
    choice = decision.choice
    return {
        "decision": choice.kind.value,
        "until": _text(choice.until),
        "note": choice.note or None,
        "user": decision.user,
        "time": _text(decision.at),
        "result": decision.result or None,
    }


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _text(value: date | datetime | None) -> str | None:
    if value is None:
        return None
    return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
