"""Writing entries of the Audit Trail into a file, which is itself logged."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from core.audit.export_format import COLUMNS, csv_lines, json_lines
from core.audit.export_target import ExportFormat, manifest_file
from core.audit.filter import format_filter
from core.audit.paging import Direction, PageCursor
from core.audit.search import AuditSearch
from core.audit.server_offsets import ServerOffsets
from core.base.errors import ApiSetupError, ExportFailed, NotPermitted, OutcomeUnknown
from core.model.actor import Actor
from core.model.audit_entry import AuditEntry, Genuineness
from core.model.audit_events import ExportFinished, ExportStarted
from core.model.logged_event import AuditEvent, LoggedEvent, Stage
from core.practice.practice import Practice
from core.practice.unit_of_work import WriteMode

STEP_SECONDS = 0.4
"""How long one step takes, until one is told how far it is."""
PAGE = 500


@dataclass(frozen=True)
class ExportResult:
    """How far an export is."""

    count: int
    reached: datetime | None
    """The time of the last entry that was written; entries are written newest first."""
    file: Path
    done: bool = False
    sha256: str = ""
    """Of the whole file, at the end."""

    @property
    def about(self) -> Path:
        """The file beside that says what the export is."""
        return manifest_file(self.file)


class AuditExport:
    """One export, done step by step; after an error of the database the same step can be tried again.

    Nothing stands under the file's name before all of it is written.

    Args:
        practice: The open practice.
        search: What is exported.
        actor: Who exports it.
        file: Where to, from `validate_target`.
        may_replace: Whether a file of that name may be replaced.
        seconds: A clock that only goes forward.
    """

    def __init__(
        self,
        practice: Practice,
        search: AuditSearch,
        actor: Actor,
        file: Path,
        *,
        may_replace: bool,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._practice = practice
        self._search = search
        self._actor = actor
        self._file = file
        self._may_replace = may_replace
        self._seconds = seconds
        self._filter = search.maker.masked(format_filter(search.wanted, search.maker.users)) or "all entries"
        self._name = search.maker.masked(file.name)
        self._format = ExportFormat(file.suffix.casefold())
        self._partial: _Partial | None = None
        self._unfinished: Path | None = None
        self._digest = hashlib.sha256()
        self._offsets = ServerOffsets()
        self._place: PageCursor | None = None
        self._read_all = False
        self._counts: Counter[Genuineness] = Counter()
        self._reached: datetime | None = None

    def begin(self) -> None:
        """Log that the export begins, and make a file for it that only this account can read.

        Raises:
            NotPermitted: Nothing can be logged here, so nothing is exported.
            ExportFailed: The directory cannot be written.
            PracticeUnavailable: The database cannot be written now.
        """
        try:
            with self._logged(self._started), _translate_os_errors(self._file):
                # Known before it is there: a signal may come as soon as it is.
                self._unfinished = _unfinished(self._file)
                self._partial = _Partial(_new_file(self._unfinished), self._unfinished)
                self._digest = hashlib.sha256()
                if self._format is ExportFormat.CSV:
                    self._write(csv_lines([COLUMNS]))
        except BaseException as error:
            self._remove()
            if not isinstance(error, NotPermitted):
                raise
            raise NotPermitted(
                "An export must be logged, and nothing can be written to this practice. Nothing was exported.",
                error.hint,
            ) from error

    def step(self) -> ExportResult:
        """Write for less than half a second, and tell how far it is; the last step gives the file its name.

        Raises:
            ExportFailed: The disk is full, or the file cannot be written; nothing of it is kept.
            PracticeUnavailable: The database cannot be read now; what was written stays, and the step can be repeated.
        """
        began = self._seconds()
        while not self._read_all and self._seconds() - began < STEP_SECONDS:
            self._write_page()
        return self._finish() if self._read_all else self._so_far(done=False)

    def cancel(self) -> None:
        """Remove what was written so far, and log that nothing came of it."""
        if self._partial is not None:
            self._remove()
            self._practice.log_outcome(self._actor, LoggedEvent(self._started, Stage.NOT_DONE))

    def discard(self) -> None:
        """Remove what was written so far, without a word; the log has that it began, and not that it was finished."""
        self._remove()

    @property
    def _started(self) -> ExportStarted:
        return ExportStarted(self._name, self._actor.user_name, self._filter)

    def _write_page(self) -> None:
        page = self._search.page(Direction.OLDER, self._place, PAGE)
        moments = [moment for entry in page.entries for moment in (entry.moment, entry.last_edit)]
        with self._practice.read() as session:
            self._offsets.load(session, moments)
        rows = [self._row(entry) for entry in page.entries]
        try:
            with _translate_os_errors(self._file):
                self._write(csv_lines(rows) if self._format is ExportFormat.CSV else json_lines(rows))
        except ExportFailed:
            # That it failed is told even where it cannot be logged.
            with suppress(ApiSetupError):
                self.cancel()
            raise
        self._counts.update(entry.genuineness for entry in page.entries)
        if page.entries:
            self._reached = page.entries[-1].moment
        self._place = page.next_cursor
        self._read_all = page.next_cursor is None

    def _write(self, text: str) -> None:
        partial = self._partial
        if partial is None:
            raise ExportFailed("The export was ended before all was written. Nothing of it is kept.")
        written = text.encode("utf-8", "backslashreplace")
        partial.file.write(written)
        # A full disk is met here, and not when the file is closed.
        partial.file.flush()
        self._digest.update(written)

    def _row(self, entry: AuditEntry) -> tuple[str | int, ...]:
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
            entry.genuineness.value,
        )

    def _finish(self) -> ExportResult:
        event = ExportFinished(self._name, self._actor.user_name, self._counts.total(), self._digest.hexdigest())
        about = self._about_this()
        try:
            with self._logged(event), _translate_os_errors(self._file):
                self._publish(about)
        except ExportFailed:
            self._remove()
            raise
        return self._so_far(done=True)

    def _publish(self, about: bytes) -> None:
        assert self._partial is not None  # noqa: S101 - a step comes after the beginning
        os.fsync(self._partial.file.fileno())
        self._partial.file.close()
        unfinished = _unfinished(self._file)
        made: list[Path] = []
        try:
            with _new_file(unfinished) as file:
                file.write(about)
            if not self._may_replace:
                for each in (self._file, manifest_file(self._file)):
                    # Somebody else may have made it meanwhile.
                    os.close(os.open(each, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                    made.append(each)
            unfinished.replace(manifest_file(self._file))
            made.append(manifest_file(self._file))
            self._partial.path.replace(self._file)
        except BaseException:
            for each in made:
                each.unlink(missing_ok=True)
            raise
        finally:
            unfinished.unlink(missing_ok=True)
        self._partial = self._unfinished = None

    def _about_this(self) -> bytes:
        with self._practice.read() as session:
            now = self._practice.now(session)
            self._offsets.load(session, [now])
        shape = self._practice.profile
        about = {
            "file": self._file.name,
            "sha256": self._digest.hexdigest(),
            "entries": self._counts.total(),
            "genuine": self._counts[Genuineness.GENUINE],
            "altered": self._counts[Genuineness.ALTERED],
            "without_hash": self._counts[Genuineness.NO_HASH],
            "filter": self._filter,
            "practice": shape.practice_title,
            "database": shape.database,
            "server": shape.host,
            "exported_by": self._actor.user_name,
            "computer": self._actor.computer,
            "exported_at": self._offsets.iso(now),
            "api_keys": "masked",
        }
        return (json.dumps(about, indent=2) + "\n").encode()

    def _so_far(self, *, done: bool) -> ExportResult:
        sha256 = self._digest.hexdigest() if done else ""
        return ExportResult(self._counts.total(), self._reached, self._file, done, sha256)

    def _remove(self) -> None:
        if self._partial is not None:
            with suppress(OSError):
                self._partial.file.close()
            self._partial = None
        if self._unfinished is not None:
            self._unfinished.unlink(missing_ok=True)
            self._unfinished = None

    @contextmanager
    def _logged(self, event: AuditEvent) -> Iterator[None]:
        try:
            with self._practice.unit_of_work(self._actor, event, mode=WriteMode.SPANS_DATABASES):
                yield
        except OutcomeUnknown as error:
            # The disk failed, and then the log; what became of the file is known.
            if isinstance(error.__cause__, ExportFailed):
                raise error.__cause__ from error.__cause__.__cause__
            raise


@dataclass(frozen=True)
class _Partial:
    file: IO[bytes]
    path: Path


def _unfinished(file: Path) -> Path:
    """Where a file is written before it gets its name."""
    return file.with_name(f".{file.name}.{secrets.token_hex(4)}.partial")


def _new_file(path: Path) -> IO[bytes]:
    """A file that was not there, which only this account can read."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


@contextmanager
def _translate_os_errors(file: Path) -> Iterator[None]:
    """Say in a sentence what the disk refused."""
    try:
        yield
    except (OSError, ValueError) as error:
        # A file that was closed meanwhile is a ValueError.
        number = error.errno if isinstance(error, OSError) else None
        full = number in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else (os.strerror(number) if number else "it was closed")
        raise ExportFailed(
            f"{file} could not be written: {why}. Nothing of it is kept, so nothing was exported.",
            "Free some space, or choose another directory." if full else "Choose another name or directory.",
        ) from error
