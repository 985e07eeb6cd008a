"""Running exports of the Audit Trail, and reading what they wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from core.audit.export import AuditExport, ExportResult
from core.audit.export_target import manifest_file
from core.audit.filter import AuditFilter
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.audit_pages import EVERYTHING
from tests.support.databases import SamplePractice

both_formats = pytest.mark.parametrize("name", ["trail.csv", "trail.jsonl"])


def new_export(
    office: Office, file: Path, audit_filter: AuditFilter = EVERYTHING, *, may_replace: bool = False
) -> AuditExport:
    """Return an export that has not begun."""
    return office.audit.export(ADMIN, audit_filter, file, may_replace=may_replace)


def begin_export(
    office: Office, file: Path, audit_filter: AuditFilter = EVERYTHING, *, may_replace: bool = False
) -> AuditExport:
    """Return an export that has begun."""
    export = new_export(office, file, audit_filter, may_replace=may_replace)
    export.begin()
    return export


def finish(export: AuditExport) -> ExportResult:
    """Run all remaining batches and return the result."""
    while not (result := export.run_batch()).done:
        pass
    return result


def export_entries(
    sample: SamplePractice, file: Path, audit_filter: AuditFilter = EVERYTHING, *, may_replace: bool = False
) -> ExportResult:
    """Run a whole export and return its result."""
    with sample.office() as office:
        return finish(begin_export(office, file, audit_filter, may_replace=may_replace))


def read_csv(file: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file by the names of their columns."""
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def read_json_lines(file: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON Lines file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of an export in either format."""
    return read_json_lines(file) if file.suffix == ".jsonl" else [dict(row) for row in read_csv(file)]


def read_manifest(file: Path) -> dict[str, Any]:
    """Return the manifest of an export."""
    manifest: dict[str, Any] = json.loads(manifest_file(file).read_text(encoding="utf-8"))
    return manifest


def entry_numbers(file: Path) -> list[int]:
    """Return the numbers of the exported entries, in the order of the file."""
    return [int(row["number"]) for row in read_rows(file)]


def permissions(file: Path) -> int:
    """Return the permission bits of a file."""
    return file.stat().st_mode & 0o777


def file_names(directory: Path) -> list[str]:
    """Return the sorted names of the files in a directory."""
    return sorted(each.name for each in directory.iterdir())
