"""The keys of a review as rows of a list, and as the lines of their details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from core.model.key_note import NO_NOTE
from core.model.review import DecisionKind, KeySnapshot, ReviewItem
from tui.widgets.details_panel import labeled
from tui.widgets.key_status import status_name
from tui.widgets.note_lines import LABEL_WIDTH, note_lines
from tui.widgets.rows import Column, Row
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from core.model.review import Decision, ReviewProgress
    from core.model.review_page import ReviewPage
    from core.opendental.key_status import KeyStatus

COLUMNS = (
    Column("Decision", 10, min_width=10),
    Column("Developer", 15, min_width=10, max_width=24),
    Column("Key", 5, min_width=5, tone="dim"),
    Column("Until", 10, min_width=10),
    Column("Status", 13, min_width=13, from_width=70),
    Column("Found", 5, min_width=5, right=True, from_width=54),
    Column("By", 8, min_width=6, max_width=14, from_width=84),
    Column("Note", 24, min_width=10, max_width=60, from_width=100),
)
_DECISION, _STATUS, _FOUND = 0, 4, 5
_NONE = "—"
_WORDS: Mapping[DecisionKind, tuple[str, str, Tone]] = {
    DecisionKind.KEEP: ("●", "keep", "good"),
    DecisionKind.DISABLE: ("○", "disabled", "normal"),
    DecisionKind.ASK: ("?", "asked", "warning"),
}
_BLANK = safe_line(("", "normal"))


def listed_items(progress: ReviewProgress) -> tuple[ReviewItem, ...]:
    """Return the keys of a review, and those that were added since it started."""
    return (*progress.review.items, *map(ReviewItem, progress.added))


def item_row(item: ReviewItem, page: ReviewPage) -> Row:
    """Return the row of a key in a review."""
    snapshot, decision = item.snapshot, item.decision
    text, tone = _state(item, page.progress)
    status = _present_status(snapshot, page)
    status_text, tone_of_status = _status(status)
    until = decision.choice.until if decision is not None else None
    cells = (
        text,
        snapshot.developer,
        _short_key(snapshot),
        until.isoformat() if until is not None else _NONE,
        status_text,
        str(len(snapshot.findings)) if snapshot.findings else _NONE,
        decision.user if decision is not None else "",
        decision.choice.note if decision is not None else "",
    )
    tones: dict[int, Tone] = {_DECISION: tone, _STATUS: tone_of_status}
    if snapshot.findings and decision is None:
        tones[_FOUND] = "warning"
    mark = "+" if item in map(ReviewItem, page.progress.added) else ""
    return Row(cells, snapshot.fingerprint, tones=tones, mark=mark)


def item_lines(item: ReviewItem, page: ReviewPage) -> list[Line]:
    """Return the lines about a key in a review: the decision, what was found, and what was known and is known now."""
    snapshot = item.snapshot
    text, tone = _state(item, page.progress)
    lines = [safe_line((text[:1], tone), (f" {_sentence(item, page.progress)}", "strong"), indent=2)]
    lines += _decision_lines(item.decision) if item.decision is not None else []
    if is_enabled_again(item, page.progress):
        lines.append(safe_line(("It was enabled again since.", "warning")))
    if snapshot in page.progress.added:
        lines.append(safe_line(("Added since the review started.", "warning")))
    for finding in snapshot.findings:
        lines += [_BLANK, safe_line(("! ", "warning"), (finding.reason, "normal"), indent=2)]
    permissions = (", ".join(snapshot.permissions) or "none") if snapshot.known else "unknown"
    return [
        *lines,
        _BLANK,
        labeled("Key", snapshot.masked, LABEL_WIDTH),
        *_status_lines(snapshot, page),
        *note_lines(page.notes.get(snapshot.fingerprint, NO_NOTE), LABEL_WIDTH, page.now.date()),
        _agreement(snapshot, page),
        *([labeled("Formerly", "; ".join(snapshot.former_names), LABEL_WIDTH)] if snapshot.former_names else []),
        *([labeled("Change", f"{snapshot.last_change:%Y-%m-%d}", LABEL_WIDTH)] if snapshot.last_change else []),
        *([labeled("Added", f"{snapshot.added:%Y-%m-%d}", LABEL_WIDTH)] if snapshot.added else []),
        labeled("May", permissions, LABEL_WIDTH),
    ]


def is_open(item: ReviewItem, progress: ReviewProgress) -> bool:
    """Return True if a key needs a decision before the review can end, or was left open when it ended."""
    return item.decision is None and item.snapshot in progress.open


def is_enabled_again(item: ReviewItem, progress: ReviewProgress) -> bool:
    """Return True if a key that was disabled as the decision is enabled now."""
    disabled = item.decision is not None and item.decision.choice.kind is DecisionKind.DISABLE
    status = progress.statuses.get(item.fingerprint)
    return disabled and status is not None and status.enabled


def _state(item: ReviewItem, progress: ReviewProgress) -> tuple[str, Tone]:
    """Return the mark and the word of what is decided about a key, and their tone."""
    if item.decision is not None:
        if is_enabled_again(item, progress):
            return "! on again", "warning"
        mark, word, tone = _WORDS[item.decision.choice.kind]
        return f"{mark} {word}", tone
    if is_open(item, progress):
        return "… open", "strong"
    if item.fingerprint in progress.removed:
        return "– gone", "dim"
    # A key that needed none may be enabled again after the review ended.
    return "– off" if progress.review.is_under_way else "– none", "dim"


def _sentence(item: ReviewItem, progress: ReviewProgress) -> str:
    if item.decision is not None:
        label = item.decision.choice.label
        return f"{label[0].upper()}{label[1:]}"
    under_way = progress.review.is_under_way
    if is_open(item, progress):
        return "To decide" if under_way else "Left open"
    if item.fingerprint in progress.removed:
        return "No longer in the list"
    return "Disabled, needs no decision" if under_way else "Needed no decision"


def _decision_lines(decision: Decision) -> Iterator[Line]:
    yield safe_line((f"by {decision.user}, {decision.at:%Y-%m-%d %H:%M}", "dim"))
    if decision.choice.note:
        yield safe_line((decision.choice.note, "normal"))
    if decision.result:
        yield safe_line((decision.result, "normal"))


def _present_status(snapshot: KeySnapshot, page: ReviewPage) -> KeyStatus | None:
    """Return the status of a key now, or None if it is gone."""
    progress = page.progress
    if snapshot.fingerprint in progress.removed:
        return None
    return progress.statuses.get(snapshot.fingerprint, snapshot.status)


def _status(status: KeyStatus | None) -> tuple[str, Tone]:
    if status is None:
        return "– gone", "warning"
    mark, word, tone = status_name(status)
    return f"{mark} {word}", tone


def _status_lines(snapshot: KeySnapshot, page: ReviewPage) -> Iterator[Line]:
    now = _present_status(snapshot, page)
    mark, _, tone = status_name(snapshot.status if now is None else now)
    text = "gone from the list" if now is None else now.label
    yield safe_line((f"{'Status':<{LABEL_WIDTH}}", "dim"), (mark, tone), (f" {text}", "normal"), indent=LABEL_WIDTH)
    if now is not snapshot.status:
        yield labeled("At start", snapshot.status.label, LABEL_WIDTH)


def _agreement(snapshot: KeySnapshot, page: ReviewPage) -> Line:
    key = page.keys.get(snapshot.fingerprint)
    is_known = key is not None and key.known
    if not is_known and not snapshot.known:
        return labeled("BAA", "unknown", LABEL_WIDTH)
    since = key.fields.agreement_since if key is not None and is_known else snapshot.agreement_since
    return labeled("BAA", since.isoformat() if since else "none", LABEL_WIDTH, "normal" if since else "warning")


def _short_key(snapshot: KeySnapshot) -> str:
    ending = snapshot.masked.partition(" #")[0].lstrip("*")
    return f"…{ending}" if ending else "…"
