"""The cost of reading the use of keys on a MyISAM Audit Trail of 3,000,000 entries, and the wait of writers.

One entry in ten of the last 400 days is of the API. Making the practice takes about a minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database.address import ServerAddress
from core.model.agreement import default_agreement
from core.model.api_key import AuthorityName
from core.office.office import Office, open_server_office
from core.use.reading import UseReading
from tests.benchmarks.big_practice import END, fill_server
from tests.support.databases import runtime
from tests.support.server import Server, server_from_environment

MANY = 3_000_000
DEVELOPERS = tuple(f"Developer {number}" for number in range(12))
TODAY = END.date()
Report = Callable[[str], None]


@pytest.fixture(scope="module")
def server() -> Server:
    """The server for tests."""
    return server_from_environment()


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[str]:
    name = f"apisetup_bench_{uuid4().hex[:12]}"
    try:
        fill_server(server, name, MANY)
        with server.connection(name) as connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE securitylog SET UserNum = 0, LogSource = 23, LogText ="
                " CONCAT('Updated by Developer ', SecurityLogNum DIV 10 % 14, ' through API. ')"
                f" WHERE LogDateTime >= '{END - timedelta(days=400)}' AND SecurityLogNum % 10 = 0"
            )
        yield name
    finally:
        server.execute(f"DROP DATABASE IF EXISTS `{name}`")


@contextmanager
def opened(server: Server, database: str, companion: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    address = ServerAddress(server.host, server.port, database, server.user)
    password = Secret(server.password)
    office = open_server_office(
        address, password, CompanionSource.file(companion), AuthorityName.LOCAL, default_agreement(), runtime()
    )
    # The rows end on a day of the past.
    monkeypatch.setattr(office._practice, "now", lambda _connection: END)
    try:
        yield office
    finally:
        office.close()


def read_until(reading: UseReading, enough: Callable[[], bool]) -> float:
    """Read on until enough is known, and return the seconds."""
    began = time.perf_counter()
    while not enough() and reading.read_on():
        pass
    return time.perf_counter() - began


def test_reading_is_fast_and_lets_others_write(
    server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    with opened(server, database, tmp_path / "companion.sqlite3", monkeypatch) as office:
        month = TODAY - timedelta(days=30)

        def has_month() -> bool:
            known = office.use.known(DEVELOPERS, TODAY)
            return len(known) == len(DEVELOPERS) and all(each.read.covers(month) for each in known.values())

        first = read_until(office.use.reading(DEVELOPERS), has_month)
        rest = read_until(office.use.reading(DEVELOPERS), lambda: False)
        again = read_until(office.use.reading(DEVELOPERS), lambda: False)
        report(f"{'use of keys, first 30 days':32}{first:8.2f} s")
        report(f"{'use of keys, whole trail':32}{rest:8.2f} s")
        report(f"{'use of keys, a refresh':32}{again:8.2f} s")
        assert first < 3
        assert again < 0.5
    with opened(server, database, tmp_path / "another.sqlite3", monkeypatch) as office:
        quiet = longest_insert(server, database, lambda: time.sleep(3))
        busy = longest_insert(server, database, lambda: read_until(office.use.reading(DEVELOPERS), lambda: False))
        report(f"{'longest insert':32}{quiet * 1000:8.1f} ms alone, {busy * 1000:.1f} ms beside reading the use")
        assert busy - quiet < 0.1


def longest_insert(server: Server, database: str, beside: Callable[[], object]) -> float:
    """Return the longest of many inserts by another connection, each a hundredth of a second after the one before."""
    ended = threading.Event()
    longest = 0.0

    def insert() -> None:
        nonlocal longest
        with server.connection(database) as connection, connection.cursor() as cursor:
            while not ended.wait(0.01):
                began = time.perf_counter()
                cursor.execute(
                    "INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey,"
                    f" LogSource, DefNum, DefNumError) VALUES (43, 2, '{END}', 'Commlog edited.', 1, 'X', 0, 0, 0, 0)"
                )
                longest = max(longest, time.perf_counter() - began)

    # A gap in the table keeps MyISAM from adding rows at its end beside readers.
    with server.connection(database) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM securitylog WHERE SecurityLogNum = 2011")
    writer = threading.Thread(target=insert)
    writer.start()
    try:
        beside()
    finally:
        ended.set()
        writer.join()
    return longest
