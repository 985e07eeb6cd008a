"""Missing indexes of the Audit Trail: named with the statements that create them."""

from __future__ import annotations

import pytest

from core.check.database import check_indexes
from core.check.result import CheckStatus
from core.practice.indexes import MissingIndex, missing_indexes
from tests.support.audit_rows import without_index
from tests.support.databases import SampleServer, server_database
from tests.support.opendental_columns import NEW


def missing(sample: SampleServer) -> tuple[MissingIndex, ...]:
    with sample.practice() as practice, practice.read() as connection:
        return missing_indexes(connection)


def test_a_practice_as_open_dental_makes_it_lacks_none(server_sample: SampleServer) -> None:
    assert missing(server_sample) == ()


@pytest.mark.parametrize(
    ("table", "column"),
    [("securityloghash", "SecurityLogNum"), ("securitylog", "LogDateTime"), ("securitylog", "UserNum")],
)
def test_a_missing_index_is_named_with_the_statement_that_creates_it(
    server_sample: SampleServer, table: str, column: str
) -> None:
    with without_index(server_sample, table, column):
        (found,) = missing(server_sample)
        assert found.statement == f"ALTER TABLE {table} ADD INDEX ({column});"
        with server_sample.practice() as practice, practice.read() as connection:
            (result,) = check_indexes(connection)
        assert result.status is CheckStatus.WARNING
        assert f"{table} ({column})" in result.sentence
        assert found.statement in result.hint
        with server_sample.office() as office:
            assert office.audit.slowness() == (
                f"Slow, because {table} has no index on {column}. Outside office hours, run: {found.statement}"
            )
    with server_sample.office() as office:
        assert office.audit.slowness() == ""


def test_the_statements_create_what_is_missing(server_sample: SampleServer) -> None:
    with server_database(server_sample.server, NEW, "MyISAM") as database:
        with server_sample.server.connection(database) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER TABLE securityloghash MODIFY SecurityLogHashNum bigint NOT NULL, DROP PRIMARY KEY")
            cursor.execute("SHOW INDEX FROM securityloghash")
            for row in cursor.fetchall():
                cursor.execute(f"ALTER TABLE securityloghash DROP INDEX `{row[2]}`")
        found = MissingIndex("securityloghash", "SecurityLogHashNum", is_primary=True)
        assert found.statement == "ALTER TABLE securityloghash ADD PRIMARY KEY (SecurityLogHashNum);"
        server_sample.server.execute(f"USE `{database}`", found.statement)
