"""The profile of a database, read before the program uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

import pytest
from sqlalchemy import text

from core.base.errors import NotAPractice, PracticeUnavailable
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.practice.inspection import DatabaseProfile
from tests.core.conftest import SERVERS
from tests.support.databases import SampleFile, SamplePractice, SampleServer, database_user
from tests.support.practice_rows import TITLE
from tests.support.table_lists import listed_tables, single_tables

NO_COPY = "This version of Open Dental (before 21.4.1) keeps no copy of the API keys."
LOGGED_AS_SETUP = "Before 24.3.1, accepting the license is logged as Setup."
NO_TRANSACTIONS = "Tables without transactions (MyISAM): each change is logged before it is made."
RANDOM = "New rows get random primary keys, as set in this practice."

AlterServer = Callable[[str], None]


@pytest.fixture(autouse=True)
def _inspected_as_in_the_program() -> Iterator[None]:
    with single_tables():
        yield


def test_naming_all_tables_in_one_list_finds_the_same(sample: SamplePractice) -> None:
    with sample.office() as office:
        found = profile_of(office)
    with listed_tables(), sample.office() as office:
        assert profile_of(office) == found


@pytest.fixture
def alter(server_sample: SampleServer) -> Iterator[AlterServer]:
    """Return a function that renames tables and columns of a practice; all changes are undone at the end."""
    undo: list[str] = []

    def rename(change: str) -> None:
        table, _, names = change.partition(" ")
        old, _, new = names.partition(" to ")
        if old:
            server_sample.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
            undo.append(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
        else:
            server_sample.execute(f"RENAME TABLE {table} TO {new}")
            undo.append(f"RENAME TABLE {new} TO {table}")

    yield rename
    for statement in reversed(undo):
        server_sample.execute(statement)


def profile_of(office: Office) -> DatabaseProfile:
    """Return the profile of an open office's practice."""
    return office._practice.profile


def test_the_practice_is_identified(sample: SamplePractice) -> None:
    with sample.office() as office:
        info = office.info
    assert info.title == TITLE
    assert info.version == sample.version
    if isinstance(sample, SampleServer):
        assert info.database == sample.database
        assert info.database_user.split("@")[0] == sample.server.user
        assert info.server.split(" ")[0] in ("MariaDB", "MySQL")
        assert info.host
    else:
        assert info.server.startswith("SQLite 3.")
        assert (info.host, info.database_user) == ("", "")


@pytest.mark.parametrize("server_sample", SERVERS, indirect=True)
def test_notes_tell_an_admin_about_the_database(server_sample: SampleServer) -> None:
    expected = (NO_COPY, LOGGED_AS_SETUP) if not server_sample.has_apikey else ()
    with server_sample.office() as office:
        assert office.info.notes == (*expected, *(() if server_sample.transactional else (NO_TRANSACTIONS,)))
        assert profile_of(office).transactional is server_sample.transactional
        assert profile_of(office).permission_at_most == (32767 if server_sample.has_apikey else 255)


