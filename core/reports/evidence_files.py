"""The files of a review's evidence, as bytes by their names. Everything here is a pure function."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.audit.export_format import csv_lines
from core.model.evidence import OfficeEvidence, ReviewEvidence, TrailCheck
from core.model.review import Finding, KeySnapshot, ReviewItem
from core.reports.decisions import KeyOutcome, key_outcomes
from core.reports.evidence_page import evidence_page
from core.reports.evidence_reader import entry_line
from core.reports.plain_values import plain_value
from core.reports.review_values import note_value, review_value

PAGE = "index.html"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
FORMAT, VERSION = "apisetup-review-evidence", 1
NOT_KNOWN = "not known"
"""The cell of what isn't known about a key; a blank one is none."""
KEY_COLUMNS = (
    *("office", "developer", "key", "fingerprint", "status_then", "status_now", "permissions", "baa_since"),
    *(
        "baa_reference",
        "owner",
        "purpose",
        "review_date",
        "former_names",
        "added",
        "disabled",
        "last_change",
        "changes",
    ),
    *("findings", "decision", "until", "note", "decided_by", "decided_at", "result"),
)
FINDING_COLUMNS = ("office", "rule", "developer", "key", "reason", "advice")
ENTRY_COLUMNS = ("office", "number", "time", "user", "text", "hash")

Cell = str | int


def evidence_files(evidence: ReviewEvidence) -> dict[str, bytes]:
    """Return all files but the manifest and the list of digests."""
    offices = evidence.offices
    return {
        PAGE: evidence_page(evidence).encode(),
        "review.json": _json(
            {
                "review": evidence.review,
                "written_at": plain_value(evidence.written_at),
                "program": evidence.program,
                "offices": [_office_value(each) for each in offices],
                "missing": plain_value(evidence.missing),
            }
        ),
        "verification.json": _json({"offices": [_verification_value(each) for each in offices]}),
        "keys.csv": _csv(KEY_COLUMNS, (row for each in offices for row in _key_rows(each))),
        "findings.csv": _csv(FINDING_COLUMNS, (row for each in offices for row in _finding_rows(each))),
        "entries.csv": _csv(ENTRY_COLUMNS, (row for each in offices for row in _entry_rows(each))),
    }


def manifest(evidence: ReviewEvidence, files: Mapping[str, bytes]) -> bytes:
    """Return the manifest: what the evidence is about, and the SHA-256 of each file."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "review": evidence.review,
        "written_at": plain_value(evidence.written_at),
        "program": evidence.program,
        "offices": [
            {
                "office": each.office or None,
                "practice": each.info.title,
                "database": each.info.database,
                "server": each.info.server or None,
                "read_at": f"{plain_value(each.info.read_at)}{each.info.utc_offset}",
                "read_by": each.info.read_by,
                "audit_trail": f"not recorded in the practice: {each.not_recorded}"
                if each.not_recorded
                else "records the SHA-256 of this file",
            }
            for each in evidence.offices
        ],
        "missing": plain_value(evidence.missing),
        "files": [
            {"name": name, "bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
            for name in sorted(files)
        ],
    }
    return _json(content)


def sha256_sums(files: Mapping[str, bytes]) -> bytes:
    """Return the digests of files, one a line, for `sha256sum -c`."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


# -- JSON ------------------------------------------------------------------------------


def _json(value: Any) -> bytes:
    # In ASCII, so that no terminal and no editor reorders a text.
    return (json.dumps(value, indent=2) + "\n").encode()


def _office_value(office: OfficeEvidence) -> dict[str, Any]:
    notes, entries = office.notes, office.entries
    return {
        "office": office.office or None,
        "info": plain_value(office.info),
        "review": review_value(office.progress),
        "notes_now": {identity: note_value(note) for identity, note in notes.items()} if notes is not None else None,
        "entries": [plain_value(entry_line(own)) for own in entries] if entries is not None else None,
        "unlisted": office.unlisted,
        "not_recorded": office.not_recorded or None,
        "unknown": list(office.unknown),
    }


def _verification_value(office: OfficeEvidence) -> dict[str, Any]:
    return {
        "office": office.office or None,
        "info": plain_value(office.info),
        "audit_trail": _trail_value(office.trail) if office.trail is not None else None,
        "seals": plain_value(office.seals),
    }


def _trail_value(trail: TrailCheck) -> dict[str, Any]:
    value: dict[str, Any] = plain_value(trail)
    return {**value, "implausible": len(trail.implausible), "implausibilities": value["implausible"]}


# -- CSV -------------------------------------------------------------------------------


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    return csv_lines([columns, *rows]).encode("utf-8", "backslashreplace")


def _key_rows(office: OfficeEvidence) -> Iterator[tuple[Cell, ...]]:
    for each in key_outcomes(office):
        yield (office.name, *_known(each), each.state, *_decided(each.item))


def _known(outcome: KeyOutcome) -> tuple[Cell, ...]:
    key, note = outcome.item.snapshot, outcome.note
    return (
        key.developer,
        key.masked,
        key.fingerprint,
        key.status.label,
        outcome.status_now,
        " ".join(key.permissions) if key.known else NOT_KNOWN,
        _text(key.agreement_since) if key.known else NOT_KNOWN,
        note.agreement_reference,
        note.owner,
        note.purpose,
        _text(note.review_date),
        "; ".join(key.former_names),
        _text(key.added),
        _text(key.date_disabled),
        _text(key.last_change),
        key.changes if key.changes is not None else "",
        "; ".join(finding.rule.value for finding in key.findings),
    )


def _decided(item: ReviewItem) -> tuple[Cell, ...]:
    decision = item.decision
    if decision is None:
        return ("", "", "", "", "")
    choice = decision.choice
    return (
        _text(choice.until),
        choice.note,
        decision.user,
        _text(decision.at),
        decision.result,
    )


def _finding_rows(office: OfficeEvidence) -> Iterator[tuple[Cell, ...]]:
    review = office.progress.review
    yield from (_finding_row(office, each) for each in review.findings)
    snapshots = (*(item.snapshot for item in review.items), *office.progress.added)
    yield from (_finding_row(office, each, key) for key in snapshots for each in key.findings)


def _finding_row(office: OfficeEvidence, finding: Finding, key: KeySnapshot | None = None) -> tuple[Cell, ...]:
    developer, masked = (key.developer, key.masked) if key is not None else ("", "")
    return (office.name, finding.rule.value, developer, masked, finding.reason, finding.advice)


def _entry_rows(office: OfficeEvidence) -> Iterator[tuple[Cell, ...]]:
    for own in office.entries or ():
        line = entry_line(own)
        yield (office.name, line.number, _text(line.time), line.user, line.text, line.hash)


def _text(value: object) -> str:
    return str(plain_value(value)) if value is not None else ""
