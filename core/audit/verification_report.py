"""The findings of a verification of the Audit Trail: counted as they come, and reported at any time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nlargest

from core.audit.plausibility import PlausibilityReport
from core.audit.removals import DuplicateRemovals, OldDataRemoval
from core.audit.row_ranges import RowRange
from core.model.audit_entry import AuditEntry, HashStatus

MAX_LISTED = 1_000
"""The maximum number of altered entries that are listed, and of entries without a hash; all of them are counted."""
MAX_RECOUNTED = 500
"""The maximum number of entries without a hash that are read once more at the end."""
# The part of the progress that stands for checking entries; the rest is for finding orphaned hashes, if they weren't
# looked for with the entries.
_ENTRIES_FRACTION = 0.9


@dataclass(frozen=True)
class FirstHash:
    """The first entry of the trail that has a hash. Open Dental kept none before."""

    number: int | None
    """Its number; None if the practice uses random numbers, which don't grow with time."""
    moment: str
    """Its time as stored."""

    def is_after(self, number: int, moment: str) -> bool:
        """Return True if an entry is from before Open Dental kept hashes."""
        return (self.number is None or number < self.number) and moment <= max(self.moment, _FIRST_DATED)


_FIRST_DATED = "1880-01-01"


@dataclass(frozen=True)
class VerificationReport:
    """The result of a verification, or its intermediate result if `done` is False."""

    checked: int = 0
    altered: int = 0
    without_hash: int = 0
    """The number of entries that should have a hash and have none."""
    before_hashes: int = 0
    """The number of entries without a hash from before the first entry that has one."""
    first_hash: str = ""
    """The time of the first entry that has a hash, as stored; empty if no entry has one."""
    orphaned: int = 0
    """The number of deleted entries whose hashes still exist, and that Open Dental didn't note as removed."""
    removed_duplicates: DuplicateRemovals = field(default_factory=DuplicateRemovals)
    """The deleted entries that Database Maintenance noted, whose hashes still exist."""
    removed_old: int = 0
    """The number of deleted entries whose hashes still exist, and that Remove Old Data removed."""
    old_data_removals: tuple[OldDataRemoval, ...] = ()
    """The uses of Remove Old Data that reach into the days verified, newest first."""
    maintenance_known: bool = True
    """False if there are orphaned hashes, and `dbmlog` can't be read to explain them."""
    orphans_of_any_day: bool = False
    """True if only some days are verified but orphaned hashes were counted for all, since numbers are random."""
    listed: tuple[AuditEntry, ...] = ()
    """The altered entries, then those that should have a hash; at most `MAX_LISTED` of either kind."""
    orphaned_numbers: tuple[int, ...] = ()
    """The numbers of the orphaned entries; at most `MAX_LISTED`."""
    plausibility: PlausibilityReport = field(default_factory=PlausibilityReport)
    """The implausible findings, whose hashes may match; checked only if all entries are."""
    fraction: float = 0.0
    """The progress from 0 to 1."""
    done: bool = False

    @property
    def hash_matches(self) -> int:
        """The number of entries whose hash matches."""
        return self.checked - self.altered - self.without_hash - self.before_hashes

    @property
    def clean(self) -> bool:
        """True if nothing was found that Open Dental doesn't do itself."""
        return not (self.altered or self.without_hash or self.orphaned or self.plausibility.count)


@dataclass(frozen=True)
class Suspect:
    """An entry whose hash is missing or doesn't match according to the database."""

    moment: str
    has_hash: bool


