"""The use that was read so far, kept in the companion so that later starts continue from there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import TypeVar

from sqlalchemy import Connection, StaticPool, create_engine, delete, func, insert, select, update

from core.base.errors import NotPermitted
from core.companion.store import Companion
from core.companion.tables.use import FORMER_NAME, USE_DAY, USE_RANGE
from core.model.developer_use import TrailRange
from core.use.trail_reader import DayUse

_logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """The part of the Audit Trail that was read for a name before a window, and the part that was read after it."""

    before: TrailRange | None
    after: TrailRange


@dataclass(frozen=True)
class Lifetime:
    """The first and the last change of a name."""

    first: datetime
    last: datetime


class RememberedUse:
    """Keeps what was read, in the companion, or until the end of the process if that can't be written.

    Args:
        companion: The companion database.
    """

    def __init__(self, companion: Companion) -> None:
        self._companion = companion
        self._own: _OwnStore | None = None
        self._lock = Lock()

    def ranges(self, names: Collection[str]) -> dict[str, TrailRange]:
        """Return the part of the Audit Trail that was read for each of some names, which are case-folded.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        return self._read(lambda connection: _read_ranges(connection, names))

    def add(self, progress: Mapping[str, Progress], rows: Sequence[DayUse], renewed_from: date | None) -> bool:
        """Add what was read in a window of time.

        Args:
            progress: The progress of each name whose entries were read.
            rows: What was read, by case-folded name.
            renewed_from: The first day of the window if the whole day is read again; None to add to what is there.

        Returns:
            False if another program read on in the meantime; then nothing was added.

        Raises:
            PracticeUnavailable: The companion can't be written.
        """
        return self._write(lambda connection: _add(connection, progress, rows, renewed_from))

    def days(self, names: Collection[str], since: date) -> tuple[DayUse, ...]:
        """Return the changes of some names from a day on."""
        each = USE_DAY.c
        columns = (each.name, each.day, each.permission, each.computer, each.entries, each.first_at, each.last_at)
        query = select(*columns).where(each.name.in_(names), each.day >= since)
        return self._read(lambda connection: tuple(DayUse(*row) for row in connection.execute(query)))

    def lifetimes(self, names: Collection[str]) -> dict[str, Lifetime]:
        """Return the first and the last change of each of some names; names without changes are left out."""
        columns = (USE_DAY.c.name, func.min(USE_DAY.c.first_at), func.max(USE_DAY.c.last_at))
        query = select(*columns).where(USE_DAY.c.name.in_(names)).group_by(USE_DAY.c.name)
        return self._read(
            lambda connection: {name: Lifetime(first, last) for name, first, last in connection.execute(query)}
        )

    def former_names(self) -> dict[str, tuple[str, ...]]:
        """Return the former names of each developer that has some, by the developer's case-folded name."""

        def read(connection: Connection) -> dict[str, tuple[str, ...]]:
            found: dict[str, tuple[str, ...]] = {}
            for developer, name in connection.execute(
                select(FORMER_NAME.c.developer, FORMER_NAME.c.former_name).order_by(FORMER_NAME.c.former_name)
            ):
                found[developer] = (*found.get(developer, ()), name)
            return found

        return self._read(read)

    def replace_former_names(self, connection: Connection, developer: str, names: Iterable[str]) -> tuple[str, ...]:
        """Replace the former names of a developer, over a connection that writes to the companion.

        Args:
            connection: The connection.
            developer: The developer's case-folded name.
            names: The former names.

        Returns:
            The names that were there before.
        """
        is_developer = FORMER_NAME.c.developer == developer
        before = tuple(
            connection.scalars(
                select(FORMER_NAME.c.former_name).where(is_developer).order_by(FORMER_NAME.c.former_name)
            )
        )
        rows = [{"developer": developer, "former_name": name} for name in names]
        connection.execute(delete(FORMER_NAME).where(is_developer))
        if rows:
            connection.execute(insert(FORMER_NAME), rows)
        return before

    def _read(self, read: Callable[[Connection], T]) -> T:
        if self._own is not None:
            return self._own.run(read)
        with self._companion.read() as connection:
            return read(connection)

    def _write(self, write: Callable[[Connection], T]) -> T:
        with self._lock:
            if self._own is None:
                try:
                    with self._companion.write() as connection:
                        return write(connection)
                except NotPermitted as error:
                    _logger.warning("The use of keys is remembered only until this program ends: %s", error)
                    self._own = _OwnStore(self._companion)
            return self._own.run(write)


class _OwnStore:
    """A copy of the companion's tables in this process, for a companion that can't be written.

    Args:
        companion: The companion, from which it starts.
    """

    def __init__(self, companion: Companion) -> None:
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self._lock = Lock()
        with companion.read() as source, self._engine.begin() as target:
            for table in (USE_DAY, USE_RANGE, FORMER_NAME):
                table.create(target)
                rows = [dict(row._mapping) for row in source.execute(select(table))]
                if rows:
                    target.execute(insert(table), rows)

    def run(self, statements: Callable[[Connection], T]) -> T:
        with self._lock, self._engine.begin() as connection:
            return statements(connection)


def _read_ranges(connection: Connection, names: Collection[str]) -> dict[str, TrailRange]:
    columns = (USE_RANGE.c.name, USE_RANGE.c.since, USE_RANGE.c.until, USE_RANGE.c.complete)
    rows = connection.execute(select(*columns).where(USE_RANGE.c.name.in_(names)))
    return {name: TrailRange(since, until, bool(complete)) for name, since, until, complete in rows}


def _add(
    connection: Connection, progress: Mapping[str, Progress], rows: Sequence[DayUse], renewed_from: date | None
) -> bool:
    stored = _read_ranges(connection, progress.keys())
    if any(stored.get(name) != each.before for name, each in progress.items()):
        return False
    if renewed_from is not None:
        connection.execute(delete(USE_DAY).where(USE_DAY.c.name.in_(progress), USE_DAY.c.day >= renewed_from))
    for row in rows:
        _add_row(connection, row)
    connection.execute(delete(USE_RANGE).where(USE_RANGE.c.name.in_(progress)))
    connection.execute(
        insert(USE_RANGE),
        [
            {"name": name, "since": each.after.since, "until": each.after.until, "complete": int(each.after.complete)}
            for name, each in progress.items()
        ],
    )
    return True


def _add_row(connection: Connection, row: DayUse) -> None:
    """Add to the row of the same day, kind and computer, of which an earlier window may have had a part."""
    columns = USE_DAY.c
    same = (
        columns.name == row.name,
        columns.day == row.day,
        columns.permission == row.permission,
        columns.computer == row.computer,
    )
    before = connection.execute(select(columns.entries, columns.first_at, columns.last_at).where(*same)).one_or_none()
    values = {"entries": row.entries, "first_at": row.first, "last_at": row.last}
    if before is None:
        key = {"name": row.name, "day": row.day, "permission": row.permission, "computer": row.computer}
        connection.execute(insert(USE_DAY).values(**key, **values))
        return
    entries, first, last = before
    values = {"entries": entries + row.entries, "first_at": min(first, row.first), "last_at": max(last, row.last)}
    connection.execute(update(USE_DAY).where(*same).values(**values))
