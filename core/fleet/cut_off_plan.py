"""The plan of a change in many offices: what would happen in each of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from random import Random

from core.fleet.developers import Developer
from core.model.fleet import FleetKey, OfficeState
from core.model.fleet_change import (
    FleetPlan,
    OfficePlan,
    OfficeResult,
    PlannedKey,
    PlannedSubscription,
)
from core.opendental.key_status import KeyStatus

_STATUS = KeyStatus.DISABLED_BY_CUSTOMER
_SIGN_IN = "Nobody is signed in to this office."


def make_receipt_number(now: datetime, random: Random) -> str:
    """Return a new number for a receipt, such as `R20260301-7F3A09`."""
    return f"R{now:%Y%m%d}-{random.getrandbits(24):06X}"


def plan_cut_off(
    developer: Developer, states: Iterable[OfficeState], receipt: str, *, end_subscriptions: bool = True
) -> FleetPlan:
    """Return what cutting a developer off would do in each office that has its keys.

    An office where nobody is signed in is in the plan, too, since it may have keys that aren't known.

    Args:
        developer: The developer, with its keys by office.
        states: The offices, as they were read when somebody signed in there.
        receipt: The number of the receipt.
        end_subscriptions: True to end the active subscriptions of the keys, too.
    """
    offices = tuple(
        _plan_office(state, developer.keys.get(state.office, ()), end_subscriptions=end_subscriptions)
        for state in states
        if state.office in developer.keys or not state.signed_in_as
    )
    return FleetPlan(receipt, developer.name, _STATUS, offices)


def plan_way_back(plan: FleetPlan, results: Iterable[OfficeResult], receipt: str, sha256: str) -> FleetPlan:
    """Return the plan that takes back exactly what a cut-off changed.

    Args:
        plan: The plan of the cut-off.
        results: Its results, as its receipt lists them.
        receipt: The number of the new receipt.
        sha256: The SHA-256 of the receipt of the cut-off.
    """
    offices = tuple(_plan_office_back(result) for result in results if result.changes)
    return FleetPlan(receipt, plan.developer, KeyStatus.ENABLED, offices, plan.receipt, sha256)


def _plan_office(state: OfficeState, keys: tuple[FleetKey, ...], *, end_subscriptions: bool) -> OfficePlan:
    answer = state.answer
    if answer is None or not state.signed_in_as:
        return OfficePlan(state.office, problem=state.failure or _SIGN_IN, unseen=True)
    possible = [key for key in keys if not key.refusal]
    stays = [f"{key.label}: {key.refusal}" for key in keys if key.refusal]
    if answer.refusal and any(key.status.enabled for key in keys):
        return OfficePlan(state.office, stays=tuple(stays), problem=answer.refusal)
    all_of_them = {key.fingerprint for key in keys}
    active = [each for each in answer.subscriptions or () if each.fingerprint in all_of_them]
    ended = active if end_subscriptions else []
    stays += [f"Stays active: {each.label}." for each in active if each not in ended]
    planned = (PlannedKey(key.fingerprint, key.masked, key.developer, key.status) for key in possible)
    subscriptions = (PlannedSubscription(each.number, each.fingerprint, each.label) for each in ended)
    return OfficePlan(state.office, tuple(planned), tuple(subscriptions), tuple(stays))


def _plan_office_back(result: OfficeResult) -> OfficePlan:
    keys = tuple(
        PlannedKey(change.fingerprint, *_name_of(change.what), _STATUS, change.entry)
        for change in result.changes
        if not change.subscription
    )
    subscriptions = tuple(
        PlannedSubscription(change.subscription, change.fingerprint, change.what, change.entry)
        for change in result.changes
        if change.subscription
    )
    read_only = KeyStatus.ENABLED_READ_ONLY.label
    remarks = tuple(
        f"{change.what} was {read_only} before and becomes {KeyStatus.ENABLED.label}, which may give it more rights."
        for change in result.changes
        if change.before == read_only
    )
    return OfficePlan(result.office, keys, subscriptions, remarks)


def _name_of(label: str) -> tuple[str, str]:
    """Return the masked key and the developer of a key's label."""
    masked, _, developer = label.removeprefix("API key ").partition(" (")
    return masked, developer.removesuffix(")")
