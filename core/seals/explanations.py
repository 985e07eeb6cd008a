"""Sealed entries that Open Dental itself removed or changed, according to its own notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

from core.audit.removals import read_duplicate_removals
from core.audit.verification_report import VerificationReport
from core.model.audit_entry import HashStatus, counted
from core.practice.practice import Practice
from core.seals.seal import Seal
from core.seals.seal_report import SealedEntry, Tampering

_PATIENT_CLEARED = 241
"""The permission type of the entries whose `PatNum` Open Dental 23.1.15 set to 0."""


@dataclass(frozen=True)
class Explained:
    """The entries that are explained, and the sentences about them."""

    entries: list[SealedEntry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, kind: Tampering) -> int:
        """Return how many entries of a kind are explained."""
        return sum(each.kind is kind for each in self.entries)


def explain(
    practice: Practice, found: Sequence[SealedEntry], report: VerificationReport, seals: Sequence[Seal]
) -> Explained:
    """Return which of the entries that aren't as sealed Open Dental itself removed or changed.

    Args:
        practice: The open practice.
        found: The entries that aren't as sealed.
        report: The result of the verification of the hashes, which has the uses of *Remove Old Data*.
        seals: The seals. Only what was sealed before a removal can have been removed by it.
    """
    explained = Explained()
    deleted = [each for each in found if each.kind is Tampering.DELETED]
    _explain(explained, _removed_as_old(deleted, report), "were removed by Remove Old Data, which its entry records")
    rest = [each for each in deleted if each not in explained.entries]
    numbers = [each.number for each in rest]
    with practice.read() as connection:
        duplicates = read_duplicate_removals(connection, numbers, practice.profile.tables) if numbers else {}
    removed = [each for each in rest if each.number in (duplicates or {})]
    _explain(explained, removed, "were removed by Database Maintenance as duplicates (dbmlog)")
    cleared = [each for each in found if _is_cleared(each)]
    _explain(explained, cleared, "lost their patient's number, as the update to Open Dental 23.1.15 does")
    return explained if seals else Explained()


def _removed_as_old(deleted: Sequence[SealedEntry], report: VerificationReport) -> list[SealedEntry]:
    # Of the days that a date can mean, the earliest explains the least.
    days = [each.days[0] for each in report.old_data_removals if each.days]
    if not days:
        return []
    end = datetime.combine(max(days), time.max)
    return [each for each in deleted if each.moment is not None and each.moment <= end]


def _is_cleared(each: SealedEntry) -> bool:
    entry = each.entry
    if each.kind is not Tampering.ALTERED or entry is None:
        return False
    is_kind = entry.permission_number == _PATIENT_CLEARED and entry.patient == 0
    return is_kind and entry.hash_status is HashStatus.ALTERED


def _explain(explained: Explained, entries: Sequence[SealedEntry], words: str) -> None:
    if entries:
        explained.entries.extend(entries)
        explained.notes.append(f"{counted(len(entries))} {words}.".replace("1 entry were", "1 entry was"))
