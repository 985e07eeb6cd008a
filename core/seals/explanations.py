"""Sealed entries that Open Dental itself removed or changed, according to its own notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

from core.audit.removals import read_duplicate_removals
from core.audit.verification_report import VerificationReport
from core.model.audit_entry import HashStatus, counted
from core.opendental.entry_digest import moment_number
from core.practice.practice import Practice
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


def explain(practice: Practice, found: Sequence[SealedEntry], removed_old: int) -> Explained:
    """Return which of the entries that aren't as sealed Open Dental itself removed or changed.

    Args:
        practice: The open practice.
        found: The entries that aren't as sealed, without those that *Remove Old Data* removed.
        removed_old: How many it removed.
    """
    explained = Explained()
    if removed_old:
        explained.notes.append(_sentence(removed_old, "were removed by Remove Old Data, which its entry records"))
    deleted = {each.number: each for each in found if each.kind is Tampering.DELETED}
    with practice.read() as connection:
        duplicates = read_duplicate_removals(connection, list(deleted), practice.profile.tables) if deleted else {}
    removed = [each for number, each in deleted.items() if number in (duplicates or {})]
    _explain(explained, removed, "were removed by Database Maintenance as duplicates (dbmlog)")
    cleared = [each for each in found if _is_cleared(each)]
    _explain(explained, cleared, "lost their patient's number, as the update to Open Dental 23.1.15 does")
    return explained


def removed_up_to(report: VerificationReport) -> int:
    """Return the last time, as a number, of the entries that *Remove Old Data* removed; 0 if it wasn't used."""
    # Of the days that a date can mean, the earliest explains the least.
    days = [each.days[0] for each in report.old_data_removals if each.days]
    return moment_number(datetime.combine(max(days), time.max)) if days else 0


def _is_cleared(each: SealedEntry) -> bool:
    entry = each.entry
    if each.kind is not Tampering.ALTERED or entry is None:
        return False
    is_kind = entry.permission_number == _PATIENT_CLEARED and entry.patient == 0
    return is_kind and entry.hash_status is HashStatus.ALTERED


def _explain(explained: Explained, entries: Sequence[SealedEntry], words: str) -> None:
    if entries:
        explained.entries.extend(entries)
        explained.notes.append(_sentence(len(entries), words))


def _sentence(count: int, words: str) -> str:
    return f"{counted(count)} {words}.".replace("1 entry were", "1 entry was")
