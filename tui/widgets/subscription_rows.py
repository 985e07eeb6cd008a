"""Subscriptions as rows of a list, and as the lines of their details."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from core.model.age import format_ago
from core.model.subscription import ApiSubscription, FhirSubscription, SubscriptionState
from tui.widgets.details_panel import labeled
from tui.widgets.rows import Column, Row
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from core.model.subscription import SubscriptionPage

COLUMNS = (
    Column("Developer", 16, min_width=10, max_width=30),
    Column("Watches", 12, min_width=8, max_width=26),
    Column("State", 13, min_width=13),
    Column("Last run", 10, min_width=10, from_width=60),
    Column("Sent by", 16, min_width=10, max_width=24, from_width=80),
    Column("Sent to", 30, min_width=16, max_width=60, from_width=104),
)
_STATE = 2
_LABEL_WIDTH = 11
_MARKS: Mapping[SubscriptionState, tuple[str, str, Tone]] = {
    SubscriptionState.WORKING: ("●", "working", "good"),
    SubscriptionState.LATE: ("◐", "late", "warning"),
    SubscriptionState.NOT_STARTED: ("…", "not started", "normal"),
    SubscriptionState.NO_SIGN: ("?", "no sign", "dim"),
    SubscriptionState.ENDED: ("○", "ended", "dim"),
}
_FHIR_MARKS: Mapping[str, tuple[str, Tone]] = {
    "Active": ("●", "good"),
    "Requested": ("…", "normal"),
    "Error": ("✕", "alert"),
    "Off": ("○", "dim"),
    "Ended": ("○", "dim"),
}
_READ_ONLY = "FHIR subscriptions are read-only here. Only their developers can change or end them, over FHIR."
_NO_KEY = "Not known: the database holds only a hash of its key."


def rows_of(page: SubscriptionPage) -> list[Row]:
    """Return a row for each subscription, those of FHIR last."""
    return [*(_row(each, page.now) for each in page.subscriptions), *map(_fhir_row, page.fhir)]


def details_lines(subscription: ApiSubscription | FhirSubscription, now: datetime | None) -> list[Line]:
    """Return the lines that describe a subscription, the most important first."""
    if isinstance(subscription, FhirSubscription):
        return _fhir_lines(subscription)
    mark, word, tone = _MARKS[subscription.state]
    every = f", every {_seconds(subscription.polling_seconds)}" if subscription.polling_seconds else ""
    lines = [safe_line((mark, tone), (f" {word.capitalize()}", "strong"), indent=2)]
    lines += [safe_line((f"! {each}", "alert"), indent=2) for each in subscription.alerts]
    lines += [safe_line((each, "normal")) for each in subscription.reasons]
    lines += [
        safe_line(("", "normal")),
        _labeled("Developer", subscription.developer or "not known"),
        _labeled("Key", subscription.key.masked),
        _labeled("Watches", f"{subscription.watches}{every}"),
        _labeled("Sent by", subscription.where),
        _labeled("Sent to", subscription.address or "nowhere"),
        *([_labeled("Last run", _time(subscription.last_run, now))] if subscription.polling_seconds else []),
        _labeled("Stop", _time(subscription.stop, None) if subscription.stop else "none"),
        *([_labeled("Note", subscription.note)] if subscription.note else []),
        _labeled("Number", str(subscription.number)),
    ]
    return lines


def title_of(subscription: ApiSubscription | FhirSubscription) -> str:
    """Return the title of a subscription's details."""
    if isinstance(subscription, FhirSubscription):
        return f"FHIR {subscription.number}"
    return subscription.developer or f"Subscription {subscription.number}"


def _row(each: ApiSubscription, now: datetime | None) -> Row:
    mark, word, tone = _MARKS[each.state]
    run = format_ago(now - each.last_run) if now and each.last_run and each.last_run <= now else "–"
    if each.state is SubscriptionState.NO_SIGN:
        run = "–"
    cells = (each.developer or "(no such key)", each.watches, f"{mark} {word}", run, each.where, each.address)
    return Row(cells, f"api {each.number}", tones={_STATE: tone}, mark="!" if each.alerts else "")


def _fhir_row(each: FhirSubscription) -> Row:
    mark, tone = _FHIR_MARKS.get(each.status, ("?", "warning"))
    cells = ("FHIR", each.criteria, f"{mark} {each.status.lower()}", "–", "eConnector", each.address)
    is_alert = bool(each.alerts or each.error_note)
    return Row(cells, f"fhir {each.number}", tones={_STATE: tone}, mark="!" if is_alert else "")


def _fhir_lines(each: FhirSubscription) -> list[Line]:
    mark, tone = _FHIR_MARKS.get(each.status, ("?", "warning"))
    lines = [safe_line((mark, tone), (f" {each.status}", "strong"), indent=2)]
    lines += [safe_line((f"! {text}", "alert"), indent=2) for text in filter(None, (each.error_note, *each.alerts))]
    return [
        *lines,
        safe_line((_READ_ONLY, "normal")),
        safe_line(("", "normal")),
        _labeled("Developer", _NO_KEY),
        _labeled("Criteria", each.criteria or "none"),
        *([_labeled("Reason", each.reason)] if each.reason else []),
        _labeled("Channel", each.channel),
        _labeled("Sent to", each.address or "nowhere"),
        _labeled("Deleted", f"{each.end:%Y-%m-%d %H:%M}" if each.end else "never by itself"),
        *(_labeled("Contact", contact) for contact in each.contacts),
        _labeled("Number", str(each.number)),
    ]


def _labeled(label: str, text: str) -> Line:
    return labeled(label, text, _LABEL_WIDTH)


def _time(moment: datetime | None, now: datetime | None) -> str:
    if moment is None:
        return "never"
    ago = f" ({format_ago(now - moment)})" if now is not None and moment <= now else ""
    return f"{moment:%Y-%m-%d %H:%M:%S}{ago}"


def _seconds(seconds: int) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
