"""The causes on the three ways in: the eConnector, the API service, and workstations; and late events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from core.diagnosis import cause_ids as ids
from core.diagnosis.econnector import EConnector, EConnectorState, ServiceSignal
from core.diagnosis.facts import Facts, NotRead, PracticeFacts, Workstation
from core.diagnosis.symptoms import Interpretation, Way
from core.model.age import format_ago, format_duration
from core.model.diagnosis import Cause, Certainty, Symptom
from core.model.subscription import ApiSubscription, SubscriptionState
from core.opendental.log_hash import NO_DATE
from core.opendental.subscriptions import HEARTBEAT_MAX_AGE

FIRST_SERVICE = (22, 2)
"""The version that brought the API service."""
_NAMED = 3
"""The number of late subscriptions that a sentence names."""


def service_causes(facts: Facts, seen: Interpretation, symptom: Symptom) -> Iterator[Cause]:
    """Yield the causes on the ways into the practice.

    Args:
        facts: What was read.
        seen: What the developer saw.
        symptom: The same, as it was given.
    """
    practice = facts.practice
    if not isinstance(practice.econnector, NotRead):
        yield from _econnector(practice, practice.econnector, seen)
    yield from _api_service(practice, seen)
    yield from _probe(facts)
    yield from _workstation(practice, seen, symptom.workstation)
    if not isinstance(practice.subscriptions, NotRead):
        yield from _subscriptions(practice.subscriptions, practice.now)
        if seen.events_missing:
            yield from _no_subscription(practice.subscriptions, "This key" if facts.key is not None else "The practice")


def _econnector(practice: PracticeFacts, econnector: EConnector, seen: Interpretation) -> Iterator[Cause]:
    """Yield what is wrong with the eConnector (rows 11 and 12).

    An office whose developers call another way needs none.
    """
    deliberate = econnector.state in (EConnectorState.NEVER_INSTALLED, EConnectorState.MONITORING_STOPPED)
    if deliberate and seen.way in (Way.LOCAL, Way.SERVICE):
        return
    if econnector.state is EConnectorState.ERRORS:
        yield _unacknowledged(econnector)
        return
    if econnector.state is EConnectorState.WORKING:
        return
    server, fails = practice.server_name, 'Remote calls fail with "eConnector is not running".'
    if econnector.state is EConnectorState.NEVER_INSTALLED:
        yield Cause(
            ids.ECONNECTOR,
            Certainty.CERTAIN,
            f"No eConnector was ever installed at this office. {fails}",
            "Install an eConnector, unless developers call only the local API or the API service.",
        )
        return
    age = practice.now - econnector.last_sign if econnector.last_sign else None
    yield Cause(
        ids.ECONNECTOR,
        Certainty.CERTAIN,
        f"{_silence(econnector, server, age)} {fails}",
        f"Start the eConnector service on {server}. It reports within five minutes.",
        since=econnector.last_sign,
        headline=_headline(econnector, age),
    )


def _silence(econnector: EConnector, server: str, age: timedelta | None) -> str:
    if econnector.state is EConnectorState.MONITORING_STOPPED:
        when = f" {format_ago(age)}" if age is not None else ""
        return f"Monitoring of the eConnector on {server} was stopped by hand{when}, so it isn't expected to run."
    if econnector.is_critical:
        when = f" {format_ago(age)}" if age is not None else ""
        return f"The eConnector on {server} reported a critical error{when}, and counts as down."
    if age is None:
        return f"The eConnector on {server} has given no sign of life with a valid time."
    return f"The eConnector on {server} gave its last sign of life {format_ago(age)}."


def _headline(econnector: EConnector, age: timedelta | None) -> str:
    # Stopping the monitoring is deliberate, so a screen about something else doesn't insist on it.
    if econnector.state is EConnectorState.MONITORING_STOPPED:
        return ""
    if econnector.is_critical:
        return "eConnector: critical error"
    return (
        f"eConnector: no sign of life for {format_duration(age)}" if age is not None else "eConnector: no sign of life"
    )


def _unacknowledged(econnector: EConnector) -> Cause:
    quoted = "; ".join(f"{_moment(each)}{each.description or '(no text)'}" for each in econnector.errors)
    others = econnector.error_count - len(econnector.errors)
    rest = f" (and {others} more)" if others > 0 else ""
    what = "an error" if econnector.error_count == 1 else "errors"
    return Cause(
        ids.ECONNECTOR_ERRORS,
        Certainty.CERTAIN,
        f"The eConnector runs, but reported {what} that nobody has acknowledged: {quoted}{rest}.",
        "Do what the text says, then acknowledge it in Open Dental's eServices Setup.",
        since=min((each.moment for each in econnector.errors if each.moment != NO_DATE), default=None),
        headline=f"eConnector: {econnector.error_count} unacknowledged {what.removeprefix('an ')}",
    )


def _moment(error: ServiceSignal) -> str:
    return "" if error.moment == NO_DATE else f"{error.moment:%Y-%m-%d %H:%M} "


def _api_service(practice: PracticeFacts, seen: Interpretation) -> Iterator[Cause]:
    """Yield why there may be no API service (row 14). It's certain only for a developer who calls it."""
    certainty = Certainty.CERTAIN if seen.way is Way.SERVICE else Certainty.PROBABLE
    numbers = practice.numbers
    if numbers and numbers < FIRST_SERVICE:
        if seen.way is Way.SERVICE:
            yield Cause(
                ids.SERVICE_MISSING,
                certainty,
                f"Open Dental {practice.version} has no API service; it came in 22.2.",
                "Update Open Dental, or have the developer call the remote API or the local one.",
            )
        return
    if seen.way not in (None, Way.SERVICE) or not numbers or installs_service_always(numbers):
        return
    if practice.program is not None and not practice.program.enabled:
        return
    switch, update = practice.logged_switch, practice.last_update
    if switch is None or not switch.on or update is None or isinstance(update, NotRead):
        return
    if update.moment == NO_DATE or switch.moment <= update.moment:
        return
    yield Cause(
        ids.SERVICE_MISSING,
        certainty,
        f"The API service wasn't installed at the last update ({update.moment:%Y-%m-%d}), because the API was off then:"
        f" it was switched on at {switch.moment:%Y-%m-%d %H:%M}. It may have been installed by hand since.",
        f"If a developer calls port 30223: install the service with Service Manager on {practice.server_name}, or"
        " update Open Dental.",
        since=update.moment,
    )


