"""Reviews, and what needs a decision, as JSON has them: for the commands and for the files of evidence."""

from __future__ import annotations

from collections import Counter
from typing import Any

from core.model.key_note import KeyNote
from core.model.review import (
    Decision,
    DecisionKind,
    Finding,
    Findings,
    KeySnapshot,
    Review,
    ReviewItem,
    ReviewProgress,
)
from core.reports.plain_values import plain_value


def findings_value(found: Findings) -> dict[str, Any]:
    """Return what needs a decision for JSON."""
    return {
        "time": plain_value(found.at),
        "findings": [finding_value(each) for each in found.findings],
        "unknown": list(found.unknown),
        "remarks": list(found.remarks),
    }


def finding_value(finding: Finding) -> dict[str, Any]:
    """Return a finding for JSON."""
    return {
        "rule": finding.rule.value,
        "title": finding.rule.title,
        "due": finding.is_due,
        "accepted_until": plain_value(finding.accepted_until),
        "key": finding.key or None,
        "fingerprint": finding.fingerprint or None,
        "reason": finding.reason,
        "advice": finding.advice,
    }


def due_value(found: Findings, running: ReviewProgress | None, last: Review | None) -> dict[str, Any]:
    """Return for JSON what needs a decision, in numbers."""
    due = found.due
    return {
        "time": plain_value(found.at),
        "due": bool(due),
        "findings": len(due),
        "by_rule": dict(Counter(each.rule.value for each in due)),
        "unknown": list(found.unknown),
        "under_way": summary_value(running) if running is not None else None,
        "last": {"name": last.name, "ended": plain_value(last.ended_at)} if last is not None else None,
    }


def summary_value(progress: ReviewProgress) -> dict[str, Any]:
    """Return a review for JSON, without its keys."""
    review = progress.review
    return {
        "name": review.name,
        "since": plain_value(review.since),
        "until": plain_value(review.until),
        "started": plain_value(review.started_at),
        "started_by": review.started_by,
        "ended": plain_value(review.ended_at),
        "ended_by": review.ended_by or None,
        "keys": len(review.items),
        "decisions": {kind.value: review.count(kind) for kind in DecisionKind},
        "open": list(open_keys(progress)),
    }


def review_value(progress: ReviewProgress) -> dict[str, Any]:
    """Return a review with its keys for JSON."""
    review = progress.review
    return {
        **summary_value(progress),
        "findings": [finding_value(each) for each in review.findings],
        "unknown": list(review.unknown),
        "items": [_item_value(each, progress) for each in review.items],
        "added": [_snapshot_value(each) for each in progress.added],
    }


def open_keys(progress: ReviewProgress) -> tuple[str, ...]:
    """Return the keys without a decision, as sentences name them: those that are open now, or were left open."""
    review = progress.review
    return tuple(each.label for each in progress.open) if review.is_under_way else review.left_open


def note_value(note: KeyNote) -> dict[str, Any]:
    """Return the notes on a key for JSON."""
    return {
        "owner": note.owner or None,
        "purpose": note.purpose or None,
        "baa_reference": note.agreement_reference or None,
        "review_date": plain_value(note.review_date),
    }


def _item_value(item: ReviewItem, progress: ReviewProgress) -> dict[str, Any]:
    present = progress.statuses.get(item.fingerprint)
    return {
        **_snapshot_value(item.snapshot),
        "status_now": present.name.lower() if present is not None else None,
        "removed": item.fingerprint in progress.removed,
        "decision": _decision_value(item.decision) if item.decision is not None else None,
    }


def _snapshot_value(snapshot: KeySnapshot) -> dict[str, Any]:
    return {
        "fingerprint": snapshot.fingerprint,
        "key": snapshot.masked,
        "developer": snapshot.developer,
        "status": snapshot.status.name.lower(),
        "permissions": list(snapshot.permissions) if snapshot.known else None,
        "baa_since": plain_value(snapshot.agreement_since),
        "added": plain_value(snapshot.added),
        "disabled": plain_value(snapshot.date_disabled),
        "notes": {
            **note_value(snapshot.note),
            "former_names": list(snapshot.former_names),
        },
        "last_change": plain_value(snapshot.last_change),
        "changes": snapshot.changes,
        "findings": [finding_value(each) for each in snapshot.findings],
    }


def _decision_value(decision: Decision) -> dict[str, Any]:
    choice = decision.choice
    return {
        "decision": choice.kind.value,
        "until": plain_value(choice.until),
        "note": choice.note or None,
        "user": decision.user,
        "time": plain_value(decision.at),
        "result": decision.result or None,
    }
