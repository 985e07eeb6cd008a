"""The evidence of a review as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.model.evidence import OfficeEvidence, ReviewEvidence
from core.model.monthly_report import ChangeLine
from core.reports.decisions import STATES, KeyOutcome, count_states, key_outcomes
from core.reports.evidence_reader import entry_line
from core.reports.rendering import render

CHART_WIDTH = 600
"""The width of the chart's view box."""
_COLORS = ("#2f5d8a", "#8a2f2f", "#b58a2f", "#666666", "#cccccc")


@dataclass(frozen=True)
class Share:
    """A part of the chart of decisions."""

    label: str
    count: int
    x: int
    width: int
    color: str


@dataclass(frozen=True)
class OfficeSection:
    """The part of the page about an office."""

    evidence: OfficeEvidence
    counts: Mapping[str, int]
    """The numbers of keys by what became of them."""
    keys: tuple[KeyOutcome, ...]
    entries: tuple[ChangeLine, ...] | None


def evidence_page(evidence: ReviewEvidence) -> str:
    """Return the page. It needs no other file, and has no scripts."""
    sections = [_section(each) for each in evidence.offices]
    totals = count_states(key for section in sections for key in section.keys)
    return render(
        "evidence.html",
        evidence=evidence,
        sections=sections,
        states=STATES,
        shares=decision_shares(totals),
        chart_width=CHART_WIDTH,
        program=evidence.program,
    )


def decision_shares(counts: Mapping[str, int]) -> tuple[Share, ...]:
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
    keys = key_outcomes(evidence)
    entries = tuple(map(entry_line, evidence.entries)) if evidence.entries is not None else None
    return OfficeSection(evidence, count_states(keys), keys, entries)
