"""The evidence of a review as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.model.evidence import OfficeEvidence, ReviewEvidence
from core.model.monthly_report import ChangeLine
from core.model.review import DecisionKind, KeySnapshot, ReviewItem
from core.reports.evidence_reader import entry_line
from core.reports.rendering import render

CHART_WIDTH = 600
"""The width of the chart's view box."""
_COLORS = ("#2f5d8a", "#8a2f2f", "#b58a2f", "#999999")


@dataclass(frozen=True)
class Share:
    """A part of the chart of decisions."""

    label: str
    count: int
    x: int
    width: int
    color: str


@dataclass(frozen=True)
class KeyRow:
    """A key with its status now."""

    item: ReviewItem
    status_now: str
    is_new: bool
    """True for a key that was added since the review started."""


@dataclass(frozen=True)
class OfficeSection:
    """What the page shows of an office."""

    evidence: OfficeEvidence
    counts: dict[str, int]
    """The numbers of decisions by their words; the keys without one are `open`."""
    keys: tuple[KeyRow, ...]
    entries: tuple[ChangeLine, ...] | None


def evidence_page(evidence: ReviewEvidence) -> str:
    """Return the page. It needs no other file, and has no scripts."""
    sections = [_section(each) for each in evidence.offices]
    totals = {name: sum(each.counts[name] for each in sections) for name in _counts(())}
    return render(
        "evidence.html",
        evidence=evidence,
        sections=sections,
        totals=totals,
        shares=decision_shares(totals),
        chart_width=CHART_WIDTH,
        program=evidence.program,
    )


def decision_shares(counts: dict[str, int]) -> tuple[Share, ...]:
    """Lay out the decisions as parts of one bar, in the order of the counts; those that are 0 are left out."""
    total, start = sum(counts.values()), 0
    shares = []
    for (label, count), color in zip(counts.items(), _COLORS, strict=True):
        if count:
            before, start = start, start + count
            x = round(before * CHART_WIDTH / total)
            shares.append(Share(label, count, x, round(start * CHART_WIDTH / total) - x, color))
    return tuple(shares)


def _section(evidence: OfficeEvidence) -> OfficeSection:
    keys = tuple(_key_rows(evidence))
    entries = tuple(map(entry_line, evidence.entries)) if evidence.entries is not None else None
    return OfficeSection(evidence, _counts(keys), keys, entries)


def _counts(keys: tuple[KeyRow, ...]) -> dict[str, int]:
    kinds = [each.item.decision.choice.kind if each.item.decision is not None else None for each in keys]
    names = {DecisionKind.KEEP: "kept", DecisionKind.DISABLE: "disabled", DecisionKind.ASK: "to ask", None: "open"}
    return {name: kinds.count(kind) for kind, name in names.items()}


def _key_rows(evidence: OfficeEvidence) -> Iterator[KeyRow]:
    for item in evidence.progress.review.items:
        yield KeyRow(item, _status_now(evidence, item.snapshot), is_new=False)
    for snapshot in evidence.progress.added:
        yield KeyRow(ReviewItem(snapshot), snapshot.status.label, is_new=True)


def _status_now(evidence: OfficeEvidence, key: KeySnapshot) -> str:
    status = evidence.progress.statuses.get(key.fingerprint)
    if status is not None:
        return status.label
    return "no longer listed" if key.fingerprint in evidence.progress.removed else "not known"
