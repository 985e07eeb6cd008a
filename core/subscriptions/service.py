"""The service for subscriptions: list them, end, resume and delete them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from core.audit.service import AuditService
from core.base.errors import Conflict, EditConflict, OperationNotAllowed
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import GONE, ApiKey, KeyList
from core.model.event_codec import format_moment
from core.model.key_text import fingerprint_tag
from core.model.logged_event import AuditEvent
from core.model.subscription import ApiSubscription, SubscriptionChange, SubscriptionPage
from core.model.subscription_events import (
    SubscriptionDeleted,
    SubscriptionEnded,
    SubscriptionEvent,
    SubscriptionResumed,
    SubscriptionStopChanged,
    stop_of,
)
from core.opendental.log_hash import NO_DATE
from core.opendental.optional_tables import API_SUBSCRIPTION, COMPUTER, FHIR_CONTACT_POINT, FHIR_SUBSCRIPTION
from core.opendental.signals import SignalType
from core.opendental.subscriptions import is_time
from core.practice.optional_reading import OptionalReader
from core.practice.practice import Practice, unchanged_on_error
from core.practice.unit_of_work import UnitOfWork
from core.subscriptions.listing import SubscriptionMapper, fhir_remarks, fhir_subscription
from core.subscriptions.rows import (
    SubscriptionRow,
    read_contacts,
    read_fhir,
    read_fhir_processing,
    read_heartbeats,
    read_subscription,
    read_subscriptions,
    read_whole_row,
    whole_table,
)
from core.subscriptions.state import SubscriptionContext

_SIGNAL_SINCE = (22, 4)
"""The version from which workstations can be told to read subscriptions again."""
_THE_SUBSCRIPTION = "the subscription"
_NEXT_READ = "Open Dental before 22.4 reads its subscriptions only at its start: restart it on the workstations."


@dataclass(frozen=True)
class _Reference:
    """The references of a change's entry: the entry that it undoes, and the receipt that lists it."""

    undoing: int
    receipt: str


