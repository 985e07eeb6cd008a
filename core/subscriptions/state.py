"""The state of a subscription, from its row, the heartbeats of the computers, and its key.

Nothing records that a subscription fails. What shows it is `DateTimeStart`: it moves at each run that delivered all
changes, or had none to deliver, and stays when the address didn't take them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.model.age import format_ago, format_duration
from core.model.api_key import ApiKey
from core.model.subscription import SubscriptionState
from core.opendental.subscriptions import HEARTBEAT_MAX_AGE, KEPT_CHANGES, is_time, latest_regular_run, watches_all
from core.subscriptions.addresses import has_host, unprotected_host
from core.subscriptions.rows import FhirRow, SubscriptionRow

_IN_CLEAR = "Complete rows of patient data and the customer key travel unencrypted to {host} (http, not https)."


@dataclass(frozen=True)
class SubscriptionContext:
    """Everything besides its own row that the state of a subscription depends on."""

    now: datetime
    """The time of the practice's server."""
    heartbeats: Mapping[str, datetime] | None
    """The time at which Open Dental last ran on each computer, by its name in lower case; None if that isn't known."""
    rows: Collection[SubscriptionRow] = ()
    """All subscriptions."""
    all_keys_known: bool = True
    """False if the list of API keys isn't the authority's, so that it may lack some."""

    def is_running(self, computer: str) -> bool:
        """Return True if Open Dental runs on a computer."""
        seen = (self.heartbeats or {}).get(computer.strip().casefold())
        return seen is not None and self.now - seen <= HEARTBEAT_MAX_AGE

    @property
    def running(self) -> int:
        """The number of computers on which Open Dental runs."""
        return sum(self.is_running(name) for name in self.heartbeats or ())


def state_of(row: SubscriptionRow, around: SubscriptionContext) -> tuple[SubscriptionState, tuple[str, ...]]:
    """Return the state of a subscription, and sentences that explain it."""
    if is_time(row.stop) and row.stop <= around.now:
        return SubscriptionState.ENDED, ()
    ends = (f"It ends by itself on {row.stop:%Y-%m-%d %H:%M}.",) if is_time(row.stop) else ()
    if row.ui_event_type and not row.watch_table:
        return SubscriptionState.NO_SIGN, (*ends, "Nothing records when this event was sent last.")
    if row.start > around.now:
        return SubscriptionState.NOT_STARTED, (*ends, f"It starts on {row.start:%Y-%m-%d %H:%M}.")
    lag = around.now - row.start
    if lag <= latest_regular_run(row.polling_seconds):
        return SubscriptionState.WORKING, ends
    last = (
        f"All changes were last delivered {format_ago(lag)}."
        if is_time(row.start)
        else "It has never delivered changes."
    )
    return SubscriptionState.LATE, (last, *_why_late(row, around), *_lost(row, around), *ends)


def alerts_of(row: SubscriptionRow, key: ApiKey | None, around: SubscriptionContext, *, ended: bool) -> tuple[str, ...]:
    """Return sentences about what is wrong with a subscription whatever its state.

    Args:
        row: The subscription.
        key: Its key; None if this practice has none that matches.
        around: The other subscriptions and the computers.
        ended: True if it sends nothing any more.
    """
    if ended:
        return ()
    host = unprotected_host(row.address, row.workstation)
    found = [_IN_CLEAR.format(host=host)] if host else []
    if not has_host(row.address):
        found.append("Its address isn't a complete URL, so nothing can be sent to it.")
    return (*found, *_orphaned(key, around), *_sent_twice(row, around))


def fhir_alerts(row: FhirRow, now: datetime) -> tuple[str, ...]:
    """Return sentences about what is wrong with a FHIR subscription."""
    host = unprotected_host(row.address, "")
    ended = is_time(row.end) and row.end <= now
    return (f"What it sends travels unencrypted to {host} (http, not https).",) if host and not ended else ()


def _why_late(row: SubscriptionRow, around: SubscriptionContext) -> tuple[str, ...]:
    if around.heartbeats is None:
        return ("Why is unknown: no computer's heartbeat can be read.",)
    name = row.workstation.strip()
    if watches_all(name):
        return _why_all_late(around)
    seen = around.heartbeats.get(name.casefold())
    if seen is None:
        return (
            f"Probably the name is wrong: no computer named {name} ever ran Open Dental here. A computer with only the"
            " API service has no entry, either.",
        )
    if around.is_running(name):
        return (f"Probably its address doesn't accept the changes: Open Dental runs on {name}.",)
    ago = f"was last open {format_ago(around.now - seen)}" if is_time(seen) else "was never open"
    return (f"Probably nobody works at {name}: Open Dental {ago} there, and no API service runs there, either.",)


def _why_all_late(around: SubscriptionContext) -> tuple[str, ...]:
    if not around.running:
        return ("Probably the office is closed: Open Dental isn't open on any computer.",)
    computers = "1 computer" if around.running == 1 else f"{around.running} computers"
    return (f"Probably its address doesn't accept the changes: Open Dental runs on {computers}.",)


def _lost(row: SubscriptionRow, around: SubscriptionContext) -> tuple[str, ...]:
    if not is_time(row.start) or around.now - row.start <= KEPT_CHANGES:
        return ()
    kept = format_duration(KEPT_CHANGES)
    return (f"Changes before {around.now - KEPT_CHANGES:%Y-%m-%d %H:%M} are lost to its developer ({kept} are kept).",)


def _orphaned(key: ApiKey | None, around: SubscriptionContext) -> tuple[str, ...]:
    if key is None and not around.all_keys_known:
        return ()
    if key is None:
        return ("Orphaned: no API key of this practice matches its customer key.",)
    if key.gone:
        return ("Orphaned: its API key is gone from the list.",)
    if key.status.disabled:
        return (f"Its API key is {key.status.label}. It isn't known whether it sends all the same; end it to be sure.",)
    return ()


def _sent_twice(row: SubscriptionRow, around: SubscriptionContext) -> tuple[str, ...]:
    others = [
        each.number
        for each in around.rows
        if each.number != row.number
        and not (is_time(each.stop) and each.stop <= around.now)
        and (each.customer_key, each.address.rstrip("/"), each.watch_table, each.ui_event_type)
        == (row.customer_key, row.address.rstrip("/"), row.watch_table, row.ui_event_type)
        and (watches_all(each.workstation) or watches_all(row.workstation) or _same_computer(each, row))
    ]
    found = []
    if others:
        names = ", ".join(map(str, others))
        these = f"subscriptions {names} do" if others[1:] else f"subscription {names} does"
        found.append(f"Sent more than once: {these} the same.")
    if watches_all(row.workstation) and around.running > 1:
        found.append(f"Sent more than once: {around.running} computers run Open Dental, and each one sends it.")
    return tuple(found)


def _same_computer(one: SubscriptionRow, other: SubscriptionRow) -> bool:
    return one.workstation.strip().casefold() == other.workstation.strip().casefold()
