"""Exports whose process is killed: the names are free, or have all of the old export or all of the new one."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from core.audit.export_target import manifest_file
from tests.support.audit_exports import begin_export, export_entries, file_names, finish, read_manifest
from tests.support.databases import SampleFile
from tests.support.kill_driver import ROOT, KillDriver

NAMES = ["trail.csv", "trail.csv.about.json"]


def require_pair(file: Path) -> None:
    """Fail unless an export and its manifest, as far as they exist, belong together."""
    if file.exists() and manifest_file(file).exists():
        assert read_manifest(file)["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def hidden_files(directory: Path) -> list[str]:
    return [name for name in file_names(directory) if name.startswith(".")]


def test_an_export_that_is_killed_has_no_name_or_all_of_it(
    file_sample: SampleFile, directory: Path, kill_driver: KillDriver
) -> None:
    leftovers = 0
    for operation in count(1):
        file = directory / "trail.csv"
        if not kill_driver.kill_export(file_sample, file, operation, may_replace=False):
            break
        require_pair(file)
        if file.exists():
            assert manifest_file(file).exists()
        leftovers += len(hidden_files(directory))
        # The next export may have the same name, since nothing else has it.
        if not file.exists():
            export_entries(file_sample, file)
            assert file_names(directory) == NAMES
        else:
            export_entries(file_sample, directory / "next.csv")
            assert hidden_files(directory) == []
        require_pair(file)
        for each in directory.iterdir():
            each.unlink()
    assert leftovers > 3
    assert operation > 5


def test_an_export_that_is_killed_while_it_replaces_another_one_never_mixes_them(
    file_sample: SampleFile, directory: Path, kill_driver: KillDriver
) -> None:
    file, seen = directory / "trail.csv", set()
    for operation in count(1):
        export_entries(file_sample, file, may_replace=True)
        old = file.read_bytes()
        if not kill_driver.kill_export(file_sample, file, operation, may_replace=True):
            break
        content = file.read_bytes()
        require_pair(file)
        seen.add((content == old, manifest_file(file).exists()))
        # The next export into the directory removes what was left, and supplies a manifest that is missing.
        export_entries(file_sample, directory / "next.csv", may_replace=True)
        assert file_names(directory) == ["next.csv", "next.csv.about.json", *NAMES]
        assert file.read_bytes() == content
        require_pair(file)
    # The new export was never there without a complete file.
    assert {(True, True), (True, False), (False, False), (False, True)} == seen


def test_the_files_of_a_running_export_are_left_alone(file_sample: SampleFile, directory: Path) -> None:
    with file_sample.office() as office:
        first = begin_export(office, directory / "first.csv")
        export_entries(file_sample, directory / "second.csv")
        assert len(hidden_files(directory)) == 1
        assert finish(first).file.exists()
    assert hidden_files(directory) == []


@pytest.mark.parametrize("content", ["", "[]", "{", '{"file": "../outside.csv"}', '{"file": 7}'])
def test_a_manifest_that_cannot_be_read_is_only_removed(file_sample: SampleFile, directory: Path, content: str) -> None:
    outside = directory.parent / "outside.csv"
    outside.write_text("")
    (directory / ".apisetup-0123456789abcdef.manifest").write_text(content)
    export_entries(file_sample, directory / "trail.csv")
    assert file_names(directory) == NAMES
    assert not manifest_file(outside).exists()


def test_only_leftovers_of_exports_are_removed(file_sample: SampleFile, directory: Path) -> None:
    target = directory.parent / "target"
    target.write_text("kept")
    names = (".apisetup-0123456789abcde.partial", ".trail.csv.partial", ".apisetup-0123456789abcdef.partial.txt")
    for name in names:
        (directory / name).write_text("another program's")
    (directory / ".apisetup-000000000000000a.partial").symlink_to(target)
    os.mkfifo(directory / ".apisetup-000000000000000b.partial")
    (directory / ".apisetup-000000000000000c.partial").mkdir()
    before = file_names(directory)
    export_entries(file_sample, directory / "trail.csv")
    assert file_names(directory) == sorted([*before, *NAMES])
    assert target.read_text() == "kept"


def test_an_export_killed_by_the_system_is_cleaned_up(file_sample: SampleFile, directory: Path) -> None:
    """The lock of a killed process is released, and that of a running one isn't."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom core.base.partial_file import PartialFile\n"
        "partial = PartialFile(Path(sys.argv[1]))\npartial.create()\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(directory)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        export_entries(file_sample, directory / "first.csv")
        assert len(hidden_files(directory)) == 1
        process.kill()
    export_entries(file_sample, directory / "second.csv")
    assert hidden_files(directory) == []


def test_a_manifest_of_a_changed_export_is_not_restored(file_sample: SampleFile, directory: Path) -> None:
    export_entries(file_sample, directory / "trail.csv")
    manifest = manifest_file(directory / "trail.csv")
    manifest.rename(directory / ".apisetup-0123456789abcdef.manifest")
    (directory / "trail.csv").write_text("changed")
    export_entries(file_sample, directory / "next.csv")
    assert file_names(directory) == ["next.csv", "next.csv.about.json", "trail.csv"]
    assert json.loads((directory / "next.csv.about.json").read_text())["file"] == "next.csv"