class SubscriptionService:
    """Lists, ends, resumes and deletes API subscriptions, and lists those of FHIR.

    Args:
        practice: The open practice.
        keys: Tells whose key a subscription was made with.
        audit: Tells who made a change that conflicts with one of ours.
    """

    def __init__(self, practice: Practice, keys: KeyService, audit: AuditService) -> None:
        self._practice = practice
        self._keys = keys
        self._audit = audit

    def load(self, listed: KeyList | None = None) -> SubscriptionPage:
        """Read all subscriptions, and what can be told of their state; what can't be read is said in `unknown`.

        Args:
            listed: The keys as they were just listed; None to list them.

        Raises:
            PracticeUnavailable: The database doesn't answer.
        """
        keys = listed or self._keys.list()
        reader = OptionalReader(self._practice.profile)
        with self._practice.read() as connection:
            now = self._practice.now(connection)
            rows = reader.read(connection, API_SUBSCRIPTION, read_subscriptions) or []
            heartbeats = reader.read(connection, COMPUTER, read_heartbeats) if rows else None
            fhir = reader.read(connection, FHIR_SUBSCRIPTION, read_fhir) or []
            contacts = (reader.read(connection, FHIR_CONTACT_POINT, read_contacts) if fhir else None) or []
            remarks = fhir_remarks(read_fhir_processing(connection), now) if fhir else ()
        context = SubscriptionContext(now, heartbeats, rows, all_keys_known=keys.authority.may_change)
        mapper = SubscriptionMapper(keys.keys, context)
        return SubscriptionPage(
            tuple(map(mapper.subscription, rows)),
            tuple(fhir_subscription(row, contacts, now) for row in fhir),
            tuple(reader.unknown),
            remarks,
            now,
        )

    def active(self, keys: Iterable[ApiKey], now: datetime) -> tuple[ApiSubscription, ...]:
        """Return the subscriptions that haven't ended, without looking whether their computers run; one statement.

        Args:
            keys: The keys as they were just listed.
            now: The practice's time.

        Returns:
            None of them if they can't be read.

        Raises:
            PracticeUnavailable: The database doesn't answer.
        """
        with self._practice.read() as connection:
            rows = OptionalReader(self._practice.profile).read(connection, API_SUBSCRIPTION, read_subscriptions) or []
        mapper = SubscriptionMapper(keys, SubscriptionContext(now, None))
        return tuple(each for each in map(mapper.subscription, rows) if not each.ended)

    def active_of(self, key_fingerprint: str) -> tuple[ApiSubscription, ...]:
        """Return the subscriptions of a key that haven't ended; none if they can't be read."""
        return tuple(
            each for each in self.load().subscriptions if each.fingerprint == key_fingerprint and not each.ended
        )

    def end(
        self,
        actor: Actor,
        subscription: ApiSubscription,
        *,
        stop: datetime | None = None,
        undoing: int = 0,
        receipt: str = "",
    ) -> SubscriptionChange:
        """End a subscription now, which `resume` can take back.

        Args:
            actor: Who does it.
            subscription: The subscription as it was shown.
            stop: The end to store, in the past; None for the present moment.
            undoing: The number of the audit entry that this undoes; 0 for none.
            receipt: The number of the receipt that lists this change; empty for none.

        Raises:
            OperationNotAllowed: It has ended already.
            EditConflict: It was changed or deleted since it was shown.
        """
        row, now = self._present(subscription, "ended")
        if is_time(row.stop) and row.stop <= now:
            raise OperationNotAllowed(f"This subscription ended on {format_moment(row.stop)}.")
        self._set_stop(actor, row, SubscriptionEnded, stop or now, _Reference(undoing, receipt))
        return SubscriptionChange(
            f"Ended: {subscription.label}.",
            (
                "Stopped: changes that happen from now on aren't sent.",
                "Not stopped: what its developer has already received, and reading through the API.",
                *self._remark_on_signal(),
            ),
        )

    def resume(
        self,
        actor: Actor,
        subscription: ApiSubscription,
        *,
        stop: datetime | None = None,
        undoing: int = 0,
        receipt: str = "",
    ) -> SubscriptionChange:
        """Let a subscription that has ended go on.

        Args:
            actor: Who does it.
            subscription: The subscription as it was shown.
            stop: Its new end; None for none.
            undoing: The number of the audit entry that this undoes; 0 for none.
            receipt: The number of the receipt that lists this change; empty for none.

        Raises:
            OperationNotAllowed: It hasn't ended.
            EditConflict: It was changed or deleted since it was shown.
        """
        row, now = self._present(subscription, "resumed")
        if not is_time(row.stop) or row.stop > now:
            raise OperationNotAllowed("This subscription hasn't ended, so there is nothing to resume.")
        self._set_stop(actor, row, SubscriptionResumed, stop, _Reference(undoing, receipt))
        return SubscriptionChange(
            f"Resumed: {subscription.label}.",
            ("It also sends what changed meanwhile, three days back at most.", *self._remark_on_signal()),
        )

    def delete(self, actor: Actor, subscription: ApiSubscription) -> SubscriptionChange:
        """Delete a subscription. Only its developer can make it again.

        Raises:
            EditConflict: It was changed or deleted since it was shown.
        """
        row, _ = self._present(subscription, "deleted")
        mapper = self._mapper()
        event = SubscriptionDeleted(
            row.number, mapper.label(row), actor.user_name, mapper.watches(row), mapper.address(row)
        )
        columns = self._practice.profile.columns[API_SUBSCRIPTION.name]
        with self._practice.unit_of_work(actor, event, once=True) as work:
            whole = read_whole_row(work.connection, columns, row.number)
            statement = delete(API_SUBSCRIPTION).where(*row.unchanged)
            if not work.change_row(statement, partial(_put_back, columns=columns, values=whole)):
                raise self._conflict(row, "deleted")
            self._signal(work)
        return SubscriptionChange(f"Deleted: {subscription.label}.", self._remark_on_signal())

    def read(self, number: int, keys: Iterable[ApiKey] | None = None) -> ApiSubscription | None:
        """Return a subscription as it is now, without looking whether its computers run; None if it's gone.

        Args:
            number: Its number.
            keys: The keys as they were just listed; None to list them.
        """
        with self._practice.read() as connection:
            now = self._practice.now(connection)
            row = read_subscription(connection, number)
        if row is None:
            return None
        listed = self._keys.list().keys if keys is None else tuple(keys)
        return SubscriptionMapper(listed, SubscriptionContext(now, None)).subscription(row)

    def find(self, number: int) -> ApiSubscription | None:
        """Return a subscription as it is now; None if it's gone."""
        return next((each for each in self.load().subscriptions if each.number == number), None)

    # -- after a killed process ----------------------------------------------------

    def was_made(self, event: AuditEvent) -> bool | None:
        """Return True if a change of a subscription was made, False if not, and None if that isn't known."""
        if not isinstance(event, SubscriptionEvent):
            return None
        with self._practice.read() as connection:
            row = read_subscription(connection, event.number)
        if isinstance(event, SubscriptionDeleted):
            return row is None
        if row is None or not isinstance(event, SubscriptionStopChanged):
            return None
        stop = row.stop if is_time(row.stop) else None
        return True if stop == event.after else False if stop == event.before else None

    def signals(self, event: AuditEvent) -> tuple[SignalType, ...]:
        """Return the signal that follows a change of a subscription, from the version on that knows it."""
        is_known = self._practice.profile.is_at_least(*_SIGNAL_SINCE)
        return (SignalType.API_SUBSCRIPTIONS,) if isinstance(event, SubscriptionEvent) and is_known else ()

    # -- writing -------------------------------------------------------------------

    def _present(self, subscription: ApiSubscription, wanted: str) -> tuple[SubscriptionRow, datetime]:
        """Read a subscription again, and the time.

        Raises:
            EditConflict: It isn't what was shown any more.
        """
        with unchanged_on_error(), self._practice.read() as connection:
            now = self._practice.now(connection)
            row = read_subscription(connection, subscription.number)
        if row is None:
            raise self._attributed(subscription, Conflict(_THE_SUBSCRIPTION, "in the list", GONE, wanted))
        if row.digest != subscription.digest:
            raise self._attributed(subscription, *_differences(subscription, self._mapper().subscription(row), wanted))
        return row, now

    def _set_stop(
        self,
        actor: Actor,
        row: SubscriptionRow,
        kind: type[SubscriptionEnded | SubscriptionResumed],
        stop: datetime | None,
        reference: _Reference,
    ) -> None:
        before, mapper = row.stop if is_time(row.stop) else None, self._mapper()
        about = (row.number, mapper.label(row), actor.user_name, mapper.watches(row), mapper.address(row))
        event = kind(*about, before, stop, reference.undoing, reference.receipt)
        after, stored = stop or NO_DATE, API_SUBSCRIPTION.c.stop
        statement = update(API_SUBSCRIPTION).where(*row.unchanged).values({stored: after})
        restore = (
            update(API_SUBSCRIPTION)
            .where(API_SUBSCRIPTION.c.number == row.number, stored == after)
            .values({stored: row.stop})
        )
        with self._practice.unit_of_work(actor, event, once=True) as work:
            if not work.change_row(statement, lambda connection: connection.execute(restore)):
                raise self._conflict(row, format_moment(stop))
            self._signal(work)

    def _signal(self, work: UnitOfWork) -> None:
        if self._practice.profile.is_at_least(*_SIGNAL_SINCE):
            work.signal(SignalType.API_SUBSCRIPTIONS)

    def _remark_on_signal(self) -> tuple[str, ...]:
        return () if self._practice.profile.is_at_least(*_SIGNAL_SINCE) else (_NEXT_READ,)

    def _conflict(self, row: SubscriptionRow, wanted: str) -> EditConflict:
        before = format_moment(row.stop if is_time(row.stop) else None)
        return EditConflict((Conflict(stop_of(row.number), before, "something else", wanted),))

    def _attributed(self, subscription: ApiSubscription, *conflicts: Conflict) -> EditConflict:
        return self._audit.with_attributions(list(conflicts), fingerprint_tag(subscription.fingerprint))

    def _mapper(self) -> SubscriptionMapper:
        return SubscriptionMapper(self._keys.list().keys, SubscriptionContext(NO_DATE, None))


def _differences(shown: ApiSubscription, now: ApiSubscription, wanted: str) -> list[Conflict]:
    """Return what differs between a subscription as it was shown and as it is now; at least one conflict."""
    values = (
        (stop_of(shown.number), format_moment(shown.stop), format_moment(now.stop)),
        ("workstation", shown.workstation, now.workstation),
        ("interval", f"{shown.polling_seconds} s", f"{now.polling_seconds} s"),
        ("what it watches", shown.watches, now.watches),
        ("address", shown.address, now.address),
        ("note", shown.note, now.note),
    )
    found = [
        Conflict(what, before or "blank", after or "blank", wanted) for what, before, after in values if before != after
    ]
    return found or [Conflict(_THE_SUBSCRIPTION, "as it was shown", "changed", wanted)]


def _put_back(connection: Connection, *, columns: Sequence[str], values: Mapping[str, Any]) -> None:
    """Insert a deleted row again with all its values, unless it is there."""
    number = API_SUBSCRIPTION.c.number
    if not values or connection.scalar(select(number).where(number == values[number.name])) is not None:
        return
    connection.execute(insert(whole_table(columns)).values(values))
