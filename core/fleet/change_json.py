"""Plans and results of changes in many offices as JSON, for the journal and the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from core.model.fleet_change import (
    FleetPlan,
    OfficeOutcome,
    OfficePlan,
    OfficeResult,
    PlannedKey,
    PlannedSubscription,
    RecordedChange,
)
from core.opendental.key_status import KeyStatus


def plan_to_json(plan: FleetPlan) -> dict[str, Any]:
    """Return a plan as a JSON object."""
    return {
        **asdict(plan),
        "status": int(plan.status),
        "offices": [
            {**asdict(each), "keys": [{**asdict(key), "before": int(key.before)} for key in each.keys]}
            for each in plan.offices
        ],
    }


def plan_from_json(kept: Mapping[str, Any]) -> FleetPlan:
    """Return the plan of a JSON object."""
    return FleetPlan(
        **{
            **kept,
            "status": KeyStatus(kept["status"]),
            "offices": tuple(map(_office_plan, kept["offices"])),
        }
    )


def result_to_json(result: OfficeResult) -> dict[str, Any]:
    """Return a result as a JSON object."""
    return {**asdict(result), "outcome": result.outcome.value, "changes": list(map(change_to_json, result.changes))}


def result_from_json(kept: Mapping[str, Any]) -> OfficeResult:
    """Return the result of a JSON object."""
    return OfficeResult(
        **{
            **kept,
            "outcome": OfficeOutcome(kept["outcome"]),
            "changes": tuple(map(change_from_json, kept["changes"])),
            "problems": tuple(kept["problems"]),
        }
    )


def change_to_json(change: RecordedChange) -> dict[str, Any]:
    """Return a change with its entry as a JSON object."""
    moment = change.moment.isoformat(sep=" ") if change.moment is not None else None
    return {**asdict(change), "moment": moment}


def change_from_json(kept: Mapping[str, Any]) -> RecordedChange:
    """Return the change of a JSON object."""
    moment = kept["moment"]
    return RecordedChange(**{**kept, "moment": datetime.fromisoformat(moment) if moment else None})


def _office_plan(kept: Mapping[str, Any]) -> OfficePlan:
    return OfficePlan(
        office=kept["office"],
        keys=tuple(PlannedKey(**{**key, "before": KeyStatus(key["before"])}) for key in kept["keys"]),
        subscriptions=tuple(PlannedSubscription(**each) for each in kept["subscriptions"]),
        stays=tuple(kept["stays"]),
        problem=kept["problem"],
        # Plans of earlier versions don't say.
        unseen=kept.get("unseen", False),
    )
