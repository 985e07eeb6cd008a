"""The text of a comparison with seals, for the verification screen and for commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.model.audit_entry import counted
from core.opendental.entry_digest import number_moment
from core.seals.seal_report import Tampering
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.seals.seal import Seal
    from core.seals.seal_report import SealedEntry, SealReport

_MAX_NUMBERS = 8
_WORDS = {
    Tampering.ALTERED: "altered since it was sealed",
    Tampering.INSERTED: "inserted into a sealed period",
    Tampering.DELETED: "deleted since it was sealed",
}


def seal_lines(report: SealReport) -> list[str]:
    """Return the lines that say whether the entries are as they were sealed."""
    return list(_lines(report))


def screen_lines(report: SealReport) -> list[str]:
    """Return the same lines for the screen, whose list has no deleted entries: their numbers are added."""
    deleted = [each.number for each in report.found if each.kind is Tampering.DELETED]
    numbers = ", ".join(map(str, deleted[:_MAX_NUMBERS])) + (", …" if len(deleted) > _MAX_NUMBERS else "")
    return [*seal_lines(report), *([f"Deleted since they were sealed: {numbers}"] if deleted else [])]


def sealed_entry_line(each: SealedEntry) -> str:
    """Return the line of an entry that isn't as it was sealed, sanitized."""
    moment = f"{each.moment:%Y-%m-%d %H:%M:%S}" if each.moment else "no date"
    return sanitize(f"{each.number}  {moment}  {problem_of(each)}{_details(each)}", 400)


def problem_of(each: SealedEntry) -> str:
    """Return what is wrong with an entry, in a few words."""
    matches = ""
    if each.kind is Tampering.ALTERED and each.entry is not None:
        matches = f"; its hash {each.entry.hash_status.value}" if each.entry.stored_hashes else "; it has no hash"
    return f"{_WORDS[each.kind]} (seal {each.seal}){matches}"


def seal_moment(seal: Seal) -> str:
    """Return the practice's time of a seal."""
    moment = number_moment(seal.content.sealed_at)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "an unknown time"


def _details(each: SealedEntry) -> str:
    return f"  {each.entry.user}  {each.entry.permission}  {each.entry.text}" if each.entry is not None else ""


def _lines(report: SealReport) -> Iterator[str]:
    if report.altered or report.inserted or report.deleted:
        yield (
            f"As sealed {report.sealed:,}   Altered {report.altered:,}   Inserted {report.inserted:,}"
            f"   Deleted {report.deleted:,}"
        )
    elif report.seals and not report.problems:
        seals = "seal" if report.seals == 1 else "seals"
        sealed = "entry is" if report.sealed == 1 else "entries are"
        yield f"{report.sealed:,} sealed {sealed} as sealed ({report.seals:,} {seals})."
    yield from report.problems
    yield from report.notes
    if report.unsealed:
        since = f" ({report.last_sealed:%Y-%m-%d %H:%M})" if report.last_sealed else ""
        yield f"{counted(report.unsealed)} after the last seal{since}."
