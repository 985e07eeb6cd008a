"""Checking the hash of every entry of the Audit Trail, or of those of some days.

The database computes the hashes and names only the doubtful entries, which are then confirmed here. It reads in
ranges that take a few hundredths of a second each: a MyISAM table is locked against writers while one is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.audit.entry_mapper import STORED_MOMENT, EntryMapper, select_rows
from core.audit.filter import AuditFilter
from core.audit.key_ranges import ByDate, ByNumber, Part, Ranges
from core.model.audit_entry import AuditEntry, Genuineness
from core.opendental.log_hash_sql import can_compute, seems_suspect
from core.opendental.schema import SecurityLog, SecurityLogHash
from core.practice.practice import Practice

LISTED = 1_000
"""So many altered entries are listed, and so many without a hash; all are counted."""
AIM_SECONDS = 0.03
"""How long one range shall take, so that writers wait for no longer."""
STEP_SECONDS = 0.4
"""How long one step takes, until one is told what is known."""
_FIRST_SIZE, _SMALLEST, _LARGEST = 1_000, 100, 20_000
_CONFIRMED_AT_ONCE = 500
# The share of the entries in the work; looking whether each hash has its entry is the rest.
_ENTRIES = 0.9


@dataclass(frozen=True)
class VerificationReport:
    """What is known so far; at the end, the result."""

    checked: int = 0
    altered: int = 0
    without_hash: int = 0
    gone: int | None = None
    """Hashes whose entry is not there any more; None where only some days were checked, since a hash has no date."""
    listed: tuple[AuditEntry, ...] = ()
    """The entries that are not genuine, the altered ones first; the first thousand of either kind."""
    gone_numbers: tuple[int, ...] = ()
    fraction: float = 0.0
    """How much of it is done, from 0 to 1."""
    done: bool = False

    @property
    def genuine(self) -> int:
        """How many entries are genuine."""
        return self.checked - self.altered - self.without_hash

    @property
    def clean(self) -> bool:
        """Whether nothing was found that should not be."""
        return not (self.altered or self.without_hash or self.gone)


class Verification:
    """One verification, done step by step; after an error the same step can be tried again.

    Args:
        practice: The open practice.
        wanted: The days; its other conditions do not count.
        maker: Makes the entries that are listed.
        seconds: A clock that only goes forward.
    """

    def __init__(
        self,
        practice: Practice,
        wanted: AuditFilter,
        maker: EntryMapper,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._practice = practice
        self._maker = maker
        self._seconds = seconds
        self._size = _FIRST_SIZE
        self._by_server: bool | None = None
        dated = wanted.since is not None or wanted.until is not None
        self._ranges: Ranges = ByDate(wanted) if dated else ByNumber(SecurityLog.security_log_num)
        self._hashes = None if dated else ByNumber(SecurityLogHash.security_log_num)
        self._found = _Found(counts_gone=not dated)

    def step(self) -> VerificationReport:
        """Check for less than half a second, and tell what is known then.

        Raises:
            PracticeUnavailable: The database cannot be read now; what was checked stays checked.
        """
        began = self._seconds()
        with self._practice.read() as session:
            if self._by_server is None:
                self._by_server = can_compute(session)
            while not self._found.complete:
                # One range at least: connecting alone may take longer than a step shall.
                self._check_range(session)
                if self._seconds() - began >= STEP_SECONDS:
                    break
        if self._found.complete and not self._found.done:
            # In a session of its own: within a transaction one would go on seeing what was there before.
            with self._practice.read() as session:
                self._found.settle(self._read(session, self._found.newest_unhashed))
        return self._found.report()

    def _check_range(self, session: Session) -> None:
        if self._found.entries_complete and self._hashes is not None:
            self._check_hashes(session, self._hashes)
            return
        began = self._seconds()
        part = self._ranges.next(session, self._size)
        suspects = self._suspects(session, part)
        self._adapt(began)
        read = self._confirmed(session, suspects)
        # From here on nothing fails: after an error the same range is checked again, and counted once.
        self._ranges.advance(part)
        self._found.add(part, read, suspects)

    def _check_hashes(self, session: Session, hashes: ByNumber) -> None:
        """Look for hashes whose entry is not there, in one range of them."""
        began = self._seconds()
        part = hashes.next(session, self._size)
        number = SecurityLogHash.security_log_num
        gone = (
            select(number)
            .outerjoin(SecurityLog, SecurityLog.security_log_num == number)
            .where(*part.conditions, SecurityLog.security_log_num.is_(None))
            .distinct()
        )
        found = sorted(session.scalars(gone))
        self._adapt(began)
        hashes.advance(part)
        self._found.add_gone(part, found)

    def _adapt(self, began: float) -> None:
        """Take larger ranges where one took less than it may, or smaller ones."""
        took = max(self._seconds() - began, 0.001)
        self._size = max(_SMALLEST, min(_LARGEST, int(self._size * min(4.0, AIM_SECONDS / took))))

    def _suspects(self, session: Session, part: Part) -> dict[int, _Suspect]:
        """The entries that are doubtful, by their numbers."""
        if not self._by_server:
            rows = session.execute(select_rows().where(*part.conditions)).all()
            doubtful = (each for each in self._maker.entries(rows) if each.genuineness is not Genuineness.GENUINE)
            return {each.number: _Suspect(each.stored_moment, bool(each.stored_hashes)) for each in doubtful}
        query = (
            select(SecurityLog.security_log_num, STORED_MOMENT, SecurityLogHash.security_log_num)
            .outerjoin(SecurityLogHash, SecurityLogHash.security_log_num == SecurityLog.security_log_num)
            .where(*part.conditions, seems_suspect(session.get_bind().dialect))
        )
        found = session.execute(query).all()
        return {number: _Suspect(str(moment), hashed is not None) for number, moment, hashed in found}

    def _confirmed(self, session: Session, suspects: dict[int, _Suspect]) -> list[AuditEntry]:
        """The suspects that have a hash, and as many of those without one as are still to be listed, read again."""
        hashed = [number for number, suspect in suspects.items() if suspect.has_hash]
        bare = [number for number, suspect in suspects.items() if not suspect.has_hash]
        return self._read(session, hashed + bare[: self._found.room])

    def _read(self, session: Session, numbers: Sequence[int]) -> list[AuditEntry]:
        entries: list[AuditEntry] = []
        for start in range(0, len(numbers), _CONFIRMED_AT_ONCE):
            wanted = numbers[start : start + _CONFIRMED_AT_ONCE]
            rows = session.execute(select_rows().where(SecurityLog.security_log_num.in_(wanted))).all()
            entries += self._maker.entries(rows)
        return entries


@dataclass(frozen=True)
class _Suspect:
    """An entry that the database finds doubtful."""

    moment: str
    has_hash: bool


class _Found:
    """What was found so far.

    Args:
        counts_gone: Whether hashes without their entry are counted.
    """

    def __init__(self, *, counts_gone: bool) -> None:
        self._counts_gone = counts_gone
        self.without_hash: list[AuditEntry] = []
        self.entries_complete = False
        self.complete = False
        self.done = False
        self._newest_bare: list[tuple[str, int]] = []
        self._altered: list[AuditEntry] = []
        self._gone_numbers: list[int] = []
        self._checked = self._altered_count = self._bare_count = self._gone_count = 0
        self._fraction = 0.0

    @property
    def room(self) -> int:
        """How many entries without a hash are still to be listed."""
        return LISTED - len(self.without_hash)

    @property
    def newest_unhashed(self) -> list[int]:
        """The newest entries without a hash: Open Dental writes it a moment after the entry."""
        return [number for _, number in self._newest_bare]

    def add(self, part: Part, read: Sequence[AuditEntry], suspects: dict[int, _Suspect]) -> None:
        """Count what a range held.

        Args:
            part: The range.
            read: Suspects read again, which may be genuine; those left out have no hash.
            suspects: All of them.
        """
        known = {entry.number for entry in read}
        bare = {
            number: suspect.moment
            for number, suspect in suspects.items()
            if not suspect.has_hash and number not in known
        }
        self._checked += part.count
        self._bare_count += len(bare)
        for entry in read:
            self._count(entry)
            if entry.genuineness is Genuineness.NO_HASH:
                bare[entry.number] = entry.stored_moment
        newest = [*self._newest_bare, *((moment, number) for number, moment in bare.items())]
        self._newest_bare = nlargest(_CONFIRMED_AT_ONCE, newest)
        self._fraction = part.fraction * (_ENTRIES if self._counts_gone else 1.0)
        self.entries_complete = part.last
        self.complete = part.last and not self._counts_gone

    def add_gone(self, part: Part, gone: Sequence[int]) -> None:
        """Count the entries that are gone of a range of hashes."""
        self._gone_count += len(gone)
        self._gone_numbers += gone[: LISTED - len(self._gone_numbers)]
        self._fraction = _ENTRIES + part.fraction * (1 - _ENTRIES)
        self.complete = part.last

    def settle(self, again: Iterable[AuditEntry]) -> None:
        """Count anew the entries that got a hash since they were looked at; then all is done."""
        hashed = {entry.number: entry for entry in again if entry.stored_hashes}
        self.without_hash = [entry for entry in self.without_hash if entry.number not in hashed]
        self._bare_count -= len(hashed)
        for entry in hashed.values():
            self._count(entry)
        self.done = True

    def _count(self, entry: AuditEntry) -> None:
        if entry.genuineness is Genuineness.ALTERED:
            self._altered_count += 1
            self._altered += [entry][: LISTED - len(self._altered)]
        elif entry.genuineness is Genuineness.NO_HASH:
            self._bare_count += 1
            self.without_hash += [entry][: self.room]

    def report(self) -> VerificationReport:
        """The same as a value."""
        return VerificationReport(
            checked=self._checked,
            altered=self._altered_count,
            without_hash=self._bare_count,
            gone=self._gone_count if self._counts_gone else None,
            listed=(*self._altered, *self.without_hash),
            gone_numbers=tuple(self._gone_numbers),
            fraction=self._fraction,
            done=self.done,
        )
