"""The service for the use of keys: what developers changed through the API, according to the Audit Trail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from core.audit.entry_mapper import EntryMapper
from core.audit.filter import Users
from core.audit.removals import OldDataRemoval, read_old_data_removals
from core.base.errors import Conflict, EditConflict, InvalidInput
from core.companion.store import Companion
from core.model.actor import Actor
from core.model.api_key import ApiKey
from core.model.developer_use import (
    DAYS,
    DeveloperUse,
    KnownUse,
    PeriodUse,
    TrailFloor,
    TrailRange,
    UseDetails,
)
from core.practice.practice import Practice
from core.use.reading import UseReading
from core.use.remembered_use import Lifetime, RememberedUse
from core.use.trail_reader import DayUse, now_and_oldest, read_patients, read_window

if TYPE_CHECKING:
    from core.model.review_events import FormerNamesChanged

MAX_FORMER_NAMES = 20
MAX_LENGTH = 255
_WINDOW = timedelta(days=5)
"""The window of time in which the patients of a developer are counted."""


class UseService:
    """Says what developers changed through the API.

    Args:
        practice: The open practice.
        companion: Keeps what was read, and former names.
    """

    def __init__(self, practice: Practice, companion: Companion) -> None:
        self._practice = practice
        self._companion = companion
        self._remembered = RememberedUse(companion)

    def reading(self, developers: Iterable[str]) -> UseReading:
        """Return a reading of the Audit Trail for some developers and their former names.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        names = {name: spelling for group in self._names(developers).values() for name, spelling in group.items()}
        return UseReading(self._practice, self._remembered, names, self._practice.elapsed)

    def known(self, developers: Iterable[str], today: date) -> Mapping[str, DeveloperUse]:
        """Return what was read of each developer so far, by name; developers of whom nothing was read are left out.

        Args:
            developers: The developers' names.
            today: The last day of the counts per day, by the practice's clock.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        groups = self._names(developers)
        names = {name for group in groups.values() for name in group}
        ranges, lifetimes = self._remembered.ranges(names), self._remembered.lifetimes(names)
        first_day = today - timedelta(days=DAYS - 1)
        days = self._remembered.days(names, first_day)
        return {
            developer: _use(group, ranges, lifetimes, [row for row in days if row.name in group], today)
            for developer, group in groups.items()
            if all(name in ranges for name in group)
        }

    def known_now(self, developers: Iterable[str]) -> KnownUse:
        """Return what was read so far, with the practice's time and how far back the Audit Trail goes.

        Raises:
            PracticeUnavailable: The practice or the companion can't be read.
        """
        mapper = EntryMapper(Users({user.number: user.name for user in self._practice.user_names.get()}), ())
        with self._practice.read() as connection:
            now, oldest = now_and_oldest(self._practice, connection)
            removals = read_old_data_removals(connection, mapper)
        return KnownUse(now, self.known(developers, now.date()), _floor(oldest, removals))

    def read_to_end(self, developers: Collection[str]) -> KnownUse:
        """Read all that is new of the Audit Trail, and return what is known of each developer.

        The first reading of a long trail takes minutes. Blocks; a screen reads window by window instead.

        Raises:
            PracticeUnavailable: The practice or the companion can't be read.
            NotPermitted: The database user may not read the Audit Trail.
        """
        reading = self.reading(developers)
        while reading.read_on():
            pass
        return self.known_now(developers)

    def in_period(self, developers: Collection[str], since: date, until: date) -> Mapping[str, PeriodUse]:
        """Read the Audit Trail back to a day, and return what developers changed from that day to another.

        Args:
            developers: The developers' names; blank ones are left out.
            since: The first day.
            until: The last day.

        Raises:
            PracticeUnavailable: The practice or the companion can't be read.
            NotPermitted: The database user may not read the Audit Trail.
        """
        self.reading(developers).read_back_to(since)
        groups = self._names(developers)
        rows = self._remembered.days({name for group in groups.values() for name in group}, since)
        return {
            developer: _use_in_period([row for row in rows if row.name in group and row.day <= until], since, until)
            for developer, group in groups.items()
        }

    def floor(self) -> TrailFloor:
        """Return how far back the Audit Trail goes.

        Raises:
            PracticeUnavailable: The practice can't be read.
        """
        return self.known_now(()).floor

    def details(self, key: ApiKey) -> UseDetails:
        """Count what is counted only for a key that an admin looks at.

        Raises:
            PracticeUnavailable: The practice or the companion can't be read.
            NotPermitted: The database user may not read the Audit Trail.
        """
        names = self._names([key.developer]).get(key.developer, {})
        with self._practice.read() as connection:
            now, _oldest = now_and_oldest(self._practice, connection)
        start = datetime(now.year, now.month, now.day) - timedelta(days=DAYS - 1)
        patients: set[int] = set()
        for since in (start + n * _WINDOW for n in range(DAYS // _WINDOW.days)):
            # One connection for each window, so that a writer is never kept waiting for all of them.
            with self._practice.read() as connection:
                patients |= read_patients(connection, names.values(), since, since + _WINDOW)
        if key.date_disabled is None or not key.status.disabled:
            return UseDetails(len(patients), None)
        return UseDetails(len(patients), *self._after(names, key.date_disabled))

    def after_disabled(self, key: ApiKey) -> tuple[int, datetime | None]:
        """Return the number of changes of a key's developer after the key was disabled, and the time of the last one.

        Both are as of the last reading of the Audit Trail, apart from the day on which the key was disabled.

        Raises:
            PracticeUnavailable: The practice or the companion can't be read.
            NotPermitted: The database user may not read the Audit Trail.
        """
        if key.date_disabled is None or not key.status.disabled:
            return 0, None
        return self._after(self._names([key.developer]).get(key.developer, {}), key.date_disabled)

    def former_names(self, developer: str) -> tuple[str, ...]:
        """Return the names that a developer had before, as an admin entered them.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        return self._remembered.former_names().get(developer.casefold(), ())

    def set_former_names(
        self, actor: Actor, developer: str, read: Iterable[str], names: Iterable[str]
    ) -> tuple[str, ...]:
        """Replace the names that a developer had before, with an audit entry, and return them.

        Args:
            actor: Who does it.
            developer: The developer.
            read: The names as they were shown.
            names: The names that are wanted.

        Raises:
            InvalidInput: As `checked_former_names` raises it.
            EditConflict: They were changed meanwhile.
            PracticeUnavailable: The practice or the companion can't be written.
            NotPermitted: This account may not write them.
        """
        from core.model.event_values import ListChange
        from core.model.review_events import FormerNamesChanged

        wanted = checked_former_names(developer, names)
        folded, before = developer.casefold(), self.former_names(developer)
        if set(before) == set(wanted):
            return before
        if set(before) != set(read):
            raise _changed_meanwhile(read, before, wanted)
        change = ListChange(
            tuple(name for name in wanted if name not in before), tuple(name for name in before if name not in wanted)
        )
        event, companion = FormerNamesChanged(developer, actor.user_name, change), self._companion
        mode = companion.write_mode
        with (
            self._practice.unit_of_work(actor, event, mode=mode, once=True) as work,
            companion.within(work) as connection,
        ):
            work.add_compensation(lambda _connection: self._put_back(folded, before, wanted))
            now = self._remembered.replace_former_names(connection, folded, wanted)
            if set(now) != set(before):
                raise _changed_meanwhile(before, now, wanted)
        return wanted

    def were_changed(self, event: FormerNamesChanged) -> bool:
        """Return True if a developer has the former names that an event's change gave it."""
        now = self.former_names(event.developer)
        return set(now) >= set(event.change.added) and not set(now) & set(event.change.removed)

    def _put_back(self, developer: str, before: tuple[str, ...], written: tuple[str, ...]) -> None:
        """Undo what was written, unless the practice's transaction covered it, or it wasn't written after all."""
        if self._companion.shared or set(self.former_names(developer)) != set(written):
            return
        with self._companion.write() as connection:
            self._remembered.replace_former_names(connection, developer, before)

    def _names(self, developers: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the names under which each developer's entries are found, by case-folded name."""
        former = self._remembered.former_names()
        return {
            developer: {name.casefold(): name for name in (developer, *former.get(developer.casefold(), ()))}
            for developer in developers
            if developer.strip()
        }

    def _after(self, names: Mapping[str, str], disabled: datetime) -> tuple[int, datetime | None]:
        """Return the number of changes after a time, and the time of the last one."""
        next_day = datetime(disabled.year, disabled.month, disabled.day) + timedelta(days=1)
        with self._practice.read() as connection:
            rows = read_window(connection, names, disabled + timedelta(seconds=1), next_day)
        rows += self._remembered.days(names, next_day.date())
        return sum(row.entries for row in rows), max((row.last for row in rows), default=None)


def checked_former_names(developer: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that a developer had before: each once, and without spaces around it.

    Raises:
        InvalidInput: A name is too long or has characters that can't be printed, or there are too many; the field is
            `names`.
    """
    by_folded = {name.strip().casefold(): name.strip() for name in names if name.strip()}
    by_folded.pop(developer.casefold(), None)
    wanted = tuple(by_folded.values())
    if len(wanted) > MAX_FORMER_NAMES or any(len(name) > MAX_LENGTH for name in wanted):
        raise InvalidInput(
            "names", "These are too many names, or one is too long.", f"Enter at most {MAX_FORMER_NAMES} names."
        )
    if not all(name.isprintable() for name in wanted):
        raise InvalidInput("names", "A name has characters that can't be printed.", "Remove them.")
    return wanted


def _changed_meanwhile(before: Iterable[str], now: Iterable[str], wanted: Iterable[str]) -> EditConflict:
    texts = ("; ".join(names) or "none" for names in (before, now, wanted))
    return EditConflict((Conflict("former names", *texts),))


def _floor(oldest: datetime | None, removals: Sequence[OldDataRemoval]) -> TrailFloor:
    if not removals:
        return TrailFloor(oldest)
    newest = removals[0]
    on = f" on {newest.moment:%Y-%m-%d}" if newest.moment else ""
    return TrailFloor(oldest, f"{newest.user} removed entries up to {newest.written_day}{on}.")


def _use(
    names: Collection[str],
    ranges: Mapping[str, TrailRange],
    lifetimes: Mapping[str, Lifetime],
    days: list[DayUse],
    today: date,
) -> DeveloperUse:
    read = TrailRange(
        max(ranges[name].since for name in names),
        min(ranges[name].until for name in names),
        all(ranges[name].complete for name in names),
    )
    lives = [lifetimes[name] for name in names if name in lifetimes]
    recent = _use_in_period(days, today - timedelta(days=DAYS - 1), today)
    return DeveloperUse(
        read,
        min((life.first for life in lives), default=None),
        max((life.last for life in lives), default=None),
        recent.per_day,
        recent.kinds,
        recent.computers,
    )


def _use_in_period(days: Iterable[DayUse], since: date, until: date) -> PeriodUse:
    per_day, kinds, computers = Counter[date](), Counter[int](), Counter[str]()
    last: datetime | None = None
    for row in days:
        per_day[row.day] += row.entries
        kinds[row.permission] += row.entries
        computers[row.computer] += row.entries
        last = max(last or row.last, row.last)
    return PeriodUse(
        tuple(per_day[since + timedelta(days=n)] for n in range((until - since).days + 1)),
        dict(kinds.most_common()),
        tuple(name for name, _ in computers.most_common() if name),
        last,
    )
