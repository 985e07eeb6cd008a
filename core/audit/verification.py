"""The verification of the hashes of all audit entries, or of those of some days.

The database computes the hashes and returns only the suspect entries, which are then checked in Python. It reads in
ranges whose size adapts to the time that they take, because a MyISAM table is locked for writers while it is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from core.audit.entry_mapper import STORED_MOMENT, EntryMapper, select_rows
from core.audit.filter import AuditFilter
from core.audit.open_numbers import OpenNumbers
from core.audit.paging import after_day
from core.audit.paired_reading import PairedReader
from core.audit.plausibility import Plausibility
from core.audit.range_reading import RangeContents, RangeReader
from core.audit.range_size import RangeSize, measure_round_trip
from core.audit.removals import read_duplicate_removals, read_old_data_removals
from core.audit.row_ranges import (
    DateScan,
    Limits,
    NumberScan,
    RangeScan,
    RowRange,
    first_number_from,
    numbers_around,
)
from core.audit.unindexed_hashes import UnindexedHashes
from core.audit.verification_report import Findings, FirstHash, Suspect, VerificationReport
from core.model.audit_entry import AuditEntry, HashStatus
from core.opendental.log_hash_sql import can_compute, seems_suspect
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH
from core.practice.practice import Practice

BATCH_SECONDS = 0.4
"""The time after which a batch ends, so that the progress can be shown."""
_ENTRIES_PER_QUERY = 500
_ROUND_TRIPS = 3


class Verification:
    """One verification, run in batches; after an error the same batch can be run again.

    Args:
        practice: The open practice.
        audit_filter: The days to verify, or all entries if it has no dates; its other conditions are ignored.
        mapper: Converts rows to entries.
        observer: Takes the entries with their digests, in the order of their numbers, if all entries are verified.
    """

    def __init__(
        self,
        practice: Practice,
        audit_filter: AuditFilter,
        mapper: EntryMapper,
        observer: Callable[[RangeContents], None] | None = None,
    ) -> None:
        self._practice = practice
        self._mapper = mapper
        self._range_size = RangeSize()
        self._computed_by_database: bool | None = None
        self._unindexed: UnindexedHashes | None = None
        self._reader: RangeReader | None = None
        self._pairs: PairedReader | None = None
        self._open_numbers = OpenNumbers()
        self._limits: Limits | None = None
        self._days = AuditFilter(since=audit_filter.since, until=audit_filter.until)
        self._numbers_grow = practice.profile.random_keys is None
        dated = self._days != AuditFilter()
        self._entry_scan: RangeScan = DateScan(self._days) if dated else NumberScan(SECURITY_LOG.c.security_log_num)
        # A hash has no date, but the numbers of the entries around these days tell which hashes belong to them.
        self._limits_hashes = dated and self._numbers_grow
        self._hash_scan: RangeScan = NumberScan(
            SECURITY_LOG_HASH.c.security_log_num, self._numbers_around if self._limits_hashes else None
        )
        self._orphans_of_any_day = dated and not self._numbers_grow
        self._observer = observer
        self._plausibility: Plausibility | None = None
        if not dated:
            self._plausibility = Plausibility(
                mapper.users.names, numbers_grow=self._numbers_grow, rolls_back=practice.profile.transactional
            )
        self._started = False
        self._kept_from: int | None = None
        self._findings = Findings()

    def run_batch(self) -> VerificationReport:
        """Check entries for about `BATCH_SECONDS`, at least one range, and return the result so far.

        Raises:
            PracticeUnavailable: The database can't be read; what has been checked is kept.
        """
        started = time.perf_counter()
        with self._practice.read() as connection:
            if not self._started:
                self._start(connection)
            while not self._findings.complete:
                # At least one range, since connecting alone may take longer than a batch should.
                self._check_range(connection)
                if time.perf_counter() - started >= BATCH_SECONDS:
                    break
        if self._findings.complete and not self._findings.done:
            # A new connection, because the transaction of the first one would not see hashes written meanwhile.
            with self._practice.read() as connection:
                if self._unindexed is not None:
                    self._unindexed.read_now(connection, self._findings.newest_unhashed)
                if self._plausibility is not None:
                    self._findings.plausibility = self._plausibility.report(self._kept_from)
                self._findings.recount(self.read_entries(connection, self._findings.newest_unhashed))
        return self._findings.report(orphans_of_any_day=self._orphans_of_any_day)

    def _start(self, connection: Connection) -> None:
        """Read what is needed to judge the findings, and how long a round trip to the database takes."""
        round_trip = min(measure_round_trip(connection) for _ in range(_ROUND_TRIPS))
        self._range_size = RangeSize(round_trip)
        self._computed_by_database = can_compute(connection)
        self._unindexed = UnindexedHashes.if_needed(connection, round_trip)
        if self._unindexed is not None:
            self._hash_scan = self._unindexed.orphan_scan()
        elif self._plausibility is not None and self._computed_by_database and connection.dialect.name != "sqlite":
            # SQLite calls Python for each hash, whichever way it finds the stored ones.
            self._pairs = PairedReader(ThreadPoolExecutor(1), digests=self._observer is not None)
        self._findings.first_hash = self._read_first_hash(connection)
        removals = read_old_data_removals(connection, self._mapper)
        self._findings.old_data_removals = tuple(each for each in removals if each.reaches(self._days.since))
        # Of the days that a date can mean, the earliest explains the least.
        last = max((each.days[0] for each in removals if each.days), default=None)
        after = after_day(last) if last is not None and self._numbers_grow else None
        self._kept_from = first_number_from(connection, after.moment) if after is not None else None
        self._started = True

    def _read_first_hash(self, connection: Connection) -> FirstHash | None:
        if self._unindexed is not None:
            return self._unindexed.read_first_hash(connection, numbers_grow=self._numbers_grow)
        joined = SECURITY_LOG_HASH.c.security_log_num == SECURITY_LOG.c.security_log_num
        query = select(SECURITY_LOG.c.security_log_num, STORED_MOMENT).join(SECURITY_LOG_HASH, joined).limit(1)
        if self._numbers_grow:
            first = connection.execute(query.order_by(SECURITY_LOG_HASH.c.security_log_num)).first()
        else:
            dated = STORED_MOMENT >= "1880-01-01"
            first = connection.execute(query.where(dated).order_by(SECURITY_LOG.c.log_date_time)).first()
        if first is None:
            return None
        return FirstHash(first[0] if self._numbers_grow else None, str(first[1]))

    def _numbers_around(self, connection: Connection) -> Limits:
        return numbers_around(connection, self._days)

    def _check_range(self, connection: Connection) -> None:
        if self._findings.entries_complete:
            self._find_orphans(connection)
            return
        if self._unindexed is not None and self._unindexed.is_reading:
            self._unindexed.read_on(connection)
            return
        checked = self._entry_scan.next_range(connection, self._range_size.rows)
        if not self._covers_hashes(connection, checked):
            return
        contents = self._read_contents(connection, checked)
        if checked.count is None:
            checked = replace(checked, count=len(contents.numbers))
        suspects = contents.suspects
        texts = self._read_own_texts(connection, contents.own)
        before_hashes = self._set_aside_before_hashes(suspects)
        reread = self._reread(connection, suspects)
        # Nothing fails from here on: after an error the same range is checked again, so it is counted only once.
        self._entry_scan.advance(checked)
        if contents.paired and checked.span is not None:
            self._open_numbers.close(checked.span)
        self._findings.add_range(checked, reread, suspects, before_hashes, paired=contents.paired)
        if self._pairs is not None and checked.is_last:
            self._hash_scan = self._open_numbers.hash_scan()
        if self._plausibility is not None:
            self._plausibility.add_order(contents.numbers, contents.moments)
            self._plausibility.add_texts(texts)
        if self._observer is not None:
            self._observer(contents)

    def _covers_hashes(self, connection: Connection, checked: RowRange) -> bool:
        """Return True if the hashes of a range can be read with it, or were read before it."""
        if self._unindexed is None:
            return True
        numbers = connection.scalars(select(SECURITY_LOG.c.security_log_num).where(*checked.conditions)).all()
        return self._unindexed.cover(numbers, descending=isinstance(self._entry_scan, DateScan))

    def _set_aside_before_hashes(self, suspects: dict[int, Suspect]) -> int:
        """Remove the entries from before Open Dental kept hashes from the suspects, and return their number."""
        first = self._findings.first_hash
        if first is None:
            return 0
        before = [
            number
            for number, suspect in suspects.items()
            if not suspect.has_hash and first.is_after(number, suspect.moment)
        ]
        for number in before:
            del suspects[number]
        return len(before)

    def _find_orphans(self, connection: Connection) -> None:
        """Find the hashes without an entry in one range of hashes, and what Open Dental noted about those entries."""
        scan, unindexed = self._hash_scan, self._unindexed
        rows = self._range_size.rows
        checked = scan.next_range(connection, rows if unindexed is None else unindexed.range_rows(rows))
        number = SECURITY_LOG_HASH.c.security_log_num
        orphans = (
            select(number)
            .outerjoin(SECURITY_LOG, SECURITY_LOG.c.security_log_num == number)
            .where(*checked.conditions, *self._hash_limits(connection), SECURITY_LOG.c.security_log_num.is_(None))
            .distinct()
        )
        numbers = sorted(self._range_size.timed(connection, lambda: connection.scalars(orphans).all()))
        if unindexed is not None:
            numbers = unindexed.new_orphans(numbers)
        duplicates = self._read_duplicates(connection, numbers)
        unexplained = [number for number in numbers if number not in duplicates]
        kept = [number for number in unexplained if self._kept_from is None or number >= self._kept_from]
        scan.advance(checked)
        if unindexed is not None:
            unindexed.note_orphans(numbers)
        if self._plausibility is not None:
            self._plausibility.add_known_removals(numbers)
        self._findings.add_orphans(checked, kept, list(duplicates.values()), len(unexplained) - len(kept))

    def _hash_limits(self, connection: Connection) -> Sequence[ColumnElement[bool]]:
        """Return the conditions for the hashes of some days, if the scan doesn't follow the entries' numbers."""
        if self._unindexed is None or not self._limits_hashes:
            return ()
        if self._limits is None:
            self._limits = self._numbers_around(connection)
        low, high = self._limits
        number = SECURITY_LOG_HASH.c.security_log_num
        return [*([] if low is None else [number > low]), *([] if high is None else [number < high])]

    def _read_duplicates(self, connection: Connection, numbers: Sequence[int]) -> dict[int, datetime]:
        removed = read_duplicate_removals(connection, numbers, self._practice.profile.tables)
        if removed is None:
            self._findings.maintenance_known = False
        return removed or {}

    def _read_contents(self, connection: Connection, checked: RowRange) -> RangeContents:
        """Read a range: only the suspects if not all entries are verified, otherwise also what shows their order."""
        if self._plausibility is None:
            return RangeContents((), (), suspects=self._find_suspects(connection, checked))
        if self._pairs is not None:
            contents = self._pairs.read(connection, checked, self._range_size.timed)
            if contents is not None:
                return contents if contents.paired else self._with_suspects(connection, contents)
        with_hashes = self._unindexed is None and bool(self._computed_by_database)
        if self._reader is None:
            self._reader = RangeReader(
                computed_by_database=bool(self._computed_by_database),
                hashes=with_hashes,
                digests=self._observer is not None,
            )
        reader = self._reader
        if with_hashes:
            contents = self._range_size.timed(connection, lambda: reader.read(connection, checked.conditions))
            if self._pairs is not None:
                self._pairs.note(contents)
            return contents
        suspects = self._find_suspects(connection, checked)
        return replace(reader.read(connection, checked.conditions), suspects=suspects)

    def _with_suspects(self, connection: Connection, contents: RangeContents) -> RangeContents:
        """Return the contents with the suspects, looked for in two parts: joining the hashes takes longer."""
        numbers, number = contents.numbers, SECURITY_LOG.c.security_log_num
        half = len(numbers) // 2
        found: dict[int, Suspect] = {}
        for part in (numbers[:half], numbers[half:]):
            if part:
                found |= self._read_suspects(connection, number.between(part[0], part[-1]))
        # Entries may have been written among them meanwhile.
        known = {*numbers}
        suspects = {number: suspect for number, suspect in found.items() if number in known}
        return replace(contents, suspects=suspects)

    def _read_own_texts(self, connection: Connection, numbers: Sequence[int]) -> list[tuple[int, int, str]]:
        """Return the numbers, the users' numbers and the texts of entries."""
        log = SECURITY_LOG.c
        query = select(log.security_log_num, log.user_num, log.log_text).order_by(log.security_log_num)
        found: list[tuple[int, int, str]] = []
        for start in range(0, len(numbers), _ENTRIES_PER_QUERY):
            batch = numbers[start : start + _ENTRIES_PER_QUERY]
            rows = connection.execute(query.where(log.security_log_num.in_(batch)))
            found += [(number, user, text or "") for number, user, text in rows]
        return found

    def _find_suspects(self, connection: Connection, checked: RowRange) -> dict[int, Suspect]:
        """Return the entries of a range whose hash seems to be missing or not to match, by number."""
        if self._unindexed is not None or not self._computed_by_database:
            rows = self._range_size.timed(connection, lambda: self._read_rows(connection, *checked.conditions))
            entries = (each for each in self._mapper.entries(rows) if each.hash_status is not HashStatus.MATCHES)
            return {each.number: Suspect(each.stored_moment, bool(each.stored_hashes)) for each in entries}
        return self._range_size.timed(connection, lambda: self._read_suspects(connection, *checked.conditions))

    def _read_suspects(self, connection: Connection, *conditions: ColumnElement[bool]) -> dict[int, Suspect]:
        query = (
            select(SECURITY_LOG.c.security_log_num, STORED_MOMENT, SECURITY_LOG_HASH.c.security_log_num)
            .outerjoin(SECURITY_LOG_HASH, SECURITY_LOG_HASH.c.security_log_num == SECURITY_LOG.c.security_log_num)
            .where(*conditions, seems_suspect(connection.dialect))
        )
        suspects = connection.execute(query).all()
        return {number: Suspect(str(moment), hashed is not None) for number, moment, hashed in suspects}

    def _reread(self, connection: Connection, suspects: dict[int, Suspect]) -> list[AuditEntry]:
        """Read again the suspects with a hash, and as many of those without one as can still be listed.

        They are returned in the order of the scan, so that the list doesn't depend on the size of the ranges.
        """
        numbers = self._entry_scan.in_order({number: suspect.moment for number, suspect in suspects.items()})
        hashed = [number for number in numbers if suspects[number].has_hash]
        unhashed = [number for number in numbers if not suspects[number].has_hash]
        return self.read_entries(connection, hashed + unhashed[: self._findings.unhashed_capacity])

    def read_entries(self, connection: Connection, numbers: Sequence[int]) -> list[AuditEntry]:
        """Return the entries of some numbers, in the order of these."""
        entries: list[AuditEntry] = []
        for start in range(0, len(numbers), _ENTRIES_PER_QUERY):
            batch = numbers[start : start + _ENTRIES_PER_QUERY]
            entries += self._mapper.entries(self._read_rows(connection, SECURITY_LOG.c.security_log_num.in_(batch)))
        position = {number: index for index, number in enumerate(numbers)}
        return sorted(entries, key=lambda entry: position[entry.number])

    def _read_rows(self, connection: Connection, *conditions: ColumnElement[bool]) -> Sequence[Sequence[Any]]:
        if self._unindexed is not None:
            return self._unindexed.rows(connection, *conditions)
        return connection.execute(select_rows().where(*conditions)).all()
