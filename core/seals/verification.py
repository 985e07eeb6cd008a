"""The verification of the Audit Trail with its seals: the hashes of all entries, and what was sealed of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from core.audit.entry_mapper import EntryMapper
from core.audit.filter import AuditFilter
from core.audit.range_reading import RangeContents
from core.audit.verification import Verification
from core.audit.verification_report import VerificationReport
from core.model.audit_entry import AuditEntry
from core.opendental.entry_digest import moment_number, number_moment
from core.practice.practice import Practice
from core.seals.chain import check_chain, clock_notes
from core.seals.comparison import Comparison
from core.seals.explanations import explain, removed_up_to
from core.seals.seal_report import MAX_LISTED, SealedEntry, SealReport, Tampering
from core.seals.sources import SealCollection
from core.seals.trail_digest import TrailDigest


class SealedVerification:
    """A verification that also compares all entries with the seals; run in batches like `Verification`.

    Args:
        practice: The open practice.
        mapper: Converts rows to entries.
        collection: The seals.
        fingerprint: The fingerprint of the practice.
        public_key: The key that is known to be right; empty to trust that of the seals.

    Attributes:
        digest: The digest of all entries.
    """

    def __init__(
        self,
        practice: Practice,
        mapper: EntryMapper,
        collection: SealCollection,
        fingerprint: str,
        public_key: str = "",
    ) -> None:
        self._practice = practice
        self._mapper = mapper
        self._collection = collection
        self.digest = TrailDigest()
        self._waiting: list[RangeContents] = []
        self._background = ThreadPoolExecutor(1)
        self._comparing: list[Future[None]] = []
        self._compares_beside = False
        self._verification = Verification(practice, AuditFilter(), mapper, self._take)
        chain = collection.chain
        problems = check_chain(chain, fingerprint, public_key)
        useless = {number for problem in problems for number in problem.proves_nothing}
        self._proving = [seal for seal in chain if seal.content.number not in useless]
        self._problems = [*collection.problems, *(problem.sentence for problem in problems)]
        self._notes = [*collection.notes, *clock_notes(self._proving)]
        lists = collection.lists
        for seal in self._proving:
            if seal.content.number not in lists:
                self._notes.append(f"Seal {seal.content.number} has no list of its entries here.")
        self._comparison: Comparison | None = None
        self._report: SealReport | None = None

    @property
    def seal_report(self) -> SealReport:
        """The result so far; complete once the verification is done."""
        if self._report is not None:
            return self._report
        return SealReport(seals=len(self._collection.seals), problems=tuple(self._problems))

    def run_batch(self) -> VerificationReport:
        """Check entries for a moment, and return the result so far.

        Raises:
            PracticeUnavailable: A database can't be read; what has been checked is kept.
        """
        if self._comparison is None:
            self._comparison = self._new_comparison()
        try:
            report = self._verification.run_batch()
        finally:
            wait(self._comparing)
            self._comparing.clear()
        self._comparison.removed_up_to = removed_up_to(report)
        # What failed beside the reading is tried again, and fails here.
        while self._waiting:
            self._compare_next(self._comparison)
        # In an SQLite file, one reading inside another could wait for a writer.
        self._compares_beside = self._practice.engine.dialect.name != "sqlite"
        if report.done and self._report is None:
            self._report = self._finish(self._comparison)
        return report

    def _take(self, contents: RangeContents) -> None:
        self._waiting.append(contents)
        if self._compares_beside and self._comparison is not None:
            self._comparing.append(self._background.submit(self._compare_next, self._comparison))

    def _compare_next(self, comparison: Comparison) -> None:
        comparison.add(self._waiting[0])
        self.digest.add(self._waiting[0])
        del self._waiting[0]

    def _new_comparison(self) -> Comparison:
        with self._practice.read() as connection:
            now = moment_number(self._practice.now(connection))
        lists = self._collection.lists
        seals = [(seal, lists.get(seal.content.number)) for seal in self._proving]
        return Comparison(seals, now, numbers_grow=self._practice.profile.random_keys is None)

    def _finish(self, comparison: Comparison) -> SealReport:
        problems = [*self._problems, *comparison.finish()]
        if not self._proving:
            problems.append("No seal of this practice can be used." if self._collection.seals else "Nothing is sealed.")
        found = self._with_entries(comparison.found)
        explained = explain(self._practice, found, comparison.removed_old)
        gone = {id(each) for each in explained.entries}
        counts = {kind: count - explained.count(kind) for kind, count in comparison.counts.items()}
        last = self._proving[-1].content.sealed_at if self._proving else 0
        return SealReport(
            seals=len(self._collection.seals),
            sealed=comparison.matched,
            unsealed=comparison.unsealed,
            last_sealed=number_moment(last),
            altered=counts[Tampering.ALTERED],
            inserted=counts[Tampering.INSERTED],
            deleted=counts[Tampering.DELETED],
            explained=len(explained.entries) + comparison.removed_old,
            found=_limited([each for each in found if id(each) not in gone]),
            problems=tuple(problems),
            notes=(*self._notes, *comparison.notes, *explained.notes),
        )

    def _with_entries(self, found: Sequence[SealedEntry]) -> list[SealedEntry]:
        numbers = [each.number for each in found if each.kind is not Tampering.DELETED]
        with self._practice.read() as connection:
            read: list[AuditEntry] = self._verification.read_entries(connection, numbers)
        entries = {entry.number: entry for entry in read}
        return [replace(each, entry=entries.get(each.number)) for each in found]


def _limited(found: Sequence[SealedEntry]) -> tuple[SealedEntry, ...]:
    return tuple(each for kind in Tampering for each in [one for one in found if one.kind is kind][:MAX_LISTED])
