"""The companion database: private, migrated in one transaction, and never older than the program that made it."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from core.base.errors import NotAPractice, StorageFailed
from core.companion.store import Companion
from core.companion.tables import CompanionBase
from core.database.address import ServerAddress
from core.database.engines import file_engine
from core.offices.paths import find_paths
from tests.support.actors import ADMIN
from tests.support.change_kinds import key_of
from tests.support.databases import NOW, SamplePractice, SampleServer, file_rows


def prepared(path: Path) -> Path:
    companion = Companion(file_engine(path), shared=False)
    companion.prepare(lambda: NOW)
    companion.close()
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_file_and_directory_are_for_this_user_alone(tmp_path: Path) -> None:
    path = prepared(tmp_path / "companions" / "companion.sqlite3")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_every_directory_that_is_made_is_for_this_user_alone(tmp_path: Path) -> None:
    samples = find_paths({"APISETUP_CONFIG": str(tmp_path / "new" / "apisetup" / "config.toml")})
    path = prepared(samples.companion_of(ServerAddress("db", 3306, "opendental", "odbc")))
    assert mode(path.parent) == 0o700
    assert mode(samples.configuration.parent) == 0o700


def test_a_directory_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    directory = tmp_path / "mine"
    directory.mkdir(mode=0o750)
    directory.chmod(0o750)
    prepared(directory / "companion.sqlite3")
    assert mode(directory) == 0o750


def test_migrations_are_recorded(tmp_path: Path) -> None:
    rows = file_rows(prepared(tmp_path / "companion.sqlite3"))["apisetup_migration"]
    expected = [("1", "keys and licenses"), ("2", "headquarters")]
    assert [(row["number"], row["name"]) for row in rows.values()] == expected
    assert all(str(row["applied_at"]).startswith("2024-11-06 14:30:15") for row in rows.values())


def test_a_companion_of_before_headquarters_gets_what_it_lacks(tmp_path: Path, companion_template: Path) -> None:
    path = tmp_path / "companion.sqlite3"
    shutil.copyfile(companion_template, path)
    run(path, "DROP TABLE apisetup_headquarters_answer")
    run(path, "DROP TABLE apisetup_headquarters_key")
    run(path, "DELETE FROM apisetup_migration WHERE number = 2")
    keys = file_rows(path)["apisetup_key"]
    rows = file_rows(prepared(path))
    assert keys
    assert rows["apisetup_key"] == keys
    assert rows["apisetup_headquarters_answer"] == rows["apisetup_headquarters_key"] == {}
    assert [row["name"] for row in rows["apisetup_migration"].values()] == ["keys and licenses", "headquarters"]


def test_all_tables_are_ours_by_name(tmp_path: Path) -> None:
    tables = set(file_rows(prepared(tmp_path / "companion.sqlite3")))
    assert tables == {table.name for table in CompanionBase.metadata.sorted_tables}
    assert all(name.startswith("apisetup_") for name in tables)


def test_migrations_make_the_tables_that_are_mapped(tmp_path: Path) -> None:
    path = prepared(tmp_path / "companion.sqlite3")
    with closing(sqlite3.connect(path)) as connection:
        for table in CompanionBase.metadata.sorted_tables:
            there = {
                row[1]: (row[2], bool(row[3]) or bool(row[5]))
                for row in connection.execute(f"PRAGMA table_info({table.name})")
            }
            mapped = {column.name: (str(column.type), not column.nullable) for column in table.columns}
            assert there == mapped


def test_preparing_again_changes_nothing(tmp_path: Path) -> None:
    path = prepared(tmp_path / "companion.sqlite3")
    before = path.read_bytes()
    prepared(path)
    assert path.read_bytes() == before


def test_a_newer_companion_is_refused(tmp_path: Path) -> None:
    path = prepared(tmp_path / "companion.sqlite3")
    run(path, "INSERT INTO apisetup_migration VALUES (1000, 'later', '2030-01-01 00:00:00')")
    before = path.read_bytes()
    with pytest.raises(NotAPractice) as caught:
        prepared(path)
    assert caught.value.sentence == "The companion database was made by a newer apisetup than this one."
    assert caught.value.hint == "Update apisetup on this machine."
    assert path.read_bytes() == before


def test_a_newer_companion_keeps_a_practice_from_opening(sample: SamplePractice) -> None:
    run(sample.companion, "INSERT INTO apisetup_migration VALUES (1000, 'later', '2030-01-01 00:00:00')")
    with pytest.raises(NotAPractice, match="newer apisetup"):
        sample.open()


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "companion.sqlite3"
    run(path, "CREATE TABLE apisetup_key (something TEXT)")
    with pytest.raises(StorageFailed):
        prepared(path)
    assert set(file_rows(path)) == {"apisetup_key"}


def test_what_is_kept_is_there_after_reopening(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.licenses.accept(ADMIN)
        before = office.keys.list()
    with sample.office() as office:
        assert office.keys.list() == before
        assert key_of(office, "Appointment Bridge").license is not None


def test_a_companion_that_is_lost_leaves_the_practice_usable(server_sample: SampleServer) -> None:
    server_sample.companion.unlink()
    with server_sample.office() as office:
        assert {key.known for key in office.keys.list().keys} == {False}
        assert office.settings.load().missing == ()


def test_a_companion_that_is_a_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot be opened"):
        prepared(tmp_path)


def test_a_companion_whose_directory_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="cannot be created"):
        prepared(tmp_path / "file" / "companion.sqlite3")


def test_the_license_text_is_kept_once_word_for_word(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.licenses.accept(ADMIN)
        office.licenses.accept(ADMIN)
        agreement = office.licenses.agreement
    texts = [row for row in sample.all_rows()["apisetup_license_text"].values() if row["sha256"] == agreement.sha256]
    assert [row["text"] for row in texts] == [agreement.text]
    assert len(sample.all_rows()["apisetup_license_acceptance"]) == 3
