"""The facts of a month, arranged for a reader. Everything here is a pure function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from core.model.api_key import ApiKey
from core.model.audit_entry import HashStatus, counted
from core.model.developer_use import PeriodUse
from core.model.event_values import KeyLabel, KeyName
from core.model.key_events import KeyAdded, KeyCopyChanged, KeyRemoved, KeyStatusChanged, VendorKeyAdded
from core.model.key_note import KeyNote
from core.model.key_text import fingerprint_tag
from core.model.logged_event import AuditEvent, Stage
from core.model.monthly_report import (
    ChangeLine,
    CutOff,
    Evidence,
    KeyLine,
    MonthFacts,
    NewVendor,
    OfficeMonth,
    OwnEntry,
    SubscriptionLine,
    UseLine,
)
from core.model.subscription import SubscriptionPage
from core.model.subscription_events import SubscriptionDeleted, SubscriptionEnded

NO_NAME = "(no name)"
"""Stands for a developer whose name isn't known."""
FHIR = "(FHIR)"
"""Stands for the developer of a subscription made over FHIR, whose key isn't known."""


def arrange_month(office: str, facts: MonthFacts) -> OfficeMonth:
    """Return the report of one office.

    Args:
        office: Its name in the configuration file; blank for an office without one.
        facts: What was read.
    """
    keys, entries = facts.keys, facts.entries
    return OfficeMonth(
        office,
        facts.info,
        keys.authority.label if keys is not None else "",
        keys.as_of if keys is not None else None,
        facts.keys_current,
        (*(keys.notes if keys is not None else ()), *_floor_notes(facts)),
        tuple(key_line(key, facts.notes.get(key.fingerprint, KeyNote())) for key in _by_developer(keys.keys))
        if keys is not None
        else None,
        tuple(_new_vendors(facts)) if keys is not None else None,
        tuple(_cut_offs(facts)) if entries is not None else None,
        tuple(map(change_line, entries)) if entries is not None else None,
        facts.unlisted,
        tuple(_use_lines(facts)) if facts.use is not None else None,
        _subscriptions(facts.subscriptions) if facts.subscriptions is not None else None,
        _evidence(facts),
        facts.unknown,
    )


def key_line(key: ApiKey, note: KeyNote) -> KeyLine:
    """Return a key as reports list it."""
    return KeyLine(
        key.fingerprint,
        key.masked,
        key.developer or NO_NAME,
        key.status,
        key.status.enabled and not key.gone,
        key.fields.permissions,
        key.fields.agreement_since,
        key.added.date() if key.added is not None else None,
        key.date_disabled.date() if key.date_disabled is not None else None,
        note.owner,
        note.purpose,
        _key_remark(key),
        key.known,
    )


def change_line(own: OwnEntry) -> ChangeLine:
    """Return an entry as reports list it."""
    entry = own.entry
    done = own.logged.stage is Stage.DONE
    return ChangeLine(entry.number, entry.moment, entry.user, entry.text, done, entry.hash_status.value)


def _subscriptions(page: SubscriptionPage) -> tuple[SubscriptionLine, ...] | None:
    """Return who is sent the practice's changes; None if there is nobody, and not everything could be read."""
    lines = [
        SubscriptionLine(
            each.number, each.developer or each.key.masked, each.watches, each.address, each.state.value, each.alerts
        )
        for each in page.subscriptions
    ]
    lines += [
        SubscriptionLine(each.number, FHIR, each.criteria, each.address, each.status, each.alerts) for each in page.fhir
    ]
    return tuple(lines) if lines or not page.unknown else None


def _by_developer(keys: Iterable[ApiKey]) -> list[ApiKey]:
    """Return keys in the order of a report: enabled ones first."""
    return sorted(keys, key=lambda key: (not key.status.enabled, key.developer.casefold(), key.masked))


def _key_remark(key: ApiKey) -> str:
    if key.unusable:
        return key.unusable
    if key.gone:
        return "no longer in the authority's list"
    return "" if key.known else "only in the practice's copy"


