"""Reads the evidence of a review in an office: the review, its entries, and a verification of the whole Audit Trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from core.audit.verification_report import VerificationReport
from core.model.audit_entry import AuditEntry
from core.model.evidence import OfficeEvidence, SealCheck, TrailCheck
from core.model.evidence_events import EvidenceRecorded
from core.model.key_text import fingerprint_tag
from core.model.logged_event import LoggedEvent
from core.model.monthly_report import ChangeLine, OwnEntry
from core.model.review import ReviewProgress
from core.model.review_events import KeyDecisionUndone, KeyReviewed, ReviewEnded, ReviewStarted
from core.reports.office_facts import OptionalFacts, read_office_info, seal_fact
from core.reports.own_entries import OwnEntries, read_own_entries
from core.seals.seal import Seal
from core.seals.seal_report import SealReport

if TYPE_CHECKING:
    from core.office.office import Office

MAX_LISTED = 100
"""The number of altered entries that evidence lists; all of them are counted."""

_OUT_OF_DATE = (
    "The present statuses of the keys may be out of date: headquarters didn't answer, or wasn't asked for this user."
)

OnProgress = Callable[[float], None]
"""Called with the progress of a verification, from 0 to 1. An exception that it raises ends the reading."""


class EvidenceReader:
    """Reads the evidence of a review in one office. Writes nothing but the result of the verification.

    Args:
        office: The open office.
        reader: The name of the user who reads.
        not_recorded: Why nothing can be written to the practice; blank if it can.
        keeps_result: False to leave the result of the last verification as it is.
    """

    def __init__(self, office: Office, reader: str, not_recorded: str = "", *, keeps_result: bool = True) -> None:
        self._keeps_result = keeps_result
        self._office = office
        self._reader = reader
        self._not_recorded = not_recorded

    def read(self, review: str, on_progress: OnProgress, *, current: bool = True) -> OfficeEvidence:
        """Read everything, and verify all entries of the Audit Trail. Blocks.

        Args:
            review: The review's name; blank for the one under way, or else the one that ended last.
            on_progress: Shows the progress of the verification.
            current: False if the list of keys may be out of date, since headquarters didn't answer or wasn't asked.

        Raises:
            OperationNotAllowed: There is no such review.
            PracticeUnavailable: The practice or the companion can't be read.
        """
        progress = self._office.review.progress(self._office.review.find(review))
        info = read_office_info(self._office, self._reader)
        facts = OptionalFacts()
        if not current:
            facts.unknown.append(_OUT_OF_DATE)
        notes = facts.read("The notes on keys", self._office.notes.all)
        last_day = progress.review.ended_at or info.read_at
        entries = facts.read("The entries about the review", lambda: self._entries(progress, last_day.date()))
        verified = facts.read("The Audit Trail", lambda: self._verify(on_progress))
        trail, seals = verified or (None, None)
        return OfficeEvidence(
            self._office.name,
            info,
            progress,
            notes,
            entries.entries if entries is not None else None,
            entries.others if entries is not None else 0,
            trail,
            seals,
            self._not_recorded,
            tuple(facts.unknown),
        )

    def _entries(self, progress: ReviewProgress, last_day: date) -> OwnEntries:
        found = read_own_entries(self._office.audit, progress.review.started_at.date(), last_day)
        return OwnEntries(tuple(own for own in found.entries if concerns(own.logged, progress)), found.others)

    def _verify(self, on_progress: OnProgress) -> tuple[TrailCheck, SealCheck]:
        verification = self._office.seals.verification()
        report = verification.run_batch()
        while not report.done:
            on_progress(report.fraction)
            report = verification.run_batch()
        if self._keeps_result:
            self._office.last_verification.keep(report, some_days=False)
        seals = self._office.seals.seals()
        return trail_check(report), seal_check(verification.seal_report, seals[-1] if seals else None)


def concerns(logged: LoggedEvent, progress: ReviewProgress) -> bool:
    """Return True if an entry is about a review, or about one of its keys."""
    review, event = progress.review, logged.event
    if isinstance(event, ReviewStarted | ReviewEnded | KeyReviewed | KeyDecisionUndone | EvidenceRecorded):
        return event.review.casefold() == review.name.casefold()
    snapshots = [*(item.snapshot for item in review.items), *progress.added]
    return event.key_tag in {fingerprint_tag(each.fingerprint) for each in snapshots}


def trail_check(report: VerificationReport) -> TrailCheck:
    """Return the result of a verification as evidence has it."""
    return TrailCheck(
        report.checked,
        report.hash_matches,
        report.altered,
        report.without_hash,
        report.before_hashes,
        report.orphaned,
        tuple(report.plausibility.findings),
        tuple(report.plausibility.notes),
        tuple(map(_line, report.listed[:MAX_LISTED])),
        report.clean,
    )


def seal_check(report: SealReport, last: Seal | None) -> SealCheck:
    """Return the result of a comparison with seals as evidence has it."""
    return SealCheck(
        report.seals,
        report.sealed,
        report.unsealed,
        report.altered,
        report.inserted,
        report.deleted,
        report.explained,
        report.problems,
        report.notes,
        seal_fact(last) if last is not None else None,
        last.as_line() if last is not None else "",
        report.clean,
    )


def entry_line(own: OwnEntry) -> ChangeLine:
    """Return an entry as evidence lists it."""
    return _line(own.entry, done=not own.logged.stage.value)


def _line(entry: AuditEntry, *, done: bool = True) -> ChangeLine:
    return ChangeLine(entry.number, entry.moment, entry.user, entry.text, done, entry.hash_status.value)
