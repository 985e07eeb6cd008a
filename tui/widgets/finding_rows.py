"""Findings that need a decision, as rows of a list and as the lines of their details."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from core.model.age import format_duration
from core.model.key_note import NO_NOTE
from core.model.review import Finding, ReviewRule
from core.review.severity import Severity, severity
from tui.bindings import key as key_named
from tui.key_names import display
from tui.widgets.details_panel import labeled
from tui.widgets.key_status import short_key, status_mark, status_tone
from tui.widgets.note_lines import LABEL_WIDTH, agreement_line, note_lines
from tui.widgets.rows import Column, Row
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.review_page import FoundPage

COLUMNS = (
    Column("Level", 6, min_width=6),
    Column("Developer", 14, min_width=10, max_width=24),
    Column("Key", 5, min_width=5, tone="dim"),
    Column("Reason", 15, min_width=15, until_width=96),
    Column("Reason", 34, min_width=15, max_width=70, from_width=96),
    Column("Owner", 12, min_width=8, max_width=18, from_width=70),
    Column("Age", 6, min_width=6, right=True, from_width=54),
)
_SEVERITY, _OWNER = 0, 5
_PRACTICE = "(practice)"
_NONE = "—"
_MARKS: Mapping[Severity, tuple[str, str, Tone]] = {
    Severity.HIGH: ("✕", "high", "alert"),
    Severity.MEDIUM: ("!", "med", "warning"),
    Severity.LOW: ("·", "low", "normal"),
}
_SHORT: Mapping[ReviewRule, str] = {
    ReviewRule.NO_AGREEMENT: "no BAA date",
    ReviewRule.NO_OWNER: "no owner",
    ReviewRule.UNCHANGED: "no change seen",
    ReviewRule.RISKY_PERMISSIONS: "no purpose",
    ReviewRule.PLAIN_HTTP: "sends over http",
    ReviewRule.ORPHANED_SUBSCRIPTION: "sends, key off",
    ReviewRule.ENDED_SUBSCRIPTION: "ended, kept",
    ReviewRule.CHANGED_AFTER_DISABLED: "used while off",
    ReviewRule.SOME_OFFICES: "in some offices",
    ReviewRule.NOT_AT_HEADQUARTERS: "differs in list",
    ReviewRule.UNVERIFIED: "not verified",
    ReviewRule.UNSEALED: "not sealed",
    ReviewRule.OVERDUE: "review overdue",
}
"""The rules in what fits into a list of 80 columns."""
_KEYS_HERE: Mapping[ReviewRule, tuple[str, ...]] = {
    ReviewRule.NO_AGREEMENT: ("notes", "disable-here"),
    ReviewRule.NO_OWNER: ("notes",),
    ReviewRule.UNCHANGED: ("disable-here", "why"),
    ReviewRule.RISKY_PERMISSIONS: ("notes", "edit-key"),
    ReviewRule.PLAIN_HTTP: ("place-subscriptions",),
    ReviewRule.ORPHANED_SUBSCRIPTION: ("place-subscriptions",),
    ReviewRule.ENDED_SUBSCRIPTION: ("place-subscriptions",),
    ReviewRule.CHANGED_AFTER_DISABLED: ("edit-key", "place-audit-trail"),
    ReviewRule.SOME_OFFICES: ("place-offices",),
    ReviewRule.NOT_AT_HEADQUARTERS: ("edit-key", "place-audit-trail"),
    ReviewRule.UNVERIFIED: ("place-audit-trail",),
    ReviewRule.UNSEALED: ("place-audit-trail",),
    ReviewRule.OVERDUE: ("notes", "edit-key"),
}
"""The keys that do what a finding needs, or go to where it can be done."""
_THEN: Mapping[ReviewRule, str] = {ReviewRule.UNVERIFIED: "verify", ReviewRule.UNSEALED: "seal"}
"""The key to press at the place that a finding leads to."""
_WORDS: Mapping[str, str] = {
    "notes": "edit the notes",
    "disable-here": "disable the key",
    "why": "see why calls fail",
    "edit-key": "open the key",
    "start-review": "start a review",
    "open-review": "continue the review",
}


def finding_row(finding: Finding, number: int, page: FoundPage) -> Row:
    """Return the row of a finding.

    Args:
        finding: The finding.
        number: Its place among all findings, which tells it from another one of the same key and rule.
        page: What was read.
    """
    mark, word, tone = _MARKS[severity(finding.rule)]
    key = page.keys.get(finding.fingerprint)
    note = page.notes.get(finding.fingerprint)
    since = _since(finding, key, page)
    cells = (
        f"{mark} {word}" if finding.is_due else "– later",
        key.developer if key is not None else _PRACTICE,
        short_key(key) if key is not None else "",
        _SHORT[finding.rule],
        finding.reason,
        (note.owner if note is not None and note.owner else "none") if key is not None else "",
        format_duration(max(page.findings.at - since, since - since)).replace("less than 1 min", "now")
        if since is not None
        else _NONE,
    )
    identity = (finding.fingerprint, finding.rule, number)
    if not finding.is_due:
        return Row(cells, identity, tone="dim")
    tones: dict[int, Tone] = {_SEVERITY: tone}
    if cells[_OWNER] == "none":
        tones[_OWNER] = "warning"
    return Row(cells, identity, tones=tones)


def finding_title(finding: Finding, page: FoundPage) -> str:
    """Return the title of a finding's details."""
    key = page.keys.get(finding.fingerprint)
    return key.developer or short_key(key) if key is not None else "Practice"


