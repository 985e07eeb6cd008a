"""The companion database: private, migrated in one transaction, and refused if a newer version made it."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from core.base.errors import NotAPractice, StorageFailed
from core.companion.store import Companion
from core.companion.tables.all_tables import COMPANION
from core.database.address import ServerAddress
from core.database.engines import file_engine
from core.offices.paths import find_paths
from tests.support.actors import ADMIN
from tests.support.change_kinds import NEW, key_of
from tests.support.databases import NOW, SamplePractice, SampleServer, copy_private, file_rows
from tests.support.old_companion import in_clear
from tests.support.sealed_keys import unseal

MIGRATIONS = [
    "keys and licenses",
    "headquarters",
    "order of answers",
    "sign-in failures",
    "journal",
    "use of keys",
    "encrypted keys",
    "clear texts erased",
    "offices as a fleet",
    "seals",
    "changes by a team",
    "reviews",
]


def prepared(path: Path) -> Path:
    """Create or migrate a companion and return its path."""
    companion = Companion(file_engine(path), shared=False)
    companion.prepare(lambda: NOW)
    companion.close()
    return path


def mode(path: Path) -> int:
    """Return the permission bits of a file or directory."""
    return stat.S_IMODE(path.stat().st_mode)


def run(path: Path, statement: str) -> None:
    """Execute a statement on an SQLite file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_file_and_directory_are_private(tmp_path: Path) -> None:
    path = prepared(tmp_path / "companions" / "companion.sqlite3")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_every_created_directory_is_private(tmp_path: Path) -> None:
    paths = find_paths({"APISETUP_CONFIG": str(tmp_path / "new" / "apisetup" / "config.toml")})
    path = prepared(paths.companion_of(ServerAddress("db", 3306, "opendental", "odbc")))
    assert mode(path.parent) == 0o700
    assert mode(paths.configuration.parent) == 0o700


def test_an_existing_directory_keeps_its_mode(tmp_path: Path) -> None:
    directory = tmp_path / "mine"
    directory.mkdir(mode=0o750)
    directory.chmod(0o750)
    prepared(directory / "companion.sqlite3")
    assert mode(directory) == 0o750


def test_migrations_are_recorded(tmp_path: Path) -> None:
    rows = file_rows(prepared(tmp_path / "companion.sqlite3"))["apisetup_migration"]
    expected = [(str(number), name) for number, name in enumerate(MIGRATIONS, start=1)]
    assert [(row["number"], row["name"]) for row in rows.values()] == expected
    assert all(str(row["applied_at"]).startswith("2024-11-06 14:30:15") for row in rows.values())


def test_a_companion_without_headquarters_is_migrated(tmp_path: Path, companion_template: Path) -> None:
    path = tmp_path / "companion.sqlite3"
    copy_private(companion_template, path)
    first = {"apisetup_migration", "apisetup_license_text", "apisetup_license_acceptance", "apisetup_key"}
    for table in set(file_rows(path)) - first:
        run(path, f"DROP TABLE {table}")
    keys = in_clear(path)
    run(path, "DELETE FROM apisetup_migration WHERE number > 1")
    rows = file_rows(prepared(path))
    assert {unseal(identity, str(row["sealed"])) for identity, row in rows["apisetup_key"].items()} == keys
    assert len(keys) == 4
    assert rows["apisetup_headquarters_answer"] == rows["apisetup_headquarters_key"] == {}
    assert rows["apisetup_sign_in_failure"] == {}
    assert [row["name"] for row in rows["apisetup_migration"].values()] == MIGRATIONS


def test_all_tables_have_our_prefix(tmp_path: Path) -> None:
    tables = set(file_rows(prepared(tmp_path / "companion.sqlite3")))
    assert tables == {table.name for table in COMPANION.sorted_tables}
    assert all(name.startswith("apisetup_") for name in tables)


def test_migrations_create_the_mapped_tables(tmp_path: Path) -> None:
    path = prepared(tmp_path / "companion.sqlite3")
    with closing(sqlite3.connect(path)) as connection:
        for table in COMPANION.sorted_tables:
            created = {
                row[1]: (row[2], bool(row[3]) or bool(row[5]))
                for row in connection.execute(f"PRAGMA table_info({table.name})")
            }
            mapped = {column.name: (str(column.type), not column.nullable) for column in table.columns}
            assert created == mapped


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
    assert caught.value.sentence == "The companion database was created by a newer version of apisetup."
    assert caught.value.hint == "Update apisetup on this computer."
    assert path.read_bytes() == before


def test_a_practice_with_a_newer_companion_does_not_open(sample: SamplePractice) -> None:
    run(sample.companion, "INSERT INTO apisetup_migration VALUES (1000, 'later', '2030-01-01 00:00:00')")
    with pytest.raises(NotAPractice, match="newer version of apisetup"):
        sample.open()


def test_a_failed_migration_is_rolled_back(tmp_path: Path) -> None:
    path = tmp_path / "companion.sqlite3"
    path.touch(0o600)
    run(path, "CREATE TABLE apisetup_key (something TEXT)")
    with pytest.raises(StorageFailed):
        prepared(path)
    assert set(file_rows(path)) == {"apisetup_key"}


def test_data_is_kept_after_reopening(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.licenses.accept(ADMIN, NEW)
        before = office.keys.list()
    with sample.office() as office:
        assert office.keys.list() == before
        assert key_of(office, "Appointment Bridge").license is not None


def test_a_practice_works_without_its_lost_companion(server_sample: SampleServer) -> None:
    server_sample.companion.unlink()
    with server_sample.office() as office:
        assert {key.known for key in office.keys.list().keys} == {False}
        assert office.settings.load().missing == ()


def test_a_directory_instead_of_a_companion_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="is a directory, not an SQLite file"):
        prepared(tmp_path)


def test_a_companion_directory_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="cannot be created"):
        prepared(tmp_path / "file" / "companion.sqlite3")


def test_a_license_text_is_stored_once_and_unchanged(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.licenses.accept(ADMIN, NEW)
        office.licenses.accept(ADMIN, NEW)
        agreement = office.licenses.agreement
    texts = [row for row in sample.all_rows()["apisetup_license_text"].values() if row["sha256"] == agreement.sha256]
    assert [row["text"] for row in texts] == [agreement.text]
    assert len(sample.all_rows()["apisetup_license_acceptance"]) == 3
