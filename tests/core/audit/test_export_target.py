"""The name of the file that an export is written to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.audit.export_target import TargetExists, validate_target
from core.base.errors import InvalidInput
from tests.support.audit_exports import (
    export_entries,
    read_csv,
)
from tests.support.databases import SampleFile
from tests.support.privileges import forbidden


def refusal(text: str, *, may_replace: bool = False) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        validate_target(text, may_replace=may_replace)
    assert caught.value.field == "file"
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_an_empty_name_is_refused(text: str) -> None:
    refusal(text)


@pytest.mark.parametrize("name", ["trail", "trail.txt", "trail.csv.gz", "trail.json", ".csv", "csv", "trail."])
def test_a_name_with_another_suffix_is_refused(directory: Path, name: str) -> None:
    refusal(str(directory / name))


@pytest.mark.parametrize("name", ["trail.csv", "trail.CSV", "trail.jsonl", "Trail.JsonL", "a.b.csv", "with blanks.csv"])
def test_a_name_with_a_known_suffix_is_accepted(directory: Path, name: str) -> None:
    assert validate_target(f"  {directory / name} ", may_replace=False) == directory / name


def test_a_suffix_in_capitals_is_accepted(file_sample: SampleFile, directory: Path) -> None:
    export_entries(file_sample, validate_target(str(directory / "TRAIL.CSV"), may_replace=False))
    assert read_csv(directory / "TRAIL.CSV")


def test_a_name_is_relative_to_the_home_or_the_current_directory(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(directory))
    assert validate_target("~/trail.csv", may_replace=False) == directory / "trail.csv"
    monkeypatch.chdir(directory)
    assert validate_target("trail.csv", may_replace=False) == directory / "trail.csv"


def test_the_home_of_an_unknown_user_is_refused() -> None:
    refusal("~no-such-user/trail.csv")


def test_a_missing_directory_is_refused(directory: Path) -> None:
    assert "Directory not found" in refusal(str(directory / "nowhere" / "trail.csv")).sentence


def test_a_file_as_the_directory_is_refused(directory: Path) -> None:
    (directory / "file").touch()
    assert "Directory not found" in refusal(str(directory / "file" / "trail.csv")).sentence


def test_a_directory_without_write_permission_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "No permission to write" in refusal(str(directory / "trail.csv")).sentence


def test_a_directory_that_may_not_be_entered_is_refused(directory: Path) -> None:
    """Such as a path in another user's home."""
    with forbidden(directory):
        for name in ("trail.csv", "further/trail.csv"):
            sentence = refusal(str(directory / name)).sentence
            assert sentence == f"Can't write {directory / name}: Permission denied."


@pytest.mark.parametrize("name", [f"{'x' * 300}.csv", "a\0b.csv"])
def test_a_name_that_no_file_can_have_is_refused(directory: Path, name: str) -> None:
    refusal(str(directory / name))


def test_a_name_too_long_for_its_manifest_is_refused(directory: Path) -> None:
    refusal(str(directory / f"{'x' * 245}.csv"))


@pytest.mark.parametrize("may_replace", [False, True])
@pytest.mark.parametrize("name", ["trail.csv", "trail.csv.about.json"])
def test_a_directory_with_the_name_of_the_file_is_refused(directory: Path, name: str, may_replace: bool) -> None:
    (directory / name).mkdir()
    assert "is a directory" in refusal(str(directory / "trail.csv"), may_replace=may_replace).sentence


@pytest.mark.parametrize("name", ["trail.csv", "trail.csv.about.json"])
def test_an_existing_file_is_refused_unless_it_may_be_replaced(directory: Path, name: str) -> None:
    (directory / name).touch()
    error = refusal(str(directory / "trail.csv"))
    assert isinstance(error, TargetExists)
    assert error.file == directory / name
    assert validate_target(str(directory / "trail.csv"), may_replace=True) == directory / "trail.csv"


def test_a_broken_link_counts_as_an_existing_file(directory: Path) -> None:
    (directory / "trail.csv").symlink_to(directory / "nowhere")
    assert isinstance(refusal(str(directory / "trail.csv")), TargetExists)


@pytest.mark.parametrize("name", ["trail.csv/", "/"])
def test_a_name_that_ends_in_a_slash_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        validate_target(f"{tmp_path}/{name}", may_replace=True)
