"""A change of one developer's keys in one of many offices, through the office's own services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from core.base.errors import ApiSetupError, OperationNotAllowed
from core.fleet.office_reading import renew_list
from core.keys.status_history import changes_made
from core.model.actor import Actor
from core.model.api_key import ApiKey
from core.model.event_codec import format_moment
from core.model.fleet_change import (
    FleetPlan,
    OfficeOutcome,
    OfficePlan,
    OfficeResult,
    PlannedKey,
    PlannedSubscription,
    RecordedChange,
)
from core.model.key_events import KeyStatusChanged
from core.model.key_text import fingerprint_tag
from core.model.logged_event import AuditEvent, Stage
from core.model.receipt_events import ReceiptRecorded
from core.model.subscription_events import SubscriptionStopChanged
from core.model.whole_entry import WholeEntry
from core.office.office import Office

_Target = tuple[str, int]
"""The fingerprint of a key, and the number of a subscription or 0."""


def change_office(
    office: Office, actor: Actor, plan: FleetPlan, planned: OfficePlan, *, continues: bool = False
) -> OfficeResult:
    """Make the planned changes in an office, each with its own entry.

    Args:
        office: The office.
        actor: Who makes the changes.
        plan: The whole plan.
        planned: The plan for this office.
        continues: True if an earlier attempt may have made some of them, even one whose process was killed. They are
            found by the number of the receipt in their entries, and not made again.

    Raises:
        ApiSetupError: The office can't be read, so nothing was tried.
    """
    office.recovery.settle(actor)
    if continues:
        # An earlier attempt may have asked headquarters for a change without getting an answer. Its list says whether
        # the change was made, which is logged then.
        renew_list(office, actor)
    if plan.undoes:
        _require_receipt(office, plan)
    earlier = office.audit.with_receipt(plan.receipt) if continues else ()
    listed = {key.fingerprint: key for key in office.keys.list().keys if not key.gone}
    change = _OfficeChange(office, actor, plan, listed, earlier)
    for key in planned.keys:
        change.attempt((key.fingerprint, 0), f"API key {key.masked}", partial(change.set_status, key))
    for each in planned.subscriptions:
        change.attempt((each.fingerprint, each.number), each.label, partial(change.set_stop, each))
    if plan.disables:
        change.note_new_keys(planned)
    made = change.recorded()
    outcome = OfficeOutcome.DONE if made else OfficeOutcome.NOTHING
    info = office.info
    return OfficeResult(
        planned.office,
        OfficeOutcome.FAILED if change.failed else outcome,
        made,
        tuple(change.problems),
        f"{info.database} @ {info.host}" if info.host else info.database,
        actor.user_name,
    )


def _require_receipt(office: Office, plan: FleetPlan) -> None:
    """Require that the receipt that a plan takes back is the one whose hash the office's Audit Trail holds.

    Raises:
        OperationNotAllowed: The Audit Trail holds another hash, or none.
    """
    events = [each.event.event for each in office.audit.with_receipt(plan.undoes) if each.event is not None]
    hashes = {event.sha256 for event in events if isinstance(event, ReceiptRecorded)}
    if plan.undone_sha256 not in hashes:
        found = "another hash" if hashes else "no hash"
        raise OperationNotAllowed(
            f"The Audit Trail of this office has {found} for the receipt {plan.undoes}, so the file may have been"
            " changed. Nothing was changed.",
            "Enable the keys in this office by hand.",
        )


@dataclass
class _OfficeChange:
    """The changes in one office, one after the other."""

    office: Office
    actor: Actor
    plan: FleetPlan
    listed: Mapping[str, ApiKey]
    earlier: tuple[WholeEntry, ...]
    problems: list[str] = field(default_factory=list)
    failed: bool = False
    entries: dict[int, _Target] = field(default_factory=dict)

    def attempt(self, target: _Target, what: str, make: Callable[[], None]) -> None:
        """Make one change, unless an earlier attempt made it. A failure is noted and doesn't stop the others."""
        before = _standing_entry(self.earlier, target)
        if before is not None:
            self._take_earlier(before.entry.number, target, what)
            return
        unanswered = self._unanswered(target)
        if unanswered is not None:
            self.entries[unanswered.entry.number] = target
            self.problems.append(f"{what}: headquarters' answer was lost, and its list shows the change.")
            return
        try:
            make()
        except ApiSetupError as error:
            self.failed = True
            self.problems.append(f"{what}: {error}")
        else:
            # A change that wasn't needed left no entry of its own.
            made = self.office.last_changes(self.actor)
            if made and _is_about(made[-1].event, target) and _receipt_of(made[-1].event) == self.plan.receipt:
                self.entries[made[-1].number] = target

    def _unanswered(self, target: _Target) -> WholeEntry | None:
        """Return the last entry of an earlier attempt if headquarters' answer was lost, and its list shows the change.

        An outcome is also unknown where headquarters wasn't asked; then nothing says that this change was made.
        """
        key = self.listed.get(target[0])
        if target[1] or key is None or key.status is not self.plan.status:
            return None
        entries = _entries_about(self.earlier, target)
        was_asked = any(stage is Stage.ASKED for _, stage in entries)
        return entries[-1][0] if was_asked and entries[-1][1] is Stage.UNKNOWN else None

    def _take_earlier(self, entry: int, target: _Target, what: str) -> None:
        """Take a change that an earlier attempt made, and report it if the key's status is the opposite now."""
        self.entries[entry] = target
        fingerprint, subscription = target
        key = self.listed.get(fingerprint)
        if not subscription and key is not None and key.status.enabled is self.plan.disables:
            self.failed = True
            self.problems.append(
                f"{what}: Entry {entry} says that the status was changed, but it is {key.status.label} now. Look at the"
                " key in this office."
            )

    def set_status(self, planned: PlannedKey) -> None:
        """Give a key the planned status if it still has the status that the plan says."""
        key = self.listed.get(planned.fingerprint)
        if key is None:
            raise OperationNotAllowed("The key is no longer in the list.")
        if key.status is self.plan.status:
            self.problems.append(f"{key.label} was {key.status.label} already.")
            return
        if key.status is not planned.before:
            sentence = f"The status was {planned.before.label} and is {key.status.label} now. Nothing was changed."
            raise OperationNotAllowed(sentence, "Look at the key in this office.")
        if planned.undoes:
            self._require_last(key, planned.undoes)
        receipt = self.plan.receipt
        self.office.keys.set_status(self.actor, key, self.plan.status, undoing=planned.undoes, receipt=receipt)

    def set_stop(self, planned: PlannedSubscription) -> None:
        """End a subscription, or resume one with the end that it had before."""
        service, receipt = self.office.subscriptions, self.plan.receipt
        found = service.read(planned.number, self.listed.values())
        if found is None:
            raise OperationNotAllowed("The subscription is gone.")
        if found.ended is self.plan.disables:
            self.problems.append(f"{planned.label} {'had ended' if found.ended else 'was active'} already.")
        elif self.plan.disables:
            service.end(self.actor, found, receipt=receipt)
        else:
            stop = self._earlier_stop(planned.undoes, found.stop)
            service.resume(self.actor, found, stop=stop, undoing=planned.undoes, receipt=receipt)

    def note_new_keys(self, planned: OfficePlan) -> None:
        """Note enabled keys of the same developer that the plan doesn't know, since they still work."""
        known = {key.fingerprint for key in planned.keys}
        names = {key.developer.casefold() for key in planned.keys} | {self.plan.developer.casefold()}
        for key in self.listed.values():
            if key.status.enabled and key.developer.casefold() in names and key.fingerprint not in known:
                self.failed = True
                self.problems.append(f"{key.label} was added since. It wasn't disabled. Look at this office again.")

    def recorded(self) -> tuple[RecordedChange, ...]:
        """Return the changes that were made, with what their entries say now."""
        whole = {each.entry.number: each for each in self.office.audit.with_numbers(self.entries)}
        found = (_recorded(whole[number], target) for number, target in self.entries.items() if number in whole)
        return tuple(each for each in found if each is not None)

    def _require_last(self, key: ApiKey, entry: int) -> None:
        """Require that the last change of a key's status is that of an entry.

        Raises:
            OperationNotAllowed: It was changed again since.
        """
        last, _event = next(changes_made(self.office.keys.history(key), entry), (None, None))
        if last != entry:
            sentence = "The status was changed again since the receipt, so it stays as it is."
            raise OperationNotAllowed(sentence, "Look at the key's history in this office.")

    def _earlier_stop(self, entry: int, stop: datetime | None) -> datetime | None:
        """Return the end that a subscription had before an entry, if it still has the end that the entry set.

        Raises:
            OperationNotAllowed: It has another end by now.
        """
        logged = self.office.audit.whole(entry).event
        event = logged.event if logged is not None else None
        if not isinstance(event, SubscriptionStopChanged) or event.after != stop:
            raise OperationNotAllowed(
                "The end was changed since the receipt. Nothing was changed.", "Look at it again."
            )
        return event.before


