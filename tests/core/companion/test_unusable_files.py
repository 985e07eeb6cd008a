"""Companions and embedded practices that are damaged, that others can access, or that belong to another program."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.base.errors import DamagedFile, PracticeUnavailable, StorageFailed
from core.check.companion import check_companion
from core.check.result import CheckStatus
from core.companion.opening import CompanionSource
from core.companion.store import Companion
from core.database.address import FileAddress
from core.database.engines import file_engine
from core.model.agreement import default_agreement
from core.office.opening import open_file_office
from tests.support.databases import NOW, SampleFile, SampleServer, copy_private, file_rows, runtime
from tests.support.ownership import give_to_stranger

Open = Callable[[Path], None]


def open_companion(path: Path) -> None:
    companion = Companion(file_engine(path), shared=False)
    try:
        companion.prepare(lambda: NOW)
    finally:
        companion.close()


def open_embedded(path: Path) -> None:
    open_file_office(FileAddress(path), default_agreement(), runtime()).close()


def open_embedded_read_only(path: Path) -> None:
    open_file_office(FileAddress(path), default_agreement(), runtime(), read_only=True).close()


def check(path: Path) -> None:
    """Raise what the check finds."""
    for result in check_companion(CompanionSource.file(path), shared=False):
        if result.status is CheckStatus.WARNING:
            raise PracticeUnavailable(result.sentence, result.hint)


all_ways = pytest.mark.parametrize("open_file", [open_companion, open_embedded, open_embedded_read_only, check])


@pytest.fixture
def file(request: pytest.FixtureRequest, tmp_path: Path, file_template: Path, companion_template: Path) -> Path:
    """A companion or an embedded practice, as the test needs it."""
    path = tmp_path / "my file.sqlite3"
    embedded = request.node.callspec.params.get("open_file") in (open_embedded, open_embedded_read_only)
    copy_private(file_template if embedded else companion_template, path)
    return path


def refusal(open_file: Open, path: Path) -> PracticeUnavailable:
    """Return the error on opening a file, which must not be changed, nor may files be created."""
    before = {each: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}
    with pytest.raises(PracticeUnavailable) as caught:
        open_file(path)
    assert {each: each.read_bytes() for each in path.parent.iterdir() if each.is_file()} == before
    assert str(path.name) in caught.value.sentence
    assert caught.value.hint
    return caught.value


@all_ways
def test_a_whole_private_file_is_opened(open_file: Open, file: Path) -> None:
    open_file(file)


@all_ways
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_access_is_refused_with_a_command(open_file: Open, file: Path, mode: int) -> None:
    file.chmod(mode)
    error = refusal(open_file, file)
    assert f"has mode {mode:04o}, so other accounts can read or change it" in error.sentence
    assert error.hint == f"Run: chmod 600 '{file}'"
    file.chmod(0o600)
    open_file(file)


@all_ways
@pytest.mark.parametrize("end", ["-journal", "-wal"])
def test_a_journal_that_others_can_write_is_refused(open_file: Open, file: Path, end: str) -> None:
    journal = file.with_name(file.name + end)
    journal.touch()
    journal.chmod(0o666)
    assert refusal(open_file, file).hint == f"Run: chmod 600 '{journal}'"
    file.chmod(0o644)
    assert refusal(open_file, file).hint == f"Run: chmod 600 '{file}' '{journal}'"


@all_ways
def test_a_file_of_another_account_is_refused(open_file: Open, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_to_stranger(file, monkeypatch)
    error = refusal(open_file, file)
    assert "belongs to another account" in error.sentence
    assert f"chown {os.getuid()} '{file}'" in error.hint


@all_ways
def test_a_link_is_followed_and_its_target_checked(open_file: Open, file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    open_file(link)
    file.chmod(0o644)
    assert refusal(open_file, link).hint == f"Run: chmod 600 {link}"


@all_ways
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"This is no database. " + content, id="text"),
        pytest.param(lambda content: content[:16] + b"\xff" * 4096, id="header"),
        pytest.param(lambda content: content[:8192], id="truncated"),
        pytest.param(lambda content: content[:700], id="truncated in the first page"),
    ],
)
def test_a_damaged_file_is_reported_with_what_is_lost(
    open_file: Open, file: Path, damage: Callable[[bytes], bytes]
) -> None:
    file.write_bytes(damage(file.read_bytes()))
    error = refusal(open_file, file)
    assert "is damaged, or isn't an SQLite database." in error.sentence
    assert "Restore it from a backup. Or move it away" in error.hint
    assert "accepted agreements" in error.hint
    file.rename(file.with_name("moved away"))
    if open_file in (open_companion, open_embedded):
        open_file(file)


def test_a_companion_damaged_in_its_middle_is_reported_when_it_is_opened(
    companion_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "companion.sqlite3"
    copy_private(companion_template, path)
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096
    path.write_bytes(content)
    for open_file in (open_companion, check):
        assert "is damaged" in refusal(open_file, path).sentence


def test_a_companion_damaged_while_it_is_open_is_named(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        server_sample.companion.write_bytes(b"This is no database. " * 1000)
        with pytest.raises(DamagedFile, match=r"companion\.sqlite3 is damaged") as caught:
            office.keys.list()
        assert "headquarters' last list" in caught.value.hint


def test_a_file_removed_while_it_is_open_is_not_created_again(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        file_sample.companion.unlink()
        with pytest.raises(StorageFailed, match="cannot be opened"):
            office.keys.list()
    assert not file_sample.companion.exists()


@pytest.mark.parametrize("open_file", [open_companion, check])
def test_a_database_of_another_program_is_no_companion(open_file: Open, tmp_path: Path) -> None:
    path = tmp_path / "music.sqlite3"
    path.touch(0o600)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    error = refusal(open_file, path)
    assert "has tables of another program, such as songs" in error.sentence
    assert list(file_rows(path)) == ["songs"]


@pytest.mark.parametrize("open_file", [open_companion, check])
def test_an_embedded_practice_is_no_companion(open_file: Open, tmp_path: Path, file_template: Path) -> None:
    path = tmp_path / "practice.sqlite3"
    copy_private(file_template, path)
    assert "so it isn't a companion file" in refusal(open_file, path).sentence


def test_tables_that_a_backup_tool_added_are_accepted(tmp_path: Path, companion_template: Path) -> None:
    path = tmp_path / "companion.sqlite3"
    copy_private(companion_template, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
    open_companion(path)
    check(path)


@all_ways
def test_a_directory_or_a_pipe_is_refused_without_blocking(open_file: Open, tmp_path: Path) -> None:
    directory, pipe = tmp_path / "directory", tmp_path / "pipe"
    directory.mkdir()
    os.mkfifo(pipe, 0o600)
    assert "is a directory, not an SQLite file" in refusal(open_file, directory).sentence
    assert "is not a regular file" in refusal(open_file, pipe).sentence
