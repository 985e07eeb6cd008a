"""What a verification found, in words; the screen and the command say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.model.audit_entry import counted

if TYPE_CHECKING:
    from core.audit.verification import VerificationReport


def progress_words(known: VerificationReport, seconds: float) -> str:
    """How far it is, how fast, and how long it takes.

    Args:
        known: What is known so far.
        seconds: How long it took until now.
    """
    words = [f"{counted(known.checked)} in {_duration(seconds)}" if known.done else counted(known.checked)]
    if seconds >= 1:
        words.append(f"{counted(round(known.checked / seconds))} a second")
    if known.fraction > 0 and not known.done:
        words.append(f"{_duration(seconds * (1 - known.fraction) / known.fraction)} left")
    return ", ".join(words)


def result_lines(known: VerificationReport) -> list[str]:
    """What was found, a line each."""
    if known.done and known.clean:
        lines = [_all_genuine(known.checked)]
    else:
        lines = [f"Genuine {known.genuine:,}   Altered {known.altered:,}   Without hash {known.without_hash:,}"]
    if known.orphaned is None:
        lines.append("Deleted entries are looked for only when everything is verified.")
    elif known.orphaned:
        numbers = ", ".join(str(number) for number in known.orphaned_numbers[:5])
        more = ", …" if known.orphaned > 5 else ""
        lines.append(f"Deleted {known.orphaned:,}: their hashes are still there (numbers {numbers}{more}).")
    elif known.done:
        lines.append("No entry was deleted that left its hash behind.")
    listed = len(known.listed)
    if listed < known.altered + known.without_hash:
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
