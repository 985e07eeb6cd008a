"""Answers of offices as JSON, and the differences between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from core.model.fleet import FleetKey, FleetSubscription, OfficeAnswer
from core.opendental.key_status import KeyStatus


def answer_to_json(answer: OfficeAnswer) -> dict[str, Any]:
    """Return an answer as a JSON object."""
    return {
        **asdict(answer),
        "verified_at": _moment_to_json(answer.verified_at),
        "keys": list(map(_key_to_json, answer.keys)),
    }


def answer_from_json(kept: Mapping[str, Any]) -> OfficeAnswer:
    """Return the answer of a JSON object.

    Raises:
        ValueError, TypeError, KeyError: It has another form, such as that of a newer version.
    """
    keys = tuple(
        FleetKey(**{**each, "status": KeyStatus(each["status"]), "changed": _moment_from_json(each["changed"])})
        for each in kept["keys"]
    )
    listed = kept["subscriptions"]
    subscriptions = None if listed is None else tuple(FleetSubscription(**each) for each in listed)
    moment = _moment_from_json(kept["verified_at"])
    return OfficeAnswer(**{**kept, "keys": keys, "subscriptions": subscriptions, "verified_at": moment})


def differences(before: OfficeAnswer | None, after: OfficeAnswer) -> tuple[str, ...]:
    """Return what changed between two answers, one phrase each; nothing if there was none before."""
    if before is None:
        return ()
    phrases = [
        *_changed("API", _on_off(before.api_on), _on_off(after.api_on)),
        *_changed("version", before.version, after.version),
        *_changed("eConnector", before.econnector, after.econnector),
    ]
    earlier = {key.fingerprint: key for key in before.keys}
    now = {key.fingerprint for key in after.keys}
    for key in after.keys:
        was = earlier.get(key.fingerprint)
        if was is None:
            phrases.append(f"new key: {key.developer}, {key.status.label}")
        elif was.status is not key.status and KeyStatus.UNKNOWN not in (was.status, key.status):
            phrases.append(f"{key.developer}: {was.status.label} → {key.status.label}")
    phrases += [f"key gone: {key.developer}" for key in before.keys if key.fingerprint not in now]
    return tuple(phrases)


def _key_to_json(key: FleetKey) -> dict[str, Any]:
    return {**asdict(key), "status": int(key.status), "changed": _moment_to_json(key.changed)}


def _changed(what: str, before: str, after: str) -> list[str]:
    return [f"{what}: {before} → {after}"] if before and after and before != after else []


def _on_off(enabled: bool | None) -> str:
    return "" if enabled is None else "on" if enabled else "off"


def _moment_to_json(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment is not None else None


def _moment_from_json(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
