"""`apisetup subscriptions`: list, end, resume and delete."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import ConfigurationError
from core.model.subscription import ApiSubscription, FhirSubscription, SubscriptionState
from core.users.service import READERS
from tui.commands.changes import MadeChange, PlannedChange, ask_for_text, ask_once, make_changes
from tui.commands.report import DONE, WANTING, OfficeReport
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.subscription import SubscriptionPage
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session


def run(command: OfficeCommand) -> int:
    """Run one of the `subscriptions` commands and return the exit status.

    Raises:
        ConfigurationError: No subscription was named, or numbers were given for several offices.
    """
    options = command.options
    if options.verb == "list":
        return command.read(_list, *READERS)
    if bool(options.number) is (options.developer is not None):
        raise ConfigurationError("No subscription was named, or in two ways.", "Add numbers, or --developer NAME.")
    if options.number:
        # Each office has its own numbers.
        command.selection.only(
            "Each office numbers its own subscriptions, so numbers are for one office.",
            "Choose one with --office NAME, or name the developer with --developer NAME.",
        )
    return command.run(partial(_change, command))


def _list(session: Session) -> OfficeReport:
    page = session.office.subscriptions.load()
    listed: list[ApiSubscription | FhirSubscription] = [*page.subscriptions, *page.fhir]
    lines = [line for each in listed for line in _subscription_lines(each)]
    lines = [*lines, *map(sanitize, (*page.remarks, *page.unknown))] or ["No subscriptions."]
    return OfficeReport(WANTING if _is_wanting(page) else DONE, _as_json(page), lines)


def _change(command: OfficeCommand, session: Session) -> OfficeReport:
    options = command.options
    listed = session.office.subscriptions.load()
    chosen, missing = _chosen(options, listed.subscriptions)
    if not chosen and not missing:
        return OfficeReport(WANTING, {"dry_run": command.dry_run, "changes": []}, ["No subscription matches."])
    changes = [*(_planned(options.verb, session, each) for each in chosen), *map(_not_found, missing)]
    count = "this subscription" if len(chosen) == 1 else f"these {len(chosen)} subscriptions"
    confirmed = ask_once(command, f"{options.verb.capitalize()} {count}?")
    if options.verb == "delete":
        confirmed = ask_for_text(command, "delete", f"delete, since {count} can't be restored,")
    return make_changes(command, changes, confirmed)


def _chosen(options: argparse.Namespace, listed: Sequence[ApiSubscription]) -> tuple[list[ApiSubscription], list[int]]:
    """Return the subscriptions that the command line names, and the numbers that there are none for."""
    if options.developer is not None:
        name = options.developer.strip().casefold()
        return [each for each in listed if each.developer.strip().casefold() == name], []
    numbers = {each.number for each in listed}
    chosen = [each for each in listed if each.number in options.number]
    return chosen, [number for number in dict.fromkeys(options.number) if number not in numbers]


def _planned(verb: str, session: Session, each: ApiSubscription) -> PlannedChange:
    service, actor = session.office.subscriptions, session.actor
    make = {"end": service.end, "resume": service.resume, "delete": service.delete}[verb]
    unchanged = ""
    if verb == "end" and each.ended:
        unchanged = f"{each.label} has ended already."
    if verb == "resume" and not each.ended:
        unchanged = f"{each.label} hasn't ended."
    return PlannedChange(
        each.label,
        f"{verb} {each.label}, which is sent to {each.address or 'nowhere'}.",
        partial(make, actor, each),
        unchanged=f"{unchanged[:1].upper()}{unchanged[1:]}",
        details={"subscription": each.number, "developer": each.developer or None},
    )


def _not_found(number: int) -> PlannedChange:
    sentence = f"There is no subscription {number}."
    return PlannedChange(
        f"subscription {number}",
        "",
        lambda: MadeChange(sentence),
        refusal=sentence,
        details={"subscription": number, "developer": None},
    )


def _is_wanting(page: SubscriptionPage) -> bool:
    late = any(each.state is SubscriptionState.LATE for each in page.subscriptions)
    alerts = any(each.alerts for each in page.subscriptions)
    return late or alerts or bool(page.remarks) or any(each.alerts or each.error_note for each in page.fhir)


def _subscription_lines(each: ApiSubscription | FhirSubscription) -> list[str]:
    if isinstance(each, FhirSubscription):
        first = f"{each.number:<6} {'FHIR':<24} {each.status.lower():<24} {each.criteria} -> {each.address}"
        notes = (*filter(None, (each.error_note,)), *each.alerts)
    else:
        what = f"{each.watches}, sent by {each.where} -> {each.address}"
        first = f"{each.number:<6} {each.developer or '(no such key)':<24} {each.state.value:<24} {what}"
        notes = (*each.alerts, *each.reasons)
    return [sanitize(first), *(f"{'':<6} {sanitize(note)}" for note in notes)]


def _as_json(page: SubscriptionPage) -> dict[str, Any]:
    return {
        "subscriptions": [
            {
                "number": each.number,
                "developer": each.developer or None,
                "key": each.key.masked,
                "state": each.state.value,
                "watches": each.watches,
                "workstation": None if each.on_all_workstations else each.workstation,
                "polling_seconds": each.polling_seconds,
                "address": each.address,
                "last_run": _time(each.last_run),
                "stop": _time(each.stop),
                "note": each.note,
                "reasons": each.reasons,
                "alerts": each.alerts,
            }
            for each in page.subscriptions
        ],
        "fhir": [
            {
                "number": each.number,
                "status": each.status,
                "criteria": each.criteria,
                "error_note": each.error_note,
                "channel": each.channel,
                "address": each.address,
                "end": _time(each.end),
                "contacts": each.contacts,
                "alerts": each.alerts,
            }
            for each in page.fhir
        ],
        "remarks": page.remarks,
        "unknown": page.unknown,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(" ") if moment is not None else None