def unrecorded(results: Iterable[OfficeResult]) -> tuple[OfficeResult, ...]:
    """Return the results of offices that changed something, and whose Audit Trail doesn't name the receipt's hash."""
    return tuple(each for each in results if each.changes and not each.recorded)


def _entries_about(earlier: Iterable[WholeEntry], target: _Target) -> list[tuple[WholeEntry, Stage]]:
    """Return the entries about a change with their stages, in the order in which they were written."""
    in_order = sorted(earlier, key=lambda each: (each.entry.stored_moment, each.entry.number))
    return [
        (each, each.event.stage) for each in in_order if each.event is not None and _is_about(each.event.event, target)
    ]


def _standing_entry(earlier: Iterable[WholeEntry], target: _Target) -> WholeEntry | None:
    """Return the entry of a change that an earlier attempt made; None if none did.

    Where changes are logged before they are made, a killed program leaves an entry of a change that wasn't made. What
    settles it adds another entry that says so.
    """
    standing: list[WholeEntry] = []
    for each, stage in _entries_about(earlier, target):
        if stage is Stage.DONE:
            standing.append(each)
        elif stage in (Stage.NOT_DONE, Stage.UNKNOWN) and standing:
            standing.pop()
    return standing[-1] if standing else None


def _is_about(event: AuditEvent, target: _Target) -> bool:
    fingerprint, subscription = target
    if isinstance(event, SubscriptionStopChanged):
        return event.number == subscription
    is_key = isinstance(event, KeyStatusChanged) and not subscription
    return is_key and event.key_tag == fingerprint_tag(fingerprint)


def _receipt_of(event: AuditEvent) -> str:
    return event.receipt if isinstance(event, KeyStatusChanged | SubscriptionStopChanged) else ""


def _recorded(whole: WholeEntry, target: _Target) -> RecordedChange | None:
    """Return the change of an entry; None if its text can't be read in full."""
    event = whole.event.event if whole.event is not None else None
    entry, (fingerprint, subscription) = whole.entry, target
    proof = entry.moment, entry.number, next(iter(entry.stored_hashes), "")
    if isinstance(event, KeyStatusChanged):
        what = f"API key {event.key_name} ({getattr(event.key, 'developer', '')})"
        return RecordedChange(what, fingerprint, 0, event.before.label, event.after.label, *proof)
    if isinstance(event, SubscriptionStopChanged):
        what = f"subscription {event.number} ({event.key.developer or event.key.name.masked}, {event.watches})"
        before, after = format_moment(event.before), format_moment(event.after)
        return RecordedChange(what, fingerprint, subscription, before, after, *proof)
    return None
