"""Running an export: its progress, its audit entries, the rights it needs, and its behavior after any fault."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core.audit.filter import AuditFilter
from core.base.errors import ApiSetupError, ExportFailed, NotPermitted, PracticeUnavailable
from tests.support.audit_exports import (
    begin_export,
    both_formats,
    entry_numbers,
    export_entries,
    file_names,
    finish,
    new_export,
    read_manifest,
)
from tests.support.audit_pages import NEWEST_FIRST, newest_entries
from tests.support.audit_rows import after_matching_statement, log_row, nth
from tests.support.databases import SampleFile, SamplePractice, SampleServer, database_user
from tests.support.fault_injection import cut_connection, lose_answer
from tests.support.practice_rows import BRIDGE_KEY
from tests.support.row_diff import Written, writing

both_engines = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)


def test_each_batch_returns_the_progress(file_sample: SampleFile, directory: Path, small_pages: None) -> None:
    with file_sample.office() as office:
        export = begin_export(office, directory / "trail.csv")
        first, second = export.run_batch(), export.run_batch()
        export.discard()
    assert 0 < first.count < second.count < 10
    assert first.reached is not None
    assert second.reached is not None
    assert first.reached > second.reached
    assert (first.done, first.sha256, first.file) == (False, "", directory / "trail.csv")


# --- audit entries


@both_formats
def test_an_export_writes_an_audit_entry_at_its_beginning_and_its_end(
    sample: SamplePractice, directory: Path, name: str
) -> None:
    with sample.office() as office, writing(sample) as written:
        result = finish(begin_export(office, directory / name))
    assert written == Written(
        audit=[
            (122, 1, f"Audit Trail export to {name} begun by Admin: all entries"),
            (122, 1, f"Audit Trail export to {name} finished by Admin: 10 entries, SHA-256 {result.sha256}"),
        ]
    )


def test_the_first_audit_entry_is_written_before_anything_is_read(sample: SamplePractice, directory: Path) -> None:
    with sample.office() as office, writing(sample) as written:
        begin_export(office, directory / "trail.csv", AuditFilter(user=2)).discard()
    assert [text for _, _, text in written.audit] == ["Audit Trail export to trail.csv begun by Admin: user:Maria"]
    assert file_names(directory) == []


def test_a_cancelled_export_is_logged_and_leaves_no_file(
    sample: SamplePractice, directory: Path, small_pages: None
) -> None:
    with sample.office() as office, writing(sample) as written:
        export = begin_export(office, directory / "trail.csv")
        export.run_batch()
        export.cancel()
        # A second call has no effect.
        export.cancel()
    began = "Audit Trail export to trail.csv begun by Admin: all entries"
    assert written == Written(audit=[(122, 1, began), (122, 1, f"NOT DONE: {began}")])
    assert file_names(directory) == []


def test_a_finished_export_cannot_be_cancelled(sample: SamplePractice, directory: Path) -> None:
    with sample.office() as office:
        export = begin_export(office, directory / "trail.csv")
        finish(export)
        with writing(sample) as written:
            export.cancel()
            export.discard()
    assert written == Written()
    assert len(file_names(directory)) == 2


@both_formats
def test_a_key_in_the_filter_is_masked(sample: SamplePractice, directory: Path, name: str) -> None:
    audit_filter = AuditFilter(text=BRIDGE_KEY, computer="FRONT")
    with sample.office() as office, writing(sample) as written:
        export = begin_export(office, directory / name, audit_filter)
        finish(export)
        assert BRIDGE_KEY not in "".join(entry.text for entry in newest_entries(office))
    masked = "computer:FRONT text:********Gh78"
    assert str(written.audit[0][2]).endswith(f": {masked}")
    assert read_manifest(directory / name)["filter"] == masked
    assert BRIDGE_KEY not in str(written.audit)
    assert entry_numbers(directory / name) == [10]


def test_an_unknown_key_in_the_filter_is_masked_in_the_words_of_a_new_key(
    file_sample: SampleFile, directory: Path
) -> None:
    audit_filter = AuditFilter(text="New API key Unknown1Unknown2 added by Admin")
    with file_sample.office() as office, writing(file_sample) as written:
        finish(begin_export(office, directory / "trail.csv", audit_filter))
    assert "Unknown1" not in str(written.audit)
    assert "Unknown1" not in read_manifest(directory / "trail.csv")["filter"]


# --- rights and faults


@both_engines
def test_a_database_user_with_read_access_cannot_export(server_sample: SampleServer, directory: Path) -> None:
    with (
        database_user(server_sample, "SELECT") as account,
        closing(server_sample.open_as(account)) as office,
        writing(server_sample) as written,
    ):
        with pytest.raises(NotPermitted, match="Nothing was exported") as caught:
            begin_export(office, directory / "trail.csv")
        assert caught.value.hint
    assert written == Written()
    assert file_names(directory) == []


def test_a_read_only_practice_file_cannot_be_exported(file_sample: SampleFile, directory: Path) -> None:
    def forbid(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    with file_sample.office() as office, writing(file_sample) as written:
        event.listen(office._practice.engine, "connect", forbid)
        with pytest.raises(NotPermitted, match="Nothing was exported"):
            begin_export(office, directory / "trail.csv")
    assert written == Written()
    assert file_names(directory) == []


def test_a_deleted_directory_is_reported_and_logged(sample: SamplePractice, directory: Path) -> None:
    with sample.office() as office, writing(sample) as written:
        export = new_export(office, directory / "trail.csv")
        directory.rmdir()
        with pytest.raises(ExportFailed, match="No such file or directory"):
            export.begin()
    assert [str(text)[:9] for _, _, text in written.audit] == ["Audit Tra", "NOT DONE:"]


class Disk:
    """A disk with a limited number of free bytes.

    Args:
        free: The number of free bytes.
        when_full: Called once when the disk is full.
    """

    def __init__(self, free: int, when_full: Callable[[], None]) -> None:
        self.free = free
        self._when_full: list[Callable[[], None]] = [when_full]

    def open(self, handle: int, _mode: str) -> io.BufferedWriter:
        return _FileOnDisk(handle, self)

    def check_free_space(self) -> None:
        if self.free < 0:
            while self._when_full:
                self._when_full.pop()()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _FileOnDisk(io.BufferedWriter):
    def __init__(self, handle: int, disk: Disk) -> None:
        super().__init__(io.FileIO(handle, "wb"))
        self._disk = disk

    def write(self, written: Any) -> int:
        self._disk.free -= len(written)
        return super().write(written)

    def flush(self) -> None:
        self._disk.check_free_space()
        super().flush()


@contextmanager
def disk(free: int, when_full: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Write the files of an export to a disk with this number of free bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fdopen", Disk(free, when_full).open)
        yield


WHEN_FULL = ("the header", "a page", "the manifest")


def free_bytes(when_full: str, sample: SamplePractice, directory: Path) -> int:
    """Return the number of free bytes with which the disk is full while this part is written."""
    if when_full != "the manifest":
        return {"the header": 10, "a page": 500}[when_full]
    result = export_entries(sample, directory / "first.csv")
    size = result.file.stat().st_size
    result.file.unlink()
    result.manifest.unlink()
    # The export under test also contains the two entries about this one.
    return size + 450


@pytest.mark.parametrize("when_full", WHEN_FULL)
def test_a_full_disk_is_reported_and_logged_and_leaves_no_file(
    sample: SamplePractice, directory: Path, when_full: str, small_pages: None
) -> None:
    free = free_bytes(when_full, sample, directory)
    with sample.office() as office, writing(sample) as written, disk(free), pytest.raises(ExportFailed) as caught:
        finish(begin_export(office, directory / "trail.csv"))
    assert caught.value.sentence == (
        f"Can't write {directory / 'trail.csv'}: the disk is full. Nothing was exported, and no file was kept."
    )
    assert "space" in caught.value.hint
    assert file_names(directory) == []
    texts = [str(text) for _, _, text in written.audit]
    assert texts[-1].startswith("NOT DONE: Audit Trail export to trail.csv begun by Admin: ")
    assert len([text for text in texts if text.startswith("NOT DONE: ")]) == 1


@both_engines
@pytest.mark.parametrize("when_full", WHEN_FULL)
def test_a_full_disk_is_reported_even_if_it_cannot_be_logged(
    server_sample: SampleServer, directory: Path, when_full: str, small_pages: None
) -> None:
    free = free_bytes(when_full, server_sample, directory)
    with database_user(server_sample, "SELECT, INSERT") as account, closing(server_sample.open_as(account)) as office:

        def revoke_insert() -> None:
            server_sample.server.execute(f"REVOKE INSERT ON `{server_sample.database}`.* FROM '{account.user}'@'%'")
            office._practice.engine.dispose()

        with disk(free, revoke_insert), pytest.raises(ExportFailed, match="the disk is full"):
            finish(begin_export(office, directory / "trail.csv"))
    assert file_names(directory) == []


def test_another_disk_error_is_reported_with_the_systems_message(
    file_sample: SampleFile, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with file_sample.office() as office, pytest.raises(ExportFailed, match="Input/output error"):
        finish(begin_export(office, directory / "trail.csv"))
    assert file_names(directory) == []


@both_engines
@both_formats
def test_an_export_continues_after_a_lost_connection(
    server_sample: SampleServer, directory: Path, name: str, small_pages: None
) -> None:
    with server_sample.office() as office:
        lost = 0
        for number in count(1):
            file = directory / f"{number}-{name}"
            # Delete the audit entries of the previous export.
            server_sample.execute("DELETE FROM securitylog WHERE SecurityLogNum > 10")
            export = begin_export(office, file)
            with after_matching_statement(office, nth(number), lose_answer(server_sample)) as hit:
                try:
                    result = finish(export)
                except PracticeUnavailable:
                    lost += 1
                    result = finish(export)
            assert entry_numbers(file) == NEWEST_FIRST
            assert result.sha256 == hashlib.sha256(file.read_bytes()).hexdigest() == read_manifest(file)["sha256"]
            assert not [each for each in file_names(directory) if each.endswith(".partial")]
            if not hit.triggered:
                break
    assert lost > 5


@both_engines
def test_a_connection_lost_at_the_beginning_leaves_no_file(server_sample: SampleServer, directory: Path) -> None:
    with server_sample.office() as office:
        failures = []
        for number in count(1):
            server_sample.execute("DELETE FROM securitylog WHERE SecurityLogNum > 10")
            export = new_export(office, directory / f"{number}.csv")
            with after_matching_statement(office, nth(number), cut_connection(server_sample)) as hit:
                try:
                    export.begin()
                except ApiSetupError as error:
                    failures.append(error)
                    assert file_names(directory) == []
                    export.begin()
            if not hit.triggered:
                export.discard()
                break
            # An export that was begun a second time is complete.
            result = finish(export)
            assert result.sha256 == hashlib.sha256(result.file.read_bytes()).hexdigest()
            result.file.unlink()
            result.manifest.unlink()
    assert failures
    assert all("Nothing was changed" in failure.sentence for failure in failures)


def test_the_header_is_hashed_once_even_if_the_export_was_begun_twice(file_sample: SampleFile, directory: Path) -> None:
    with file_sample.office() as office:
        export = new_export(office, directory / "trail.csv")
        with disk(10), pytest.raises(ExportFailed):
            export.begin()
        export.begin()
        result = finish(export)
    assert result.sha256 == hashlib.sha256((directory / "trail.csv").read_bytes()).hexdigest()
    assert (directory / "trail.csv").read_bytes().count(b"number,time") == 1


def test_an_export_ends_while_other_programs_write_entries(
    sample: SamplePractice, directory: Path, small_pages: None
) -> None:
    """Entries written meanwhile are newer than those that are still to be read."""
    with sample.office() as office:
        export = begin_export(office, directory / "trail.csv")
        batches = 0
        while not export.run_batch().done:
            batches += 1
            row = log_row(1000 + batches, "2030-01-01 00:00:00")
            sample.execute(
                f"INSERT INTO securitylog ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})", *row.values()
            )
            assert batches < 10
    assert entry_numbers(directory / "trail.csv") == NEWEST_FIRST


@both_engines
def test_an_export_stays_if_its_end_cannot_be_logged(
    server_sample: SampleServer, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_user(server_sample, "SELECT, INSERT") as account, closing(server_sample.open_as(account)) as office:

        def revoke_insert(_directory: Path) -> None:
            server_sample.server.execute(f"REVOKE INSERT ON `{server_sample.database}`.* FROM '{account.user}'@'%'")
            office._practice.engine.dispose()

        monkeypatch.setattr("core.audit.export_file.fsync_directory", revoke_insert)
        result = finish(begin_export(office, directory / "trail.csv"))
    assert result.not_logged is not None
    assert result.not_logged.sentence.startswith(
        f"{directory / 'trail.csv'} is complete, but the Audit Trail has no entry that the export finished: "
    )
    assert result.sha256 in result.not_logged.hint
    assert result.sha256 == hashlib.sha256(result.file.read_bytes()).hexdigest()
    assert file_names(directory) == ["trail.csv", "trail.csv.about.json"]


def test_the_end_is_logged_after_the_files_have_their_names(
    sample: SamplePractice, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_directory: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.audit.export_file.fsync_directory", interrupt)
    with sample.office() as office, writing(sample) as written:
        export = begin_export(office, directory / "trail.csv")
        with pytest.raises(KeyboardInterrupt):
            finish(export)
        export.cancel()
    assert export.is_published
    assert file_names(directory) == ["trail.csv", "trail.csv.about.json"]
    assert [text for _, _, text in written.audit] == ["Audit Trail export to trail.csv begun by Admin: all entries"]
