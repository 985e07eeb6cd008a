"""The verification of the hashes of all audit entries, or of those of some days.

The database computes the hashes and returns only the suspect entries, which are then checked in Python. It reads in
ranges that take a few hundredths of a second each, because a MyISAM table is locked for writers while it is read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.audit.entry_mapper import STORED_MOMENT, EntryMapper, select_rows
from core.audit.filter import AuditFilter
from core.audit.row_ranges import DateScan, NumberScan, RangeScan, RowRange
from core.model.audit_entry import AuditEntry, Genuineness
from core.opendental.log_hash_sql import can_compute, seems_suspect
from core.opendental.schema import SecurityLog, SecurityLogHash
from core.practice.practice import Practice

MAX_LISTED = 1_000
"""The maximum number of altered entries that are listed, and of entries without a hash; all of them are counted."""
BATCH_SECONDS = 0.4
"""The time after which a batch ends, so that the progress can be shown."""
RANGE_SECONDS = 0.03
"""The time that one range should take, which is also how long writers may have to wait for it."""
FIRST_RANGE_ROWS, MIN_RANGE_ROWS, MAX_RANGE_ROWS = 1_000, 100, 20_000
_ENTRIES_PER_QUERY = 500
# The part of the progress that stands for checking the entries; the rest is for finding orphaned hashes.
_ENTRIES_FRACTION = 0.9


@dataclass(frozen=True)
class VerificationReport:
    """The result of a verification, or its intermediate result if `done` is False."""

    checked: int = 0
    altered: int = 0
    without_hash: int = 0
    orphaned: int | None = None
    """The number of deleted entries whose hashes still exist; None if only some days are verified, since a hash has no
    date."""
    listed: tuple[AuditEntry, ...] = ()
    """The entries that are not genuine, altered ones first; at most `MAX_LISTED` of either kind."""
    orphaned_numbers: tuple[int, ...] = ()
    """The numbers of deleted entries whose hashes still exist; at most `MAX_LISTED`."""
    fraction: float = 0.0
    """The progress from 0 to 1."""
    done: bool = False

    @property
    def genuine(self) -> int:
        """The number of genuine entries."""
        return self.checked - self.altered - self.without_hash

    @property
    def clean(self) -> bool:
        """True if all entries are genuine and no orphaned hash was found."""
        return not (self.altered or self.without_hash or self.orphaned)


class Verification:
    """One verification, run in batches; after an error the same batch can be run again.

    Args:
        practice: The open practice.
        audit_filter: The days to verify, or all entries if it has no dates; its other conditions are ignored.
        mapper: Converts rows to entries.
    """

    def __init__(self, practice: Practice, audit_filter: AuditFilter, mapper: EntryMapper) -> None:
        self._practice = practice
        self._mapper = mapper
        self._range_rows = FIRST_RANGE_ROWS
        self._computed_by_database: bool | None = None
        dated = audit_filter.since is not None or audit_filter.until is not None
        self._entry_scan: RangeScan = DateScan(audit_filter) if dated else NumberScan(SecurityLog.security_log_num)
        self._hash_scan = None if dated else NumberScan(SecurityLogHash.security_log_num)
        self._findings = _Findings(finds_orphans=not dated)

    def run_batch(self) -> VerificationReport:
        """Check entries for about `BATCH_SECONDS`, at least one range, and return the result so far.

        Raises:
            PracticeUnavailable: The database can't be read; what has been checked is kept.
        """
        started = time.perf_counter()
        with self._practice.read() as session:
            if self._computed_by_database is None:
                self._computed_by_database = can_compute(session)
            while not self._findings.complete:
                # At least one range, since connecting alone may take longer than a batch should.
                self._check_range(session)
                if time.perf_counter() - started >= BATCH_SECONDS:
                    break
        if self._findings.complete and not self._findings.done:
            # A new session, because the transaction of the first one would not see hashes that were written meanwhile.
            with self._practice.read() as session:
                self._findings.recount(self._read_entries(session, self._findings.newest_unhashed))
        return self._findings.report()

    def _check_range(self, session: Session) -> None:
        if self._findings.entries_complete and self._hash_scan is not None:
            self._find_orphans(session, self._hash_scan)
            return
        started = time.perf_counter()
        checked = self._entry_scan.next_range(session, self._range_rows)
        suspects = self._find_suspects(session, checked)
        self._adapt_range(started)
        reread = self._reread(session, suspects)
        # Nothing fails from here on: after an error the same range is checked again, so it is counted only once.
        self._entry_scan.advance(checked)
        self._findings.add_range(checked, reread, suspects)

    def _find_orphans(self, session: Session, scan: NumberScan) -> None:
        """Find the hashes without an entry in one range of hashes."""
        started = time.perf_counter()
        checked = scan.next_range(session, self._range_rows)
        number = SecurityLogHash.security_log_num
        orphans = (
            select(number)
            .outerjoin(SecurityLog, SecurityLog.security_log_num == number)
            .where(*checked.conditions, SecurityLog.security_log_num.is_(None))
            .distinct()
        )
        numbers = sorted(session.scalars(orphans))
        self._adapt_range(started)
        scan.advance(checked)
        self._findings.add_orphans(checked, numbers)

    def _adapt_range(self, started: float) -> None:
        """Adapt the size of the next range to the time that this one took."""
        seconds = max(time.perf_counter() - started, 0.001)
        rows = int(self._range_rows * min(4.0, RANGE_SECONDS / seconds))
        self._range_rows = max(MIN_RANGE_ROWS, min(MAX_RANGE_ROWS, rows))

    def _find_suspects(self, session: Session, checked: RowRange) -> dict[int, _Suspect]:
        """Return the entries of a range that seem not to be genuine, by number."""
        if not self._computed_by_database:
            rows = session.execute(select_rows().where(*checked.conditions)).all()
            entries = (each for each in self._mapper.entries(rows) if each.genuineness is not Genuineness.GENUINE)
            return {each.number: _Suspect(each.stored_moment, bool(each.stored_hashes)) for each in entries}
        query = (
            select(SecurityLog.security_log_num, STORED_MOMENT, SecurityLogHash.security_log_num)
            .outerjoin(SecurityLogHash, SecurityLogHash.security_log_num == SecurityLog.security_log_num)
            .where(*checked.conditions, seems_suspect(session.get_bind().dialect))
        )
        suspects = session.execute(query).all()
        return {number: _Suspect(str(moment), hashed is not None) for number, moment, hashed in suspects}

    def _reread(self, session: Session, suspects: dict[int, _Suspect]) -> list[AuditEntry]:
        """Read again the suspects with a hash, and as many of those without one as can still be listed."""
        hashed = [number for number, suspect in suspects.items() if suspect.has_hash]
        unhashed = [number for number, suspect in suspects.items() if not suspect.has_hash]
        return self._read_entries(session, hashed + unhashed[: self._findings.unhashed_capacity])

    def _read_entries(self, session: Session, numbers: Sequence[int]) -> list[AuditEntry]:
        entries: list[AuditEntry] = []
        for start in range(0, len(numbers), _ENTRIES_PER_QUERY):
            batch = numbers[start : start + _ENTRIES_PER_QUERY]
            rows = session.execute(select_rows().where(SecurityLog.security_log_num.in_(batch))).all()
            entries += self._mapper.entries(rows)
        return entries


@dataclass(frozen=True)
class _Suspect:
    """An entry that seems not to be genuine according to the database."""

    moment: str
    has_hash: bool


class _Findings:
    """The findings of a verification so far.

    Args:
        finds_orphans: True if orphaned hashes are looked for after the entries have been checked.
    """

    def __init__(self, *, finds_orphans: bool) -> None:
        self._finds_orphans = finds_orphans
        self.entries_complete = False
        self.complete = False
        self.done = False
        self._newest_unhashed: list[tuple[str, int]] = []
        self._altered: list[AuditEntry] = []
        self._unhashed: list[AuditEntry] = []
        self._orphaned_numbers: list[int] = []
        self._checked = self._altered_count = self._unhashed_count = self._orphaned_count = 0
        self._fraction = 0.0

    @property
    def unhashed_capacity(self) -> int:
        """The number of entries without a hash that can still be listed."""
        return MAX_LISTED - len(self._unhashed)

    @property
    def newest_unhashed(self) -> list[int]:
        """The numbers of the newest entries without a hash, since Open Dental writes the hash just after the entry."""
        return [number for _, number in self._newest_unhashed]

    def add_range(self, checked: RowRange, reread: Sequence[AuditEntry], suspects: dict[int, _Suspect]) -> None:
        """Add the findings in a range of entries.

        Args:
            checked: The range.
            reread: The suspects that were read again, some of which may be genuine; the others have no hash.
            suspects: All suspects in the range.
        """
        known = {entry.number for entry in reread}
        unhashed = {
            number: suspect.moment
            for number, suspect in suspects.items()
            if not suspect.has_hash and number not in known
        }
        self._checked += checked.count
        self._unhashed_count += len(unhashed)
        for entry in reread:
            self._count(entry)
            if entry.genuineness is Genuineness.NO_HASH:
                unhashed[entry.number] = entry.stored_moment
        newest = [*self._newest_unhashed, *((moment, number) for number, moment in unhashed.items())]
        self._newest_unhashed = nlargest(_ENTRIES_PER_QUERY, newest)
        self._fraction = checked.fraction * (_ENTRIES_FRACTION if self._finds_orphans else 1.0)
        self.entries_complete = checked.is_last
        self.complete = checked.is_last and not self._finds_orphans

    def add_orphans(self, checked: RowRange, numbers: Sequence[int]) -> None:
        """Add the numbers of deleted entries that were found in a range of hashes."""
        self._orphaned_count += len(numbers)
        self._orphaned_numbers += numbers[: MAX_LISTED - len(self._orphaned_numbers)]
        self._fraction = _ENTRIES_FRACTION + checked.fraction * (1 - _ENTRIES_FRACTION)
        self.complete = checked.is_last

    def recount(self, reread: Iterable[AuditEntry]) -> None:
        """Count again those entries without a hash that have one now, and finish."""
        hashed = {entry.number: entry for entry in reread if entry.stored_hashes}
        self._unhashed = [entry for entry in self._unhashed if entry.number not in hashed]
        self._unhashed_count -= len(hashed)
        for entry in hashed.values():
            self._count(entry)
        self.done = True

    def _count(self, entry: AuditEntry) -> None:
        if entry.genuineness is Genuineness.ALTERED:
            self._altered_count += 1
            self._altered += [entry][: MAX_LISTED - len(self._altered)]
        elif entry.genuineness is Genuineness.NO_HASH:
            self._unhashed_count += 1
            self._unhashed += [entry][: self.unhashed_capacity]

    def report(self) -> VerificationReport:
        """Return the findings as a report."""
        return VerificationReport(
            checked=self._checked,
            altered=self._altered_count,
            without_hash=self._unhashed_count,
            orphaned=self._orphaned_count if self._finds_orphans else None,
            listed=(*self._altered, *self._unhashed),
            orphaned_numbers=tuple(self._orphaned_numbers),
            fraction=self._fraction,
            done=self.done,
        )
