"""A session for reading refuses whatever could write."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from core.database.engines import WriteInReadSession
from core.opendental.schema import Preference
from tests.support.databases import SamplePractice
from tests.support.practice_rows import TITLE
from tests.support.row_diff import Written, writing


def through_the_orm(session: Session) -> None:
    session.add(Preference(pref_name="Planted", value_string="1"))
    session.flush()


def by_changing_an_object(session: Session) -> None:
    preference = session.scalars(select(Preference).where(Preference.pref_name == "PracticeTitle")).one()
    preference.value_string = "Changed"
    session.flush()


def by_deleting_an_object(session: Session) -> None:
    session.delete(session.scalars(select(Preference).where(Preference.pref_name == "PracticeTitle")).one())
    session.flush()


def by_statement(statement: object) -> object:
    return lambda session: session.execute(statement)


WAYS = {
    "orm add": through_the_orm,
    "orm change": by_changing_an_object,
    "orm delete": by_deleting_an_object,
    "core insert": by_statement(insert(Preference).values(pref_name="Planted", value_string="1")),
    "core update": by_statement(update(Preference).values(value_string="1")),
    "core delete": by_statement(delete(Preference)),
    "text insert": by_statement(text("INSERT INTO preference (PrefName, ValueString) VALUES ('Planted', '1')")),
    "text update": by_statement(text("\n  update preference set ValueString = '1'")),
    "text delete": by_statement(text("DELETE FROM preference")),
    "text replace": by_statement(text("REPLACE INTO preference (PrefName, ValueString) VALUES ('Planted', '1')")),
    "text drop": by_statement(text("DROP TABLE preference")),
    "behind a comment": by_statement(text("/* SELECT */ DELETE FROM preference")),
    "behind a with": by_statement(text("WITH x AS (SELECT 1) DELETE FROM preference")),
    "set": by_statement(text("SET SESSION sql_mode = ''")),
    "truncate": by_statement(text("TRUNCATE TABLE preference")),
    "call": by_statement(text("CALL something()")),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_session_for_reading_refuses_to_write(sample: SamplePractice, way: str) -> None:
    run = WAYS[way]
    assert callable(run)
    with sample.office() as office, writing(sample) as written:
        with pytest.raises(WriteInReadSession), office._practice.read() as session:
            run(session)
        with office._practice.read() as session:
            found = session.scalar(select(Preference.value_string).where(Preference.pref_name == "PracticeTitle"))
    assert found == TITLE
    assert written == Written()


def test_not_even_by_a_pragma(file_sample: SamplePractice) -> None:
    with file_sample.office() as office, pytest.raises(WriteInReadSession), office._practice.read() as session:
        session.execute(text("PRAGMA user_version = 3"))


def test_a_session_for_reading_reads(sample: SamplePractice) -> None:
    with sample.office() as office, office._practice.read() as session:
        assert session.scalar(select(Preference.value_string).where(Preference.pref_name == "PracticeTitle")) == TITLE


def test_the_connection_can_be_written_with_afterwards(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.settings.load()
        office.users.sign_out(office.users.account("office").actor)
