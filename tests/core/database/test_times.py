"""Times from a server: the same values as PyMySQL reads, only faster."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql.constants import FIELD_TYPE
from pymysql.converters import convert_datetime
from sqlalchemy import text

from core.database.server_connection import CONVERSIONS
from tests.support.databases import SampleServer

TEXTS = [
    "2024-02-29 23:59:59",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59.999999",
    "2024-01-01 00:00:00.5",
    "0000-00-00 00:00:00",
    "2024-00-00 00:00:00",
    "2023-02-29 10:00:00",
]


@pytest.mark.parametrize("stored", TEXTS)
@pytest.mark.parametrize("kind", [FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP])
def test_a_time_is_read_as_pymysql_reads_it(kind: int, stored: str) -> None:
    assert CONVERSIONS[kind](stored) == convert_datetime(stored)


@given(st.datetimes())
def test_any_time_is_read(moment: datetime) -> None:
    for timespec in ("seconds", "microseconds"):
        stored = moment.isoformat(" ", timespec)
        assert CONVERSIONS[FIELD_TYPE.DATETIME](stored) == datetime.fromisoformat(stored)


def test_a_server_sends_times_that_exist_and_times_that_do_not(server_sample: SampleServer) -> None:
    columns = "LogDateTime = '2024-03-01 10:00:00', DateTPrevious = '0001-01-01'"
    server_sample.execute(f"UPDATE securitylog SET {columns} WHERE SecurityLogNum = 1")
    query = text("SELECT LogDateTime, DateTPrevious FROM securitylog WHERE SecurityLogNum = 1")
    with server_sample.practice() as practice, practice.read() as connection:
        assert tuple(connection.execute(query).one()) == (datetime(2024, 3, 1, 10), datetime(1, 1, 1))
