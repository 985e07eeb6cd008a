"""The stored hashes of a practice whose `securityloghash` lacks the index on the entries' numbers.

Without it, the server reads the whole table for each range of entries that is joined to it. Here the table is read in
one pass for many ranges of entries, in the order of its own key, and the hashes are joined in Python. The memory for
them is bounded, so a large trail takes several passes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from core.audit.entry_mapper import STORED_MOMENT, select_unhashed_rows, with_hash
from core.audit.range_size import RangeSize
from core.audit.row_ranges import NumberScan
from core.audit.verification_report import FirstHash
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH
from core.practice.indexes import missing_indexes

MAX_NUMBERS = 200_000
"""The number of entries whose hashes are kept at once."""
_WHOLE_TABLE = 2**31 - 1
_NUMBER = SECURITY_LOG_HASH.c.security_log_num
_KEY = SECURITY_LOG_HASH.c.security_log_hash_num


class UnindexedHashes:
    """The hashes of some entries, read in passes over the whole table.

    Args:
        round_trip: The seconds that a statement takes that reads no row.
        has_key: False if the table lacks its primary key as well, so that it can only be read as a whole.
    """

    def __init__(self, round_trip: float, *, has_key: bool) -> None:
        self._round_trip = round_trip
        self._has_key = has_key
        self._hashes: dict[int, list[str | None]] = {}
        self._low, self._high = 0, -1
        self._only: frozenset[int] | None = None
        self._pass: _Pass | None = None
        self._orphans: dict[int, None] = {}

    @classmethod
    def if_needed(cls, connection: Connection, round_trip: float) -> UnindexedHashes | None:
        """Return the hashes of a practice that lacks the index; None if it has it. An SQLite practice always has it."""
        if connection.dialect.name == "sqlite":
            return None
        missing = {each.column for each in missing_indexes(connection) if each.table == SECURITY_LOG_HASH.name}
        return cls(round_trip, has_key=_KEY.name not in missing) if _NUMBER.name in missing else None

    # -- hashes of entries -----------------------------------------------------------

    @property
    def is_reading(self) -> bool:
        """True while a pass is not complete."""
        return self._pass is not None

    def cover(self, numbers: Collection[int], *, descending: bool) -> bool:
        """Return True if the hashes of all these entries are kept. Otherwise, begin a pass that reads them.

        Args:
            numbers: The numbers of the entries.
            descending: True if entries with smaller numbers come next; their hashes are read in the same pass.
        """
        if not numbers or self._covers(numbers):
            return True
        low, high = min(numbers), max(numbers)
        # Numbers far apart are random ones, or some of another time are among these.
        only = frozenset(numbers) if high - low >= MAX_NUMBERS else None
        if only is None and descending:
            low = high - MAX_NUMBERS + 1
        elif only is None:
            high = low + MAX_NUMBERS - 1
        self._begin(low, high, only)
        return False

    def read_on(self, connection: Connection) -> None:
        """Read one range of the pass that was begun."""
        if self._pass is None:
            return
        query = select(_NUMBER, SECURITY_LOG_HASH.c.log_hash).where(_NUMBER.between(self._low, self._high))
        for number, stored in self._pass.read(connection, query):
            if self._only is None or number in self._only:
                self._hashes.setdefault(number, []).append(stored)
        if self._pass.complete:
            self._pass = None

    def read_now(self, connection: Connection, numbers: Collection[int]) -> None:
        """Read the hashes of these entries as they are now, in a whole pass."""
        self._begin(min(numbers, default=0), max(numbers, default=-1), frozenset(numbers))
        while self._pass is not None:
            self.read_on(connection)

    def rows(self, connection: Connection, *conditions: ColumnElement[bool]) -> list[Sequence[Any]]:
        """Read entries as `select_rows` would return them. Their hashes must be covered."""
        entries = connection.execute(select_unhashed_rows().where(*conditions))
        return [with_hash(entry, stored) for entry in entries for stored in self._hashes.get(entry[0], (None,))]

    def read_first_hash(self, connection: Connection, *, numbers_grow: bool) -> FirstHash | None:
        """Return the first entry that has a hash; None if there is none."""
        number = SECURITY_LOG.c.security_log_num
        first = select(func.min(number)) if numbers_grow else select(func.min(STORED_MOMENT))
        query = first.select_from(SECURITY_LOG_HASH).join(SECURITY_LOG, number == _NUMBER)
        if not numbers_grow:
            query = query.where(STORED_MOMENT >= "1880-01-01")
        whole = self._new_pass()
        found: list[Any] = []
        while not whole.complete:
            found += [value for (value,) in whole.read(connection, query) if value is not None]
        if not found:
            return None
        if not numbers_grow:
            return FirstHash(None, str(min(map(str, found))))
        moment = connection.scalar(select(STORED_MOMENT).where(number == min(found)))
        return FirstHash(min(found), str(moment))

    # -- orphaned hashes -------------------------------------------------------------

    def orphan_scan(self) -> NumberScan:
        """Return a scan of all hashes in the order of the table's own key."""
        return NumberScan(_KEY)

    def range_rows(self, rows: int) -> int:
        """Return the number of rows that can be read at once, if so many would be good."""
        return rows if self._has_key else _WHOLE_TABLE

    def new_orphans(self, numbers: Iterable[int]) -> list[int]:
        """Return those orphaned numbers that were not noted: hashes of one entry may be in different ranges."""
        return [number for number in numbers if number not in self._orphans]

    def note_orphans(self, numbers: Iterable[int]) -> None:
        """Note orphaned numbers. Only the last ones are kept, since hashes of one entry are written in a row."""
        self._orphans |= dict.fromkeys(numbers)
        for number in list(self._orphans)[: max(len(self._orphans) - MAX_NUMBERS, 0)]:
            del self._orphans[number]

    def _covers(self, numbers: Iterable[int]) -> bool:
        if self._pass is not None:
            return False
        if self._only is not None:
            return self._only.issuperset(numbers)
        return all(self._low <= number <= self._high for number in numbers)

    def _begin(self, low: int, high: int, only: frozenset[int] | None) -> None:
        self._low, self._high, self._only = low, high, only
        self._hashes = {}
        self._pass = self._new_pass() if low <= high else None

    def _new_pass(self) -> _Pass:
        return _Pass(self, RangeSize(self._round_trip))


class _Pass:
    """One pass over the table, in ranges that a statement reads in a short time."""

    def __init__(self, hashes: UnindexedHashes, size: RangeSize) -> None:
        self._hashes = hashes
        self._size = size
        self._scan = NumberScan(_KEY)
        self.complete = False

    def read(self, connection: Connection, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Run a query on the next range."""
        checked = self._scan.next_range(connection, self._hashes.range_rows(self._size.rows))
        rows = self._size.timed(connection, lambda: connection.execute(query.where(*checked.conditions)).all())
        self._scan.advance(checked)
        self.complete = checked.is_last
        return rows