class Findings:
    """The findings of a verification so far."""

    def __init__(self) -> None:
        self.entries_complete = False
        self.complete = False
        self.done = False
        self.first_hash: FirstHash | None = None
        self.old_data_removals: tuple[OldDataRemoval, ...] = ()
        self.maintenance_known = True
        self.plausibility = PlausibilityReport()
        self._newest_unhashed: list[tuple[str, int]] = []
        self._altered: list[AuditEntry] = []
        self._unhashed: list[AuditEntry] = []
        self._orphaned_numbers: list[int] = []
        self._duplicates = DuplicateRemovals()
        self._checked = self._altered_count = self._unhashed_count = self._before_count = 0
        self._orphaned_count = self._removed_old = 0
        self._orphans_from: float | None = None
        self._fraction = self._entries_fraction = 0.0

    @property
    def unhashed_capacity(self) -> int:
        """The number of entries without a hash that can still be listed."""
        return MAX_LISTED - len(self._unhashed)

    @property
    def newest_unhashed(self) -> list[int]:
        """The numbers of the newest entries without a hash, since Open Dental writes the hash just after the entry."""
        return [number for _, number in self._newest_unhashed]

    def add_range(
        self,
        checked: RowRange,
        reread: Sequence[AuditEntry],
        suspects: dict[int, Suspect],
        before_hashes: int,
        *,
        paired: bool = False,
    ) -> None:
        """Add the findings in a range of entries.

        Args:
            checked: The range.
            reread: The suspects that were read again, some of which may match; the others have no hash.
            suspects: The suspects in the range, without those from before Open Dental kept hashes.
            before_hashes: The number of those.
            paired: True if no orphaned hash is to be looked for in the range any more.
        """
        known = {entry.number for entry in reread}
        unhashed = {
            number: suspect.moment
            for number, suspect in suspects.items()
            if not suspect.has_hash and number not in known
        }
        self._checked += checked.count or 0
        self._before_count += before_hashes
        self._unhashed_count += len(unhashed)
        for entry in reread:
            self._count(entry)
            if entry.hash_status is HashStatus.NO_HASH:
                unhashed[entry.number] = entry.stored_moment
        newest = [*self._newest_unhashed, *((moment, number) for number, moment in unhashed.items())]
        self._newest_unhashed = nlargest(MAX_RECOUNTED, newest)
        self._fraction += (checked.fraction - self._entries_fraction) * (1 if paired else _ENTRIES_FRACTION)
        self._entries_fraction = checked.fraction
        self.entries_complete = checked.is_last

    def add_orphans(
        self, checked: RowRange, numbers: Sequence[int], duplicates: Sequence[datetime], removed_old: int
    ) -> None:
        """Add the deleted entries that were found in a range of hashes.

        Args:
            checked: The range.
            numbers: The numbers of those that nothing explains.
            duplicates: When Database Maintenance removed others.
            removed_old: The number of those that Remove Old Data removed.
        """
        self._orphaned_count += len(numbers)
        self._orphaned_numbers += numbers[: MAX_LISTED - len(self._orphaned_numbers)]
        self._duplicates = self._duplicates.plus(duplicates)
        self._removed_old += removed_old
        if self._orphans_from is None:
            self._orphans_from = self._fraction
        self._fraction = self._orphans_from + checked.fraction * (1 - self._orphans_from)
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
        if entry.hash_status is HashStatus.ALTERED:
            self._altered_count += 1
            self._altered += [entry][: MAX_LISTED - len(self._altered)]
        elif entry.hash_status is HashStatus.NO_HASH:
            self._unhashed_count += 1
            self._unhashed += [entry][: self.unhashed_capacity]

    def report(self, *, orphans_of_any_day: bool) -> VerificationReport:
        """Return the findings as a report."""
        return VerificationReport(
            checked=self._checked,
            altered=self._altered_count,
            without_hash=self._unhashed_count,
            before_hashes=self._before_count,
            first_hash=self.first_hash.moment if self.first_hash else "",
            orphaned=self._orphaned_count,
            removed_duplicates=self._duplicates,
            removed_old=self._removed_old,
            old_data_removals=self.old_data_removals,
            maintenance_known=self.maintenance_known or not self._orphaned_count,
            orphans_of_any_day=orphans_of_any_day,
            listed=(*self._altered, *self._unhashed),
            orphaned_numbers=tuple(self._orphaned_numbers),
            plausibility=self.plausibility,
            fraction=self._fraction,
            done=self.done,
        )
