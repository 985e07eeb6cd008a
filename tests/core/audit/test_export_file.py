"""The files of an export on disk: private, complete, and never overwriting another one without permission."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.base.errors import ExportFailed
from tests.support.audit_exports import (
    begin_export,
    both_formats,
    entry_numbers,
    export_entries,
    file_names,
    finish,
    new_export,
    permissions,
    read_manifest,
)
from tests.support.audit_pages import NEWEST_FIRST
from tests.support.databases import SampleFile, SamplePractice
from tests.support.row_diff import writing


@both_formats
def test_only_this_account_can_read_the_files(file_sample: SampleFile, directory: Path, name: str) -> None:
    before = os.umask(0)
    try:
        export_entries(file_sample, directory / name)
    finally:
        os.umask(before)
    assert [permissions(each) for each in directory.iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize("may_replace", [False, True])
@both_formats
def test_no_file_has_the_exports_name_until_it_is_complete(
    sample: SamplePractice, directory: Path, name: str, may_replace: bool, small_pages: None
) -> None:
    with sample.office() as office:
        export = begin_export(office, directory / name, may_replace=may_replace)
        names = [file_names(directory)]
        while not export.run_batch().done:
            names.append(file_names(directory))
            assert [permissions(each) for each in directory.iterdir()] == [0o600]
    assert len(names) > 2
    (partial,) = {each for found in names for each in found}
    assert partial.startswith(".apisetup-")
    assert partial.endswith(".partial")
    assert file_names(directory) == [name, f"{name}.about.json"]


def test_existing_files_are_replaced_if_that_is_allowed(sample: SamplePractice, directory: Path) -> None:
    for each in ("trail.csv", "trail.csv.about.json"):
        (directory / each).write_text("older")
        (directory / each).chmod(0o644)
    export_entries(sample, directory / "trail.csv", may_replace=True)
    assert entry_numbers(directory / "trail.csv") == NEWEST_FIRST
    assert read_manifest(directory / "trail.csv")["entries"] == 10
    assert [permissions(each) for each in directory.iterdir()] == [0o600, 0o600]


def test_a_link_is_replaced_and_its_target_is_kept(file_sample: SampleFile, directory: Path) -> None:
    (directory / "kept").write_text("kept")
    (directory / "trail.csv").symlink_to(directory / "kept")
    export_entries(file_sample, directory / "trail.csv", may_replace=True)
    assert not (directory / "trail.csv").is_symlink()
    assert (directory / "kept").read_text() == "kept"


def test_an_existing_file_is_kept_until_the_new_one_is_complete(
    file_sample: SampleFile, directory: Path, small_pages: None
) -> None:
    (directory / "trail.csv").write_text("older")
    with file_sample.office() as office:
        export = begin_export(office, directory / "trail.csv", may_replace=True)
        export.run_batch()
        assert (directory / "trail.csv").read_text() == "older"
        export.cancel()
    assert (directory / "trail.csv").read_text() == "older"
    assert file_names(directory) == ["trail.csv"]


@pytest.mark.parametrize("created", ["trail.csv", "trail.csv.about.json"])
def test_a_file_created_meanwhile_is_not_overwritten(
    sample: SamplePractice, directory: Path, created: str, small_pages: None
) -> None:
    with sample.office() as office, writing(sample) as written:
        export = begin_export(office, directory / "trail.csv")
        export.run_batch()
        (directory / created).write_text("another program's")
        with pytest.raises(ExportFailed, match=r"Can.t write .*: File exists"):
            finish(export)
    assert (directory / created).read_text() == "another program's"
    assert file_names(directory) == [created]
    assert [str(text)[:9] for _, _, text in written.audit] == ["Audit Tra", "NOT DONE:"]


def test_a_directory_created_meanwhile_is_kept(file_sample: SampleFile, directory: Path) -> None:
    with file_sample.office() as office:
        export = begin_export(office, directory / "trail.csv", may_replace=True)
        (directory / "trail.csv").mkdir()
        with pytest.raises(ExportFailed, match=r"Can.t write "):
            finish(export)
    assert file_names(directory) == ["trail.csv"]


def test_an_interruption_right_after_the_file_is_created_leaves_no_file(
    file_sample: SampleFile, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_and_interrupt(path: Path, flags: int, mode: int = 0o777) -> int:
        handle = original(path, flags, mode)
        if str(path).endswith(".partial"):
            os.close(handle)
            raise KeyboardInterrupt
        return handle

    original = os.open
    monkeypatch.setattr("os.open", open_and_interrupt)
    with file_sample.office() as office:
        export = new_export(office, directory / "out.csv")
        with pytest.raises(KeyboardInterrupt):
            export.begin()
    assert file_names(directory) == []
