"""Snapshots, findings and decisions as the JSON in which the companion keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from core.model.key_note import KeyNote
from core.model.review import Choice, Decision, DecisionKind, Finding, KeySnapshot, ReviewRule
from core.opendental.key_status import KeyStatus

Json = dict[str, Any]


def snapshot_to_json(snapshot: KeySnapshot) -> Json:
    """Return a snapshot as a JSON object, without its fingerprint, which is the key of its row."""
    kept = asdict(snapshot)
    del kept["fingerprint"]
    return {
        **kept,
        "status": int(snapshot.status),
        "agreement_since": _text(snapshot.agreement_since),
        "date_disabled": _text(snapshot.date_disabled),
        "added": _text(snapshot.added),
        "last_change": _text(snapshot.last_change),
        "note": {**asdict(snapshot.note), "review_date": _text(snapshot.note.review_date)},
        "findings": findings_to_json(snapshot.findings),
    }


def snapshot_from_json(fingerprint: str, kept: Mapping[str, Any]) -> KeySnapshot:
    """Return the snapshot of a JSON object.

    Raises:
        ValueError, TypeError, KeyError: It has another form, such as that of a newer version.
    """
    note = KeyNote(**{**kept["note"], "review_date": _day(kept["note"]["review_date"])})
    values = {
        **kept,
        "status": KeyStatus(kept["status"]),
        "permissions": tuple(kept["permissions"]),
        "former_names": tuple(kept["former_names"]),
        "agreement_since": _day(kept["agreement_since"]),
        "date_disabled": _moment(kept["date_disabled"]),
        "added": _moment(kept["added"]),
        "last_change": _moment(kept["last_change"]),
        "note": note,
        "findings": findings_from_json(kept["findings"]),
    }
    return KeySnapshot(fingerprint=fingerprint, **values)


def findings_to_json(findings: Iterable[Finding]) -> list[Json]:
    """Return findings as JSON objects."""
    return [
        {**asdict(each), "rule": each.rule.value, "accepted_until": _text(each.accepted_until)} for each in findings
    ]


def findings_from_json(kept: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Return the findings of JSON objects. Those of a rule that this version doesn't have are left out."""
    rules = {rule.value: rule for rule in ReviewRule}
    return tuple(
        Finding(**{**each, "rule": rules[each["rule"]], "accepted_until": _day(each["accepted_until"])})
        for each in kept
        if each["rule"] in rules
    )


def decision_to_json(decision: Decision | None) -> Json:
    """Return a decision as a JSON object; an empty one for none."""
    if decision is None:
        return {}
    choice = decision.choice
    return {
        "kind": choice.kind.value,
        "until": _text(choice.until),
        "note": choice.note,
        "user": decision.user,
        "at": _text(decision.at),
        "result": decision.result,
        **({"replaced": decision_to_json(decision.replaced)} if decision.replaced is not None else {}),
    }


def decision_from_json(kept: Mapping[str, Any]) -> Decision | None:
    """Return the decision of a JSON object; None for an empty one.

    Raises:
        ValueError, TypeError, KeyError: It has another form, such as that of a newer version.
    """
    if not kept:
        return None
    choice = Choice(DecisionKind(kept["kind"]), _day(kept["until"]), kept["note"])
    replaced = decision_from_json(kept.get("replaced", {}))
    return Decision(choice, kept["user"], datetime.fromisoformat(kept["at"]), kept["result"], replaced)


def _text(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
