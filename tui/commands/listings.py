"""`apisetup subscriptions` and `apisetup payment-types`: lists without a screen."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from core.model.subscription import ApiSubscription, FhirSubscription, SubscriptionState
from core.opendental.permission_types import Permission
from tui.commands.office_session import office_session
from tui.platform.output import print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.payment_types import ListedPaymentType, PaymentTypePage
    from core.model.subscription import SubscriptionPage
    from core.offices.open_request import OpenRequest

_IN_ORDER, _FOUND = 0, 1


def run_subscriptions(options: argparse.Namespace, request: OpenRequest, environment: Mapping[str, str]) -> int:
    """Print the subscriptions; return 1 if one is late or has an alert, and 0 otherwise."""
    with office_session(request, options.user, environment, Permission.SETUP) as session:
        page = session.office.subscriptions.load()
    if options.json:
        print_result(json.dumps(_subscriptions_as_json(page), indent=2))
    else:
        listed: list[ApiSubscription | FhirSubscription] = [*page.subscriptions, *page.fhir]
        lines = [line for each in listed for line in _subscription_lines(each)]
        print_result("\n".join([*lines, *map(sanitize, (*page.remarks, *page.unknown))] or ["No subscriptions."]))
    late = any(each.state is SubscriptionState.LATE for each in page.subscriptions)
    found = late or page.remarks or any(each.alerts for each in page.subscriptions)
    return _FOUND if found or any(each.alerts or each.error_note for each in page.fhir) else _IN_ORDER


def run_payment_types(options: argparse.Namespace, request: OpenRequest, environment: Mapping[str, str]) -> int:
    """Print the payment types in their order; return 1 if the API's default can't be used, and 0 otherwise."""
    with office_session(request, options.user, environment, Permission.SETUP) as session:
        page = session.office.payment_types.load()
    if options.json:
        print_result(json.dumps(_payment_types_as_json(page), indent=2))
    else:
        remarks = [sanitize(each) for each in (page.warning, *page.unknown) if each]
        print_result("\n".join([*map(_payment_type_line, page.types), *remarks]))
    return _FOUND if page.warning else _IN_ORDER


def _subscription_lines(each: ApiSubscription | FhirSubscription) -> list[str]:
    if isinstance(each, FhirSubscription):
        first = f"{each.number:<6} {'FHIR':<24} {each.status.lower():<24} {each.criteria} -> {each.address}"
        notes = (*filter(None, (each.error_note,)), *each.alerts)
    else:
        what = f"{each.watches}, sent by {each.where} -> {each.address}"
        first = f"{each.number:<6} {each.developer or '(no such key)':<24} {each.state.value:<24} {what}"
        notes = (*each.alerts, *each.reasons)
    return [sanitize(first), *(f"{'':<6} {sanitize(note)}" for note in notes)]


def _payment_type_line(each: ListedPaymentType) -> str:
    uses = ", ".join((*(("the API",) if each.is_api_default else ()), *each.uses))
    return sanitize(f"{each.number:<6} {'hidden' if each.hidden else 'shown':<7} {each.name}{uses and f' ({uses})'}")


def _subscriptions_as_json(page: SubscriptionPage) -> dict[str, object]:
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


def _payment_types_as_json(page: PaymentTypePage) -> dict[str, object]:
    return {
        "payment_types": [
            {
                "number": each.number,
                "name": each.name,
                "hidden": each.hidden,
                "on_deposit_slips": each.on_deposit_slips,
                "api_default": each.is_api_default,
                "uses": each.uses,
            }
            for each in page.types
        ],
        "warning": page.warning or None,
        "unknown": page.unknown,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(" ") if moment is not None else None