def finding_lines(finding: Finding, page: FoundPage, keys: frozenset[str]) -> list[Line]:
    """Return the lines that say what a finding means and what to do.

    Args:
        finding: The finding.
        page: What was read.
        keys: The ids of the keys that work here; others aren't named.
    """
    mark, _, tone = _MARKS[severity(finding.rule)]
    lines = [safe_line((mark, tone), (f" {finding.rule.title}", "strong"), indent=2)]
    if finding.accepted_until is not None:
        lines.append(safe_line((f"Accepted by a review until {finding.accepted_until.isoformat()}.", "normal")))
    lines += [safe_line((finding.reason, "normal")), _BLANK, *_what_to_do(finding, page, keys)]
    key = page.keys.get(finding.fingerprint)
    if key is not None:
        lines += [_BLANK, *_key_lines(finding, key, page)]
    return [*lines, _BLANK, labeled("Level", severity(finding.rule).value, LABEL_WIDTH, tone)]


_BLANK = safe_line(("", "normal"))


def _what_to_do(finding: Finding, page: FoundPage, keys: frozenset[str]) -> list[Line]:
    # On a screen, the key below says it instead of a command.
    advice = finding.advice.partition(": apisetup ")[0].rstrip(".")
    ids = _KEYS_HERE[finding.rule]
    if finding.rule is ReviewRule.OVERDUE and not finding.fingerprint:
        ids = ("open-review",) if page.running is not None else ("start-review",)
    lines = [safe_line((f"{advice}.", "normal"))]
    for id_ in ids:
        if id_ not in keys or (id_ == "disable-here" and not _may_be_disabled(finding, page)):
            continue
        each = key_named(id_)
        then = _THEN.get(finding.rule, "") if id_.startswith("place-") else ""
        word = _WORDS.get(id_) or f"go to {each.label}"
        word += f", then {display(key_named(then))}" if then else ""
        lines.append(safe_line((f"{display(each)}", "code"), (f"  {word}", "normal"), indent=len(display(each)) + 2))
    return lines


def _may_be_disabled(finding: Finding, page: FoundPage) -> bool:
    key = page.keys.get(finding.fingerprint)
    return key is not None and not key.status.disabled and not key.gone


def _key_lines(finding: Finding, key: ApiKey, page: FoundPage) -> list[Line]:
    status = "Gone from the list" if key.gone else key.status.label
    others = [each for each in page.findings.of_key(key.fingerprint) if each != finding]
    also = ", ".join(_SHORT[each.rule] for each in others)
    notes = page.notes.get(key.fingerprint)
    if notes is None and not any("the notes on keys" in each for each in page.findings.unknown):
        notes = NO_NOTE
    return [
        labeled("Key", key.masked, LABEL_WIDTH),
        safe_line(
            (f"{'Status':<{LABEL_WIDTH}}", "dim"),
            (status_mark(key), status_tone(key)),
            (f" {status}", "normal"),
            indent=LABEL_WIDTH,
        ),
        *note_lines(notes, LABEL_WIDTH, page.findings.at.date()),
        agreement_line(key, LABEL_WIDTH),
        *([labeled("Also", also, LABEL_WIDTH)] if also else []),
    ]


def _since(finding: Finding, key: ApiKey | None, page: FoundPage) -> datetime | None:
    """Return since when something needs a decision, as far as that is known."""
    if finding.rule is ReviewRule.UNVERIFIED:
        return page.verified_at
    if finding.rule is ReviewRule.OVERDUE and key is None:
        return page.last.ended_at if page.last is not None else None
    if key is None:
        return None
    if finding.rule is ReviewRule.UNCHANGED:
        return page.last_changes.get(key.developer, key.added)
    if finding.rule is ReviewRule.OVERDUE:
        note = page.notes.get(key.fingerprint)
        day = note.review_date if note is not None else None
        return datetime(day.year, day.month, day.day) if day is not None else None
    if finding.rule in (ReviewRule.CHANGED_AFTER_DISABLED, ReviewRule.ORPHANED_SUBSCRIPTION):
        return key.date_disabled
    if finding.rule is ReviewRule.ENDED_SUBSCRIPTION:
        return None
    return key.added
