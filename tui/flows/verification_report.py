"""The text of a verification report, for the verification screen and for `apisetup audit verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base.plural import count_of
from core.model.audit_entry import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.audit.verification_report import VerificationReport


_MAX_LINES = 20


def format_progress(report: VerificationReport, seconds: float) -> str:
    """Return the number of checked entries, the speed and the estimated time left.

    Args:
        report: The result so far.
        seconds: The time that the verification has taken so far.
    """
    parts = [f"{counted(report.checked)} in {_duration(seconds)}" if report.done else counted(report.checked)]
    if seconds >= 1:
        parts.append(f"{counted(round(report.checked / seconds))} a second")
    if report.fraction > 0 and not report.done:
        parts.append(f"{_duration(seconds * (1 - report.fraction) / report.fraction)} left")
    return ", ".join(parts)


def report_lines(report: VerificationReport) -> list[str]:
    """Return the lines that say how many hashes match, what was found, and what Open Dental itself removed."""
    lines = [_summary(report), *_notes(report), *_orphan_lines(report)]
    listed = len(report.listed)
    if listed < report.altered + report.without_hash:
        lines.append(f"The list has the first {listed:,} of them.")
    return lines


def plausibility_lines(report: VerificationReport, limit: int = _MAX_LINES) -> list[str]:
    """Return the lines that say what isn't plausible although its hash may match, and what is explained.

    Args:
        report: The result.
        limit: The maximum number of findings, and of explanations.
    """
    found = report.plausibility
    lines = [f"Not plausible: {found.count:,}"] if found.count else []
    for sentences in (found.findings, found.notes):
        lines += sentences[:limit]
        if len(sentences) > limit:
            lines.append(
                f"… and {count_of(len(sentences) - limit, 'more line')}. All of them: apisetup audit verify --json"
            )
    return lines


def _summary(report: VerificationReport) -> str:
    if not report.done or not report.clean:
        return (
            f"Hash matches {report.hash_matches:,}   Altered {report.altered:,}   Without hash {report.without_hash:,}"
        )
    if report.checked == 0:
        return "No entries in this range."
    if report.hash_matches == 0:
        return "No entry in this range has a hash."
    if report.checked == 1:
        return "The hash of the only entry matches."
    if report.hash_matches == 1:
        return "The hash of the only entry that has one matches."
    have_one = " that have one" if report.before_hashes else ""
    return f"The hashes of all {report.hash_matches:,} entries{have_one} match."


def _notes(report: VerificationReport) -> Iterator[str]:
    """Yield what is worth knowing about a practice in which nothing is wrong."""
    if report.before_hashes:
        have = "has" if report.before_hashes == 1 else "have"
        yield f"{counted(report.before_hashes)} older than the first hash ({report.first_hash[:16]}) {have} no hash."
    if report.old_data_removals:
        last, *earlier = report.old_data_removals
        when = f" on {last.moment:%Y-%m-%d}" if last.moment else ""
        times = "time" if len(earlier) == 1 else "times"
        before = f" (and {len(earlier):,} {times} before)" if earlier else ""
        left = f" {report.removed_old:,} of their hashes are left." if report.removed_old else ""
        who = last.user or "nobody"
        yield f"Entries up to {last.written_day} were removed by {who}{when}{before}: Remove Old Data.{left}"
    removed = report.removed_duplicates
    if removed.count:
        days = f"on {removed.first}" if removed.first == removed.last else f"from {removed.first} to {removed.last}"
        what = "duplicate was" if removed.count == 1 else "duplicates were"
        yield f"{removed.count:,} {what} removed by Database Maintenance {days} (dbmlog)."


def _orphan_lines(report: VerificationReport) -> Iterator[str]:
    if report.orphaned:
        numbers = ", ".join(str(number) for number in report.orphaned_numbers[:5])
        more = ", …" if report.orphaned > 5 else ""
        yield f"Deleted {report.orphaned:,}: their hashes are still there (numbers {numbers}{more})."
        if report.orphans_of_any_day:
            yield "Numbers are random in this practice, so deleted entries of all days are counted."
        if not report.maintenance_known:
            yield "Database Maintenance may have removed them: the database user can't read dbmlog, or there is none."
    elif report.done:
        other = "other " if report.removed_old or report.removed_duplicates.count else ""
        yield f"No {other}orphaned hashes."


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
