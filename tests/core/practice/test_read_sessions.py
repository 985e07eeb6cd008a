"""Connections for reading refuse every statement that could write."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, text, update

from core.database.engines import WriteInReadSession
from core.opendental.schema import PREFERENCE
from tests.support.databases import SamplePractice
from tests.support.practice_rows import TITLE
from tests.support.row_diff import Written, writing


def execute(statement: object) -> object:
    """Return a function that executes a statement."""
    return lambda connection: connection.execute(statement)


WRITES = {
    "core insert of several rows": execute(
        insert(PREFERENCE).values([{"pref_name": name, "value_string": "1"} for name in ("Planted", "Sown")])
    ),
    "core insert": execute(insert(PREFERENCE).values(pref_name="Planted", value_string="1")),
    "core update": execute(update(PREFERENCE).values(value_string="1")),
    "core delete": execute(delete(PREFERENCE)),
    "text insert": execute(text("INSERT INTO preference (PrefName, ValueString) VALUES ('Planted', '1')")),
    "text update": execute(text("\n  update preference set ValueString = '1'")),
    "text delete": execute(text("DELETE FROM preference")),
    "text replace": execute(text("REPLACE INTO preference (PrefName, ValueString) VALUES ('Planted', '1')")),
    "text drop": execute(text("DROP TABLE preference")),
    "after a comment": execute(text("/* SELECT */ DELETE FROM preference")),
    "after WITH": execute(text("WITH x AS (SELECT 1) DELETE FROM preference")),
    "set": execute(text("SET SESSION sql_mode = ''")),
    "truncate": execute(text("TRUNCATE TABLE preference")),
    "call": execute(text("CALL something()")),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_read_session_refuses_to_write(sample: SamplePractice, name: str) -> None:
    run = WRITES[name]
    assert callable(run)
    with sample.office() as office, writing(sample) as written:
        with pytest.raises(WriteInReadSession), office._practice.read() as connection:
            run(connection)
        with office._practice.read() as connection:
            title = connection.scalar(
                select(PREFERENCE.c.value_string).where(PREFERENCE.c.pref_name == "PracticeTitle")
            )
    assert title == TITLE
    assert written == Written()


def test_a_read_session_refuses_writing_pragmas(file_sample: SamplePractice) -> None:
    with file_sample.office() as office, pytest.raises(WriteInReadSession), office._practice.read() as connection:
        connection.execute(text("PRAGMA user_version = 3"))


def test_a_read_session_reads(sample: SamplePractice) -> None:
    with sample.office() as office, office._practice.read() as connection:
        assert (
            connection.scalar(select(PREFERENCE.c.value_string).where(PREFERENCE.c.pref_name == "PracticeTitle"))
            == TITLE
        )


def test_a_write_after_a_read_session_succeeds(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.settings.load()
        office.users.sign_out(office.users.account("office").actor)
