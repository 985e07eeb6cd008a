"""The causes that concern one key: unknown, disabled, read-only, without a permission, limited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from core.diagnosis import cause_ids as ids
from core.diagnosis.facts import Facts, KeyFacts, ListFacts
from core.diagnosis.symptoms import Interpretation
from core.model.api_key import ApiKey
from core.model.diagnosis import Cause, Certainty, Remedy
from core.opendental.api_methods import permissions_for, requests_per_second
from core.opendental.key_status import KeyStatus

CACHE_TIME = timedelta(hours=6)
"""The time for which the API service and the local API trust an answer of headquarters (page *API Implementation*)."""


def key_causes(facts: Facts, seen: Interpretation) -> Iterator[Cause]:
    """Yield the causes that concern the key that was asked about, or the list of keys.

    Args:
        facts: What was read.
        seen: What the developer saw.
    """
    wanted = facts.key
    if wanted is None:
        if facts.keys.copy_matches is False:
            yield _outdated_copy(facts.keys, "The practice's copy of the keys differs from the list.")
        return
    if wanted.key is None or wanted.key.gone or not wanted.key.known:
        yield from _not_assigned(facts.keys, wanted)
        return
    yield from _disabled(facts, wanted, wanted.key)
    if wanted.in_copy is False and not wanted.key.unusable and not facts.keys.failure:
        yield _outdated_copy(facts.keys, "The practice's copy (the table apikey) lacks this key.")
    if wanted.key.status.enabled:
        yield from _rights(facts.keys, wanted.key, seen)
        yield from _limit(wanted.key, seen)


def _not_assigned(keys: ListFacts, wanted: KeyFacts) -> Iterator[Cause]:
    """Yield that the list lacks the key (rows 5 and 9). A list that isn't current proves nothing."""
    if keys.failure:
        return
    who = "Headquarters doesn't know" if keys.is_remote else "The local registry doesn't have"
    in_copy = wanted.key is not None and not wanted.key.gone
    if in_copy:
        yield _outdated_copy(keys, f"{who} this key; only the practice's copy (the table apikey) has it.")
    yield Cause(
        ids.NOT_ASSIGNED,
        Certainty.CERTAIN,
        f'{who} {wanted.wanted} at this office. The developer sees that the key "has not been assigned".',
        "Add the key. If it was here before, ask the developer whether it was moved; that takes up to 15 minutes.",
        remedy=Remedy.ADD_KEY,
    )


def _outdated_copy(keys: ListFacts, sentence: str) -> Cause:
    action = "Reload the list, which renews the copy." if keys.is_remote else "Make the copy match the registry."
    return Cause(
        ids.COPY_OUTDATED,
        Certainty.PROBABLE,
        f"{sentence} Open Dental's window renews the copy whenever it opens; calls don't depend on it.",
        action,
        remedy=Remedy.RELOAD if keys.is_remote else None,
    )


def _disabled(facts: Facts, wanted: KeyFacts, key: ApiKey) -> Iterator[Cause]:
    """Yield a disabled key, and that it may still be accepted (rows 6 and 20)."""
    if not key.status.disabled:
        return
    who = {
        KeyStatus.DISABLED_BY_CUSTOMER: "the office",
        KeyStatus.DISABLED_BY_DEVELOPER: "its developer",
    }.get(key.status, "Open Dental")
    since = f" since {key.date_disabled:%Y-%m-%d %H:%M}" if key.date_disabled else ""
    by_office = key.status is KeyStatus.DISABLED_BY_CUSTOMER
    ask = "Only the developer can enable it." if who == "its developer" else "Ask Open Dental; only they can enable it."
    yield Cause(
        ids.KEY_DISABLED,
        Certainty.CERTAIN,
        f"The key has been disabled by {who}{since}. Its calls are answered 401.",
        "Enable it, if this developer should have access again." if by_office else ask,
        since=key.date_disabled,
        remedy=Remedy.ENABLE_KEY if by_office else None,
    )
    if key.date_disabled is not None:
        yield from _still_accepted(facts.practice.now, key.date_disabled, wanted)


def _still_accepted(now: datetime, disabled: datetime, wanted: KeyFacts) -> Iterator[Cause]:
    if not timedelta(0) <= now - disabled < CACHE_TIME:
        return
    calls, until = wanted.calls_after_disabling, disabled + CACHE_TIME
    counted = ""
    if calls is not None:
        changes = "1 change" if calls.count == 1 else f"{calls.count} changes"
        counted = (
            f" Since then the Audit Trail has {changes} by this developer, the last at {calls.last:%H:%M}; another key"
            " of the same developer leaves the same entries."
        )
    yield Cause(
        ids.STILL_ACCEPTED,
        Certainty.CERTAIN if calls is not None else Certainty.PROBABLE,
        f"The API service and the local API may accept the disabled key until {until:%Y-%m-%d %H:%M}, because they"
        f" trust an answer of headquarters for six hours.{counted}",
        "Wait, or restart the service OpenDentalAPIService and Open Dental on the workstations.",
        since=disabled,
    )


def _rights(keys: ListFacts, key: ApiKey, seen: Interpretation) -> Iterator[Cause]:
    """Yield that a key may only read, or lacks the permission for a method (rows 7 and 8)."""
    if key.status is KeyStatus.ENABLED_READ_ONLY:
        yield Cause(
            ids.READ_ONLY,
            Certainty.CERTAIN if seen.is_write else Certainty.PROBABLE,
            "The key may only read. Calls that change something are answered 401.",
            "The developer has to change the plan at Open Dental; the office can't.",
        )
    method, permissions = seen.method, key.fields.permissions
    if method is None or not permissions:
        return
    needed = permissions_for(method)
    if not set(needed).isdisjoint(permissions):
        return
    vendor = "The developer has to ask Open Dental's vendor relations for it; the office can't change permissions."
    yield Cause(
        ids.NO_PERMISSION,
        Certainty.CERTAIN,
        f"The key lacks the permission {' or '.join(needed)}, which {method} needs. Each such call is answered 401.",
        vendor if keys.is_remote else "Open the key and add the permission, if this developer should have it.",
    )


def _limit(key: ApiKey, seen: Interpretation) -> Iterator[Cause]:
    """Yield the limit of a key's remote requests (row 19)."""
    rate = requests_per_second(frozenset(key.fields.permissions))
    if rate is None or (rate >= 1 and not seen.is_limit):
        return
    limit = "one request in five seconds" if rate < 1 else f"{rate:g} {'request' if rate == 1 else 'requests'} a second"
    yield Cause(
        ids.THROTTLED,
        Certainty.CERTAIN if seen.is_limit and seen.explains(ids.THROTTLED) else Certainty.PROBABLE,
        f"Headquarters limits this key to {limit}. More remote requests wait, and then fail with 429.",
        "The developer can send fewer requests, read larger pages, or take a larger plan at Open Dental. The local API"
        " and the API service aren't limited.",
    )