def _floor_notes(facts: MonthFacts) -> Iterator[str]:
    floor = facts.floor
    if floor is not None and floor.oldest is not None and floor.oldest.date() > facts.month.first:
        yield f"The Audit Trail begins on {floor.oldest:%Y-%m-%d}. {floor.removed}".rstrip()


# -- vendors ---------------------------------------------------------------------------


def _new_vendors(facts: MonthFacts) -> Iterator[NewVendor]:
    """Yield the developers whose keys were all added in the month, as far as the list and the entries show it."""
    additions = {tag: own for own in _done(facts) for tag in _added_tags(own.logged.event)}
    listed = [key for key in (facts.keys.keys if facts.keys is not None else ()) if key.developer.strip()]
    developers: dict[str, list[ApiKey]] = defaultdict(list)
    for key in listed:
        developers[key.developer.casefold()].append(key)
    for keys in developers.values():
        entries = [additions.get(fingerprint_tag(key.fingerprint)) for key in keys]
        if all(own or _is_in_month(key.added, facts) for key, own in zip(keys, entries, strict=True)):
            yield _new_vendor(keys, entries)
    yield from _vendors_gone_again(_done(facts), listed)


def _new_vendor(keys: Sequence[ApiKey], entries: Sequence[OwnEntry | None]) -> NewVendor:
    moments = [own.entry.moment if own else key.added for key, own in zip(keys, entries, strict=True)]
    first = min((moment for moment in moments if moment is not None), default=None)
    by = next((own.entry.user for own in entries if own), "")
    return NewVendor(keys[0].developer, tuple(key.masked for key in keys), first, by)


def _vendors_gone_again(entries: Iterable[OwnEntry], listed: Sequence[ApiKey]) -> Iterator[NewVendor]:
    """Yield the developers whose keys were added in the month and are no longer in the list."""
    seen = {key.developer.casefold() for key in listed}
    tags = {fingerprint_tag(key.fingerprint) for key in listed}
    for own in entries:
        event = own.logged.event
        if not isinstance(event, KeyAdded) or not isinstance(event.key, KeyLabel) or event.key_tag in tags:
            continue
        developer = event.key.developer
        if developer and developer.casefold() not in seen:
            seen.add(developer.casefold())
            yield NewVendor(developer, (str(event.key_name),), own.entry.moment, own.entry.user)


def _added_tags(event: AuditEvent) -> tuple[str, ...]:
    """Return the short fingerprints of the keys that an event added."""
    if isinstance(event, KeyAdded | VendorKeyAdded):
        return (event.key_tag,)
    return tuple(name.tag for name in event.change.added.named) if isinstance(event, KeyCopyChanged) else ()


# -- cut-offs --------------------------------------------------------------------------


def _cut_offs(facts: MonthFacts) -> list[CutOff]:
    """Return the keys that were disabled and the subscriptions that were ended, oldest first."""
    found = [cut for own in _done(facts) if (cut := _cut_off(own)) is not None]
    recorded = {own.logged.event.key_tag for own in _done(facts) if _cut_off(own) is not None}
    found += [
        CutOff(key.date_disabled, key.label, f"{key.status.label}; no entry records it", "", 0)
        for key in (facts.keys.keys if facts.keys is not None else ())
        if key.status.disabled
        and _is_in_month(key.date_disabled, facts)
        and fingerprint_tag(key.fingerprint) not in recorded
    ]
    return sorted(found, key=lambda each: (str(each.time or ""), each.entry))


def _cut_off(own: OwnEntry) -> CutOff | None:
    event, entry = own.logged.event, own.entry
    if isinstance(event, KeyStatusChanged) and event.after.disabled and event.before.enabled:
        change = f"{event.before.label} → {event.after.label}"
        receipt = f" (receipt {event.receipt})" if event.receipt else ""
        return CutOff(entry.moment, _label(event.key), f"{change}{receipt}", entry.user, entry.number)
    if isinstance(event, KeyRemoved):
        return CutOff(entry.moment, _label(event.key), "removed from the local registry", entry.user, entry.number)
    if isinstance(event, SubscriptionEnded | SubscriptionDeleted):
        what = f"Subscription {event.number} of {_label(event.key)}"
        change = (
            f"{'deleted' if isinstance(event, SubscriptionDeleted) else 'ended'}: {event.watches} to {event.address}"
        )
        return CutOff(entry.moment, what, change, entry.user, entry.number)
    return None


