"""Partial files: the next process removes those of a killed one, and leaves those of a running one alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.base.partial_file import (
    PartialFile,
    PartialFolder,
    remove_left_folders,
    remove_leftovers,
    remove_temporary_directories,
    temporary_directory,
)
from core.base.private_file import replace_private_file
from tests.support.ownership import STRANGER

ROOT = Path(__file__).parents[3]
DIRECTORY = """
with temporary_directory() as path:
    (path / "demo.sqlite3").write_text("")
    print(path, flush=True)
    sys.stdin.read()
"""
FILE = """
partial = PartialFile(Path(sys.argv[1]))
partial.create()
print(partial.path, flush=True)
sys.stdin.read()
"""


@contextmanager
def running(body: str, directory: Path) -> Iterator[Path]:
    """Run a program that creates something, yield its path, and kill the program at the end."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom core.base.partial_file import PartialFile, temporary_directory\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program + body, str(directory)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(directory)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield Path(process.stdout.readline().rstrip("\n"))
        finally:
            process.kill()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files, which is this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_temporary_directory_of_a_killed_process_is_removed(temporary: Path) -> None:
    with running(DIRECTORY, temporary) as path:
        remove_temporary_directories()
        assert (path / "demo.sqlite3").exists()
    assert path.exists()
    remove_temporary_directories()
    assert list(temporary.iterdir()) == []


def test_a_temporary_directory_is_private_and_removed_at_the_end(temporary: Path) -> None:
    with temporary_directory() as path:
        assert path.stat().st_mode & 0o777 == 0o700
        remove_temporary_directories()
        assert path.exists()
    assert not path.exists()


def test_only_our_own_temporary_directories_are_removed(temporary: Path) -> None:
    target = temporary / "target"
    target.mkdir()
    (temporary / "apisetup-demo-linklink.tmp").symlink_to(target)
    (temporary / "apisetup-demo-filefile.tmp").write_text("")
    (temporary / "apisetup-demo-earlier1").mkdir()
    before = sorted(temporary.iterdir())
    remove_temporary_directories()
    assert sorted(temporary.iterdir()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_account_is_left_alone(temporary: Path) -> None:
    path = temporary / "apisetup-demo-stranger.tmp"
    path.mkdir()
    os.chown(path, STRANGER, -1)
    remove_temporary_directories()
    assert path.exists()


def test_the_partial_file_of_a_killed_process_is_removed_by_the_next_write(tmp_path: Path) -> None:
    file = tmp_path / "last-opened.json"
    with running(FILE, tmp_path) as partial:
        replace_private_file(file, "first")
        assert partial.exists()
    replace_private_file(file, "second")
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == "second"


def test_a_write_that_fails_leaves_the_old_file_and_no_partial_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    replace_private_file(file, "old")

    def fail(_self: PartialFile, _mode: int | None = None) -> None:
        raise OSError

    monkeypatch.setattr(PartialFile, "sync", fail)
    with pytest.raises(OSError, match=r"^$"):
        replace_private_file(file, "new")
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == "old"


def test_a_file_that_is_taken_for_a_leftover_before_it_is_locked_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_and_lose(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = original(path, flags, mode)
        monkeypatch.undo()
        remove_leftovers(tmp_path)
        return descriptor

    original = os.open
    monkeypatch.setattr(os, "open", open_and_lose)
    with PartialFile(tmp_path) as partial:
        partial.create()
        assert partial.path.exists()


def test_a_partial_folder_that_is_in_use_is_left_alone_and_others_are_removed(tmp_path: Path) -> None:
    left = tmp_path / ".apisetup-0123456789abcdef.folder"
    left.mkdir()
    (left / "keys.csv").write_text("")
    (tmp_path / ".apisetup-0123456789abcdef.partial").write_text("")
    with PartialFolder(tmp_path) as folder:
        folder.create()
        folder.write("index.html", b"page")
        remove_left_folders(tmp_path)
        assert not left.exists()
        assert (folder.path / "index.html").read_bytes() == b"page"
        folder.publish(tmp_path / "done")
        assert folder.is_at(tmp_path / "done")
        with pytest.raises(FileExistsError):
            folder.publish(tmp_path / "done")
    assert sorted(each.name for each in tmp_path.iterdir()) == [".apisetup-0123456789abcdef.partial", "done"]


def test_a_missing_directory_has_no_leftovers(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "missing")