def installs_service_always(numbers: tuple[int, ...]) -> bool:
    """Return True for a version that installs the API service at every update, whether or not the API is on."""
    if numbers[:2] == (24, 3):
        return numbers >= (24, 3, 61)
    return numbers >= ((24, 4, 33) if numbers[:2] == (24, 4) else (25, 1, 2))


def _probe(facts: Facts) -> Iterator[Cause]:
    """Yield a port that didn't answer (row 15). From here nobody can tell a stopped service from a firewall."""
    probe = facts.probe
    if probe is None or probe.answered or not probe.host:
        return
    yield Cause(
        ids.SERVICE_SILENT,
        Certainty.PROBABLE,
        f"From this computer, {probe.host}:30223 does not answer: the API service is stopped or not installed, or a"
        " firewall does not let this computer in.",
        f"Look at the service OpenDentalAPIService on {probe.host}, and at its firewall.",
    )


def _workstation(practice: PracticeFacts, seen: Interpretation, name: str) -> Iterator[Cause]:
    """Yield a workstation whose local API can't answer (row 16)."""
    if isinstance(practice.workstations, NotRead):
        return
    if not name:
        if seen.way is Way.LOCAL and not any(is_running(each, practice) for each in practice.workstations):
            yield Cause(
                ids.WORKSTATION,
                Certainty.CERTAIN,
                "Open Dental isn't running on any workstation. The local API exists only while somebody is logged on.",
                "Log on at the workstation that the developer calls, or have the API service used instead.",
            )
        return
    found = next((each for each in practice.workstations if each.name.casefold() == name.casefold()), None)
    if found is None:
        yield Cause(
            ids.WORKSTATION,
            Certainty.CERTAIN,
            f"No computer named {name} ever ran Open Dental here.",
            "Check the name. The API service can run on a computer without Open Dental; the local API can't.",
        )
    elif not is_running(found, practice):
        age = "" if found.last_seen == NO_DATE else f" {format_ago(practice.now - found.last_seen)}"
        seen_at = f"was last seen running on {found.name}{age}" if age else f"was never seen running on {found.name}"
        yield Cause(
            ids.WORKSTATION,
            Certainty.CERTAIN,
            f"Open Dental {seen_at}. The local API exists only while somebody is logged on there.",
            f"Log on at {found.name}, or have the API service used instead.",
            since=None if found.last_seen == NO_DATE else found.last_seen,
        )


def is_running(workstation: Workstation, practice: PracticeFacts) -> bool:
    """Return True if a workstation's heartbeat is fresh."""
    return workstation.last_seen >= practice.now - HEARTBEAT_MAX_AGE


def _subscriptions(found: tuple[ApiSubscription, ...], now: datetime) -> Iterator[Cause]:
    """Yield subscriptions that deliver nothing (row 18). Why one is late can only be guessed."""
    late = [each for each in found if each.state is SubscriptionState.LATE]
    if not late:
        return
    active = sum(not each.ended for each in found)
    counted = f"{len(late)} of {active} API subscriptions {'are' if late[1:] else 'is'} late, so events don't arrive"
    yield Cause(
        ids.SUBSCRIPTIONS,
        Certainty.CERTAIN,
        f"{counted}: {_named_late(late, now)}." if late[1:] else f"{counted}. {' '.join(late[0].reasons)}",
        "Look at Subscriptions, which shows each one with its computer and address.",
        since=min((each.last_run for each in late if each.last_run), default=None),
    )


def _no_subscription(found: tuple[ApiSubscription, ...], whose: str) -> Iterator[Cause]:
    """Yield that nobody is subscribed, to a developer who gets no events (row 18)."""
    if not all(each.ended for each in found):
        return
    last = max((each.stop for each in found if each.stop), default=None)
    ended = f"; the last one ended on {last:%Y-%m-%d %H:%M}" if last else ""
    yield Cause(
        ids.SUBSCRIPTIONS,
        Certainty.CERTAIN,
        f"{whose} has no {'active ' if found else ''}API subscription, so no events are sent{ended}.",
        "Resume it in Subscriptions, or ask the developer to subscribe again."
        if found
        else "Ask the developer to subscribe.",
        since=last,
    )


def _named_late(late: Sequence[ApiSubscription], now: datetime) -> str:
    """Return the developers of late subscriptions with the age of each one's last delivery.

    The likely reasons differ from one to the next, so none is given for all of them.
    """
    named = [
        f"{each.developer or each.key.masked} ({format_ago(now - each.last_run) if each.last_run else 'never'})"
        for each in late[:_NAMED]
    ]
    more = len(late) - len(named)
    return f"last delivered to {', '.join(named)}{f' and {more} more' if more > 0 else ''}"