def _label(key: KeyName | KeyLabel) -> str:
    """Return a key as sentences name it."""
    if isinstance(key, KeyName):
        return f"API key {key}"
    return f"API key {key.name}{f' ({key.developer})' if key.developer else ''}"


# -- use -------------------------------------------------------------------------------


def _use_lines(facts: MonthFacts) -> Iterator[UseLine]:
    """Yield the use of each developer, most changes first."""
    use = facts.use or {}
    keys = facts.keys.keys if facts.keys is not None else ()
    for developer in sorted(use, key=lambda name: (-use[name].total, name.casefold())):
        own = [key for key in keys if key.developer == developer]
        found = use[developer]
        yield UseLine(
            developer,
            found.total,
            found.per_day,
            found.queries,
            found.last,
            found.computers,
            _use_remark(own, found, facts.month.first),
        )


def _use_remark(keys: Sequence[ApiKey], use: PeriodUse, first: date) -> str:
    """Return what is special about a developer's use: changes after the day on which the last key was disabled."""
    if not keys or not use.total or not all(key.status.disabled for key in keys):
        return ""
    days = [key.date_disabled.date() for key in keys if key.date_disabled is not None]
    if len(days) < len(keys):
        return "its keys are disabled now"
    after = sum(use.per_day[max(0, (max(days) - first).days + 1) :])
    return f"{after:,} {'change' if after == 1 else 'changes'} after its keys were disabled" if after else ""


# -- verification and seals ------------------------------------------------------------


def _evidence(facts: MonthFacts) -> Evidence:
    seals = facts.seals
    last = seals[-1] if seals else None
    in_month = tuple(each for each in seals or () if _is_in_month(each.sealed_at, facts))
    verified_at, verdict = facts.verification or (None, "")
    return Evidence(
        verified_at, verdict, len(seals) if seals is not None else None, in_month, last, tuple(_findings(facts))
    )


def _findings(facts: MonthFacts) -> Iterator[str]:
    not_read = " ".join(facts.unknown)
    if facts.verification is None and "The last verification" not in not_read:
        yield "The Audit Trail was never verified from here."
    elif facts.verification is not None and facts.verification[0].date() < facts.month.first:
        yield f"The Audit Trail wasn't verified since {facts.verification[0]:%Y-%m-%d}."
    if facts.seals is not None:
        yield from _seal_findings(facts)
    own: Mapping[HashStatus, int] = _hash_counts(facts.entries or ())
    if own[HashStatus.ALTERED]:
        yield f"{counted(own[HashStatus.ALTERED])} in this report didn't match the hash. Verify the Audit Trail."
    if own[HashStatus.NO_HASH]:
        yield f"{counted(own[HashStatus.NO_HASH])} in this report had no hash."


def _seal_findings(facts: MonthFacts) -> Iterator[str]:
    if not facts.seals:
        yield "The Audit Trail isn't sealed."
        return
    sealed_at = facts.seals[-1].sealed_at
    end = min(facts.month.last, facts.info.read_at.date())
    if sealed_at is None or sealed_at.date() < end:
        when = f"{sealed_at:%Y-%m-%d %H:%M}" if sealed_at is not None else "an unknown time"
        yield f"Entries after the last seal ({when}) aren't sealed."


def _hash_counts(entries: Iterable[OwnEntry]) -> Mapping[HashStatus, int]:
    counts = dict.fromkeys(HashStatus, 0)
    for own in entries:
        counts[own.entry.hash_status] += 1
    return counts


# -- parts -----------------------------------------------------------------------------


def _done(facts: MonthFacts) -> list[OwnEntry]:
    return [own for own in facts.entries or () if own.logged.stage is Stage.DONE]


def _is_in_month(moment: datetime | None, facts: MonthFacts) -> bool:
    return moment is not None and facts.month.contains(moment.date())
