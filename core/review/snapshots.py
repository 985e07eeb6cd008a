"""Snapshots of the keys when a review lists them."""

from __future__ import annotations

from dataclasses import replace

from core.model.api_key import ApiKey
from core.model.review import Findings, KeySnapshot
from core.review.facts import NotKnown, ReviewFacts
from core.use.service import UseService


def snapshots(facts: ReviewFacts, findings: Findings, use: UseService) -> tuple[KeySnapshot, ...]:
    """Return a snapshot of each key in the list.

    Args:
        facts: What was read.
        findings: What needs a decision.
        use: Knows the former names of developers.

    Raises:
        PracticeUnavailable: The companion can't be read.
    """
    known = facts.use.developers if not isinstance(facts.use, NotKnown) else {}
    former = {key.developer: use.former_names(key.developer) for key in facts.keys.keys}
    listed = []
    for key in facts.keys.keys:
        if key.gone:
            continue
        changes = known.get(key.developer)
        snapshot = replace(
            plain_snapshot(key),
            note=facts.note(key),
            former_names=former[key.developer],
            last_change=changes.last if changes is not None else None,
            changes=changes.total if changes is not None else None,
            findings=findings.of_key(key.fingerprint),
        )
        listed.append(snapshot)
    return tuple(listed)


def plain_snapshot(key: ApiKey) -> KeySnapshot:
    """Return what the list itself says of a key."""
    return KeySnapshot(
        key.fingerprint,
        key.masked,
        key.developer,
        key.status,
        key.fields.permissions,
        key.fields.agreement_since,
        key.date_disabled,
        key.added,
        known=key.known,
    )
