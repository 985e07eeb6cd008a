"""Checking an exported Audit Trail against seals on another computer, without the database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.audit.export_format import JSON_SUFFIX
from core.audit.range_reading import RangeContents
from core.base.errors import ConfigurationError
from core.base.regular_file import open_regular_file
from core.model.audit_entry import counted
from core.opendental.column_types import server_time
from core.opendental.entry_digest import digest_of, moment_number
from core.opendental.log_hash import NO_DATE, log_hash
from core.seals.chain import check_chain, clock_notes
from core.seals.comparison import Comparison
from core.seals.seal_report import SealedEntry, SealReport, Tampering
from core.seals.sources import collect_seals

_LATER = 99991231235959
_AT_ONCE = 10_000


@dataclass(frozen=True)
class ExportedEntry:
    """An exported entry, as far as seals cover it."""

    number: int
    moment: int
    digest: bytes
    text_checked: bool
    """False if keys in the text are masked, so that the text alone can't be compared."""


def check_export(export: Path, seals: Sequence[Path], public_key: str = "") -> SealReport:
    """Compare an export in JSON Lines with seals.

    An export of some entries only, with a filter, is compared as far as it goes: missing entries are counted in a note.

    Args:
        export: The export.
        seals: The files of the seals; next to each, the list of its entries is used if it is there.
        public_key: The key that is known to be right, in base64; empty to trust that of the seals.

    Raises:
        ConfigurationError: A file can't be read, or isn't an export.
        UnreadableSeal: A file isn't a seal.
    """
    collection = collect_seals(None, None, seals)
    chain = collection.chain
    databases = {seal.content.database for seal in chain}
    problems = check_chain(chain, chain[-1].content.database if chain else "", public_key, complete=False)
    useless = {number for problem in problems for number in problem.proves_nothing}
    useful = [seal for seal in chain if seal.content.number not in useless]
    proving = [(seal, collection.lists.get(seal.content.number)) for seal in useful]
    comparison = Comparison(proving, _LATER, numbers_grow=len(databases) < 2)
    unchecked = 0
    for contents, masked in _contents(export):
        comparison.add(contents)
        unchecked += masked
    whole = comparison.finish()
    missing = comparison.counts.pop(Tampering.DELETED)
    notes = [*collection.notes, *clock_notes(useful), *comparison.notes]
    if missing:
        notes.append(f"{counted(missing)} of the seals {'is' if missing == 1 else 'are'} not in the export.")
    if unchecked:
        notes.append(
            f"{counted(unchecked)} {'has' if unchecked == 1 else 'have'} masked API keys: everything but the text was"
            " compared."
        )
    found = tuple(each for each in comparison.found if each.kind is not Tampering.DELETED)
    return SealReport(
        seals=len(chain),
        sealed=comparison.matched,
        unsealed=comparison.unsealed,
        altered=comparison.counts[Tampering.ALTERED],
        inserted=comparison.counts[Tampering.INSERTED],
        found=_ordered(found),
        problems=(*collection.problems, *(problem.sentence for problem in problems), *whole),
        notes=tuple(notes),
    )


def _ordered(found: Sequence[SealedEntry]) -> tuple[SealedEntry, ...]:
    return tuple(sorted(found, key=lambda each: each.number))


def _contents(export: Path) -> Iterator[tuple[RangeContents, int]]:
    entries = sorted(_read(export), key=lambda entry: entry.number)
    for start in range(0, len(entries), _AT_ONCE):
        batch = entries[start : start + _AT_ONCE]
        numbers, moments = [entry.number for entry in batch], [entry.moment for entry in batch]
        masked = sum(not entry.text_checked for entry in batch)
        yield RangeContents(numbers, moments, b"".join(entry.digest for entry in batch)), masked


def _read(export: Path) -> Iterator[ExportedEntry]:
    if export.suffix.casefold() != JSON_SUFFIX:
        raise ConfigurationError(
            f"{export} can't be checked.", f"Export the trail to a file that ends in {JSON_SUFFIX}."
        )
    try:
        with open_regular_file(export) as file:
            for place, line in enumerate(file, start=1):
                try:
                    yield _entry(json.loads(line))
                except (ValueError, TypeError, KeyError, RecursionError) as error:
                    raise ConfigurationError(
                        f"Line {place} of {export} isn't an entry as this version of apisetup exports it.",
                        "Export the trail again with this version.",
                    ) from error
    except OSError as error:
        raise ConfigurationError(f"{export} can't be read: {error.strerror}.", "Check its name.") from error


def _entry(values: dict[str, Any]) -> ExportedEntry:
    """Return an exported entry with the digest that its values have.

    Its text must have the hash that the export names, so that it can't be exchanged for another one.
    """
    kind, user, patient = (int(values[name]) for name in ("permission_number", "user_number", "patient_number"))
    moment = server_time(values["stored_time"])
    edited = server_time(str(values["last_edit"])[:19].replace("T", " ")) if values["last_edit"] else NO_DATE
    computed = str(values["computed_hash"])
    masked = bool(values["text_masked"])
    if not masked:
        computed = log_hash(kind, user, moment, str(values["text"]), patient, edited)
    others = [int(values[name]) for name in ("log_source_number", "definition", "definition_error")]
    number = int(values["number"])
    covered = (number, kind, user, moment_number(moment), patient, moment_number(edited), *others)
    digest = digest_of(covered, computed, str(values["computer"]))
    return ExportedEntry(number, moment_number(moment), digest, not masked)
