"""The text of a verification report, for the verification screen and for `apisetup audit verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.model.audit_entry import counted

if TYPE_CHECKING:
    from core.audit.verification import VerificationReport


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
    """Return the lines that say how many entries are genuine, altered, without a hash and deleted."""
    if report.done and report.clean:
        lines = [_all_genuine(report.checked)]
    else:
        lines = [f"Genuine {report.genuine:,}   Altered {report.altered:,}   Without hash {report.without_hash:,}"]
    if report.orphaned is None:
        lines.append("Deleted entries are looked for only when everything is verified.")
    elif report.orphaned:
        numbers = ", ".join(str(number) for number in report.orphaned_numbers[:5])
        more = ", …" if report.orphaned > 5 else ""
        lines.append(f"Deleted {report.orphaned:,}: their hashes are still there (numbers {numbers}{more}).")
    elif report.done:
        lines.append("No entry was deleted that left its hash behind.")
    listed = len(report.listed)
    if listed < report.altered + report.without_hash:
        lines.append(f"The list has the first {listed:,} of them.")
    return lines


def _all_genuine(count: int) -> str:
    if count == 0:
        return "There is no entry in this range."
    return "The only entry is genuine." if count == 1 else f"All {count:,} entries are genuine."


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
