"""The export of audit entries to a file, which is itself recorded in the Audit Trail."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from core.audit.export_file import ExportFile
from core.audit.export_format import COLUMNS, csv_lines, json_lines, json_value
from core.audit.export_target import ExportFormat, manifest_file
from core.audit.filter_language import format_filter
from core.audit.paging import Direction, PageCursor
from core.audit.search import AuditSearch
from core.audit.server_offsets import ServerOffsets
from core.base.errors import ApiSetupError, ExportFailed, NotPermitted, OutcomeUnknown
from core.base.program_version import program_version
from core.model.actor import Actor
from core.model.audit_entry import AuditEntry, HashStatus
from core.model.export_events import ExportFinished, ExportStarted
from core.model.logged_event import AuditEvent, LoggedEvent, Stage
from core.model.resolved_change import Outcome
from core.practice.practice import Practice
from core.practice.unit_of_work import WriteMode

BATCH_SECONDS = 0.4
"""The time after which a batch ends, so that the progress can be shown."""
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
PAGE_SIZE = 500
"""The number of entries that are read and written at once."""


@dataclass(frozen=True)
class ExportResult:
    """The result of an export, or its progress if `done` is False."""

    count: int
    """The number of entries written."""
    reached: datetime | None
    """The time of the last entry written; entries are written newest first."""
    file: Path
    done: bool = False
    sha256: str = ""
    """The SHA-256 of the whole file in hexadecimal; empty until it is complete."""
    not_recorded: str = ""
    """The reason why the practice has no entry about the export; empty if it has one."""
    not_logged: ApiSetupError | None = None
    """The reason the Audit Trail has no entry about the end of the export, though the files are complete; or None."""

    @property
    def manifest(self) -> Path:
        """The path of the manifest, the file next to the export that describes it."""
        return manifest_file(self.file)


class AuditExport:
    """One export, run in batches; after an error of the database the same batch can be run again.

    No file exists under the export's name until all of it is written.

    Args:
        practice: The open practice.
        search: The search whose entries are exported.
        actor: The user who exports them.
        file: The path of the export, from `validate_target`.
        may_replace: True if an existing export and manifest may be replaced.
        excel: True to begin a CSV file with a byte order mark. Without it, Excel reads the file in the character set of
            its region.
        masking: What is masked, for the manifest.
        not_recorded: Why nothing about the export is written to the practice, as a sentence for the manifest; empty to
            record the export in the Audit Trail.
    """

    def __init__(
        self,
        practice: Practice,
        search: AuditSearch,
        actor: Actor,
        file: Path,
        *,
        may_replace: bool,
        excel: bool = False,
        masking: str = "masked",
        not_recorded: str = "",
    ) -> None:
        self._practice = practice
        self._search = search
        self._actor = actor
        self._file = ExportFile(file, may_replace=may_replace)
        self._format = ExportFormat(file.suffix.casefold())
        mapper = search.mapper
        self._filter = mapper.mask_keys(format_filter(search.audit_filter, mapper.users)) or "all entries"
        self._name = mapper.mask_keys(file.name)
        profile = practice.profile
        self._practice_columns = (mapper.mask_keys(profile.practice_title), profile.database)
        self._own_entries: set[int] = set()
        self._excel = excel
        self._masking = masking
        self._not_recorded = not_recorded
        self._offsets = ServerOffsets()
        self._cursor: PageCursor | None = None
        self._read_all = False
        self._range: set[int] = set()
        self._counts: Counter[HashStatus] = Counter()
        self._reached: datetime | None = None

    def begin(self) -> None:
        """Record in the Audit Trail that the export begins, and create its partial file.

        Raises:
            NotAuthorized: The user lost the permission AuditTrail.
            NotPermitted: The Audit Trail can't be written, so nothing is exported.
            ExportFailed: The directory can't be written.
            PracticeUnavailable: The database can't be written.
        """
        try:
            with self._logged(self._started):
                self._create_file()
        except BaseException as error:
            self._file.remove()
            if not isinstance(error, NotPermitted):
                raise
            raise NotPermitted(
                "Every export is logged, but this practice can't be written to. Nothing was exported.",
                error.hint,
            ) from error

    def _create_file(self) -> None:
        self._file.create()
        if self._format is ExportFormat.CSV:
            self._file.write(f"{_BYTE_ORDER_MARK if self._excel else ''}{csv_lines([COLUMNS])}")

    def run_batch(self) -> ExportResult:
        """Write entries for about `BATCH_SECONDS`, at least one page, and return the progress.

        The last batch also gives the file its name, and then records that in the Audit Trail. If that fails, the files
        stay, and the result says so.

        Raises:
            ExportFailed: The disk is full, or the file can't be written; nothing of it is kept.
            PracticeUnavailable: The database can't be read; what was written is kept, and the batch can be run again.
        """
        started = time.perf_counter()
        while not self._read_all:
            self._write_page()
            if time.perf_counter() - started >= BATCH_SECONDS:
                break
        return self._finish() if self._read_all else self._progress(done=False)

    def cancel(self) -> None:
        """Remove the partial file, and record in the Audit Trail that nothing was exported. A complete export stays."""
        if not self._file.is_open:
            return
        self._file.remove()
        # A signal may have interrupted the last batch right after the files got their names.
        if not self._file.is_published and not self._not_recorded:
            self._practice.log_outcome(self._actor, LoggedEvent(self._started, Stage.NOT_DONE))

    def discard(self) -> None:
        """Remove the partial file without an audit entry; the Audit Trail shows the beginning of an export only."""
        self._file.remove()

    @property
    def is_published(self) -> bool:
        """True once the export and its manifest have their names; they stay, whatever happens then."""
        return self._file.is_published

    @property
    def _started(self) -> ExportStarted:
        return ExportStarted(self._name, self._actor.user_name, self._filter)

    def _write_page(self) -> None:
        page = self._search.page(Direction.OLDER, self._cursor, PAGE_SIZE)
        moments = [moment for entry in page.entries for moment in (entry.moment, entry.last_edit)]
        with self._practice.read() as connection:
            self._offsets.load(connection, moments)
        # The entry about this export is new, and says nothing about what was exported.
        entries = [entry for entry in page.entries if entry.number not in self._own_entries]
        rows = [self._row(entry) for entry in entries]
        try:
            self._file.write(self._format_rows(rows))
        except ExportFailed:
            # The failure is reported even if it can't be recorded in the Audit Trail.
            with suppress(ApiSetupError):
                self.cancel()
            raise
        if entries:
            numbers = [entry.number for entry in entries]
            self._range = {*self._range, min(numbers), max(numbers)}
            self._range = {min(self._range), max(self._range)}
        self._counts.update(entry.hash_status for entry in entries)
        if entries:
            self._reached = entries[-1].moment
        self._cursor = page.next_cursor
        self._read_all = page.next_cursor is None

    def _format_rows(self, rows: Sequence[Sequence[str | int]]) -> str:
        return csv_lines(rows) if self._format is ExportFormat.CSV else json_lines(rows)

    def _row(self, entry: AuditEntry) -> tuple[str | int, ...]:
        """Return an entry's values in the order of `COLUMNS`."""
        return (
            entry.number,
            self._offsets.iso(entry.moment),
            entry.user_num,
            entry.user,
            entry.permission_number,
            entry.permission,
            entry.computer,
            entry.text,
            entry.source,
            entry.patient,
            self._offsets.iso(entry.last_edit),
            entry.hash_status.value,
            *self._practice_columns,
            entry.stored_moment,
            entry.source_number,
            entry.definition,
            entry.definition_error,
            int(entry.text_masked),
            " ".join(entry.stored_hashes),
            entry.computed_hash,
        )

    def _finish(self) -> ExportResult:
        manifest = self._manifest()
        # The entry about the end comes after the files, so whether this user may still export is checked before them.
        self._practice.require_authorized(self._actor, self._started)
        try:
            self._file.publish(manifest)
        except ExportFailed:
            # The failure is reported even if it can't be recorded in the Audit Trail.
            with suppress(ApiSetupError):
                self.cancel()
            raise
        if self._not_recorded:
            return self._progress(done=True)
        event = ExportFinished(self._name, self._actor.user_name, self._counts.total(), self._file.sha256)
        try:
            with self._practice.unit_of_work(self._actor, event):
                pass
        except ApiSetupError as error:
            return replace(self._progress(done=True), not_logged=self._not_logged(error))
        return self._progress(done=True)

    def _not_logged(self, error: ApiSetupError) -> ApiSetupError:
        # Nothing was changed in the practice, but the files were written.
        reason = error.sentence.removesuffix(Outcome.NOTHING.value).rstrip()
        return ApiSetupError(
            f"{self._file.path} is complete, but the Audit Trail has no entry that the export finished: {reason}",
            f"Write down its SHA-256, {self._file.sha256}, or export again.",
        )

    def _manifest(self) -> bytes:
        """Return the contents of the manifest, as JSON."""
        with self._practice.read() as connection:
            now = self._practice.now(connection)
            self._offsets.load(connection, [now])
        profile = self._practice.profile
        manifest = {
            "file": self._file.path.name,
            "sha256": self._file.sha256,
            "entries": self._counts.total(),
            "hash_matches": self._counts[HashStatus.MATCHES],
            "altered": self._counts[HashStatus.ALTERED],
            "without_hash": self._counts[HashStatus.NO_HASH],
            "filter": self._filter,
            "practice": profile.practice_title,
            "database": profile.database,
            "server": profile.host,
            "exported_by": self._actor.user_name,
            "computer": self._actor.computer,
            "exported_at": self._offsets.iso(now),
            "program": f"apisetup {program_version()}",
            "first_number": json_value(min(self._range)) if self._range else None,
            "last_number": json_value(max(self._range)) if self._range else None,
            "api_keys": self._masking,
            "audit_trail": self._record,
        }
        return (json.dumps(manifest, indent=2) + "\n").encode()

    @property
    def _record(self) -> str:
        """The manifest's value about the record of this export."""
        if self._not_recorded:
            return f"not recorded in the practice: {self._not_recorded}"
        return f"recorded in the practice: entry {', '.join(map(str, sorted(self._own_entries)))}"

    def _progress(self, *, done: bool) -> ExportResult:
        sha256 = self._file.sha256 if done else ""
        return ExportResult(self._counts.total(), self._reached, self._file.path, done, sha256, self._not_recorded)

    @contextmanager
    def _logged(self, event: AuditEvent) -> Iterator[None]:
        """Run the body as a change that is recorded in the Audit Trail as this event, unless nothing is recorded."""
        if self._not_recorded:
            self._practice.require_authorized(self._actor, event)
            yield
            return
        try:
            with self._practice.unit_of_work(self._actor, event, mode=WriteMode.SPANS_DATABASES) as work:
                self._own_entries.update(row.number for row in work.rows)
                yield
        except OutcomeUnknown as error:
            # Both the disk and the audit entry about its failure failed, but the outcome for the file is known.
            if isinstance(error.__cause__, ExportFailed):
                raise error.__cause__ from error.__cause__.__cause__
            raise