def test_an_sqlite_practice_needs_no_notes(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        assert office.info.notes == ()


def test_random_keys_are_noted(sample: SamplePractice) -> None:
    sample.execute("UPDATE preference SET ValueString = '1' WHERE PrefName = 'RandomPrimaryKeys'")
    with sample.office() as office:
        assert RANDOM in office.info.notes


def test_one_table_without_transactions_makes_the_practice_non_transactional(server_sample: SampleServer) -> None:
    server_sample.execute("ALTER TABLE program ENGINE=MyISAM")
    try:
        with server_sample.office() as office:
            assert not profile_of(office).transactional
    finally:
        server_sample.execute("ALTER TABLE program ENGINE=InnoDB")


def test_a_missing_title_is_shown_as_missing(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM preference WHERE PrefName = 'PracticeTitle'")
    with sample.office() as office:
        assert office.info.title == "(practice without a title)"


def test_our_session_is_strict(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        assert "STRICT_ALL_TABLES" in profile_of(office).sql_mode
        with office._practice.read() as connection:
            assert "STRICT_ALL_TABLES" in str(connection.scalar(text("SELECT @@SESSION.sql_mode")))
            assert connection.scalar(text("SELECT @@SESSION.character_set_client")) == "utf8mb4"


def test_another_database_is_not_a_practice(server_sample: SampleServer, alter: AlterServer) -> None:
    alter("securitylog  to securitylog_gone")
    with pytest.raises(NotAPractice) as caught:
        server_sample.open()
    assert caught.value.sentence == "This is not an Open Dental database: it has no table securitylog."


def test_a_database_without_both_marks_of_a_practice_is_told_so(
    server_sample: SampleServer, alter: AlterServer
) -> None:
    alter("securitylog  to securitylog_gone")
    alter("preference  to preference_gone")
    with pytest.raises(NotAPractice) as caught:
        server_sample.open()
    assert caught.value.sentence.endswith(": it has no table preference and no table securitylog.")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("userod  to userod_gone", "userod"),
        ("userod FailedAttempts to Failures", "userod.FailedAttempts"),
        ("apikey DevName to Developer", "apikey.DevName"),
    ],
)
def test_a_missing_table_or_column_is_named(
    server_sample: SampleServer, alter: AlterServer, change: str, missing: str
) -> None:
    alter(change)
    with pytest.raises(NotAPractice) as caught:
        server_sample.open()
    assert caught.value.sentence == f"This Open Dental database has no, or the database user can't read: {missing}."
    assert caught.value.hint


def test_all_missing_tables_and_columns_are_named(file_sample: SampleFile) -> None:
    file_sample.execute("DROP TABLE userod")
    file_sample.execute("ALTER TABLE program RENAME COLUMN Enabled TO IsOn")
    with pytest.raises(NotAPractice) as caught:
        file_sample.open()
    assert "program.Enabled" in caught.value.sentence
    assert "userod" in caught.value.sentence


def test_column_names_ignore_case(server_sample: SampleServer, alter: AlterServer) -> None:
    alter("program Enabled to ENABLED")
    with server_sample.office() as office:
        assert office.settings.load().values.enabled is False


def test_the_replication_table_may_be_missing(file_sample: SampleFile) -> None:
    file_sample.execute("DROP TABLE replicationserver")
    with file_sample.office() as office:
        assert office.info.title == TITLE


@pytest.mark.parametrize("statement", ["DELETE FROM preference", "UPDATE preference SET ValueString = ''"])
def test_a_practice_without_its_version_is_refused(sample: SamplePractice, statement: str) -> None:
    sample.execute(f"{statement} WHERE PrefName = 'DataBaseVersion'")
    with pytest.raises(NotAPractice, match="has no Open Dental version"):
        sample.open()


def test_a_newer_version_opens(sample: SamplePractice) -> None:
    sample.execute("UPDATE preference SET ValueString = '29.9.1.0' WHERE PrefName = 'DataBaseVersion'")
    with sample.office(AuthorityName.HEADQUARTERS) as office:
        assert office.info.version == "29.9.1.0"


@pytest.mark.parametrize("refusal", ["practice", "companion"])
def test_a_refused_opening_closes_its_connections(server_sample: SampleServer, refusal: str) -> None:
    if refusal == "practice":
        server_sample.execute("DELETE FROM preference WHERE PrefName = 'DataBaseVersion'")
    else:
        server_sample.companion.write_text("This is no database file at all, but longer than a hundred bytes. " * 3)
    with database_user(server_sample, "ALL") as account:
        with pytest.raises(PracticeUnavailable) as caught:
            server_sample.open_as(account)
        # While the error is kept, for example by a dialog, so are all objects in its traceback.
        assert caught.value.sentence
        assert has_no_connections(server_sample, account.user)


def has_no_connections(sample: SampleServer, user: str) -> bool:
    """Return True once the server has no connection of a user; give up after two seconds."""
    with sample.server.connection() as connection, connection.cursor() as cursor:
        deadline = monotonic() + 2
        while monotonic() < deadline:
            cursor.execute("SELECT COUNT(*) FROM information_schema.processlist WHERE user = %s", (user,))
            if cursor.fetchone()[0] == "0":
                return True
    return False
