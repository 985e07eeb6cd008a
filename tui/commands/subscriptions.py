"""`apisetup subscriptions list`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.model.subscription import ApiSubscription, FhirSubscription, SubscriptionState
from tui.commands.report import DONE, WANTING, OfficeReport
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.subscription import SubscriptionPage
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session


def run(command: OfficeCommand) -> int:
    """Run one of the `subscriptions` commands and return the exit status."""
    return command.run(_list)


def _list(session: Session) -> OfficeReport:
    page = session.office.subscriptions.load()
    listed: list[ApiSubscription | FhirSubscription] = [*page.subscriptions, *page.fhir]
    lines = [line for each in listed for line in _subscription_lines(each)]
    lines = [*lines, *map(sanitize, (*page.remarks, *page.unknown))] or ["No subscriptions."]
    return OfficeReport(WANTING if _is_wanting(page) else DONE, _as_json(page), lines)


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
