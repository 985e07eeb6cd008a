"""The cost of reading the use of keys on a MyISAM Audit Trail of 3,000,000 entries, and the wait of writers.

One entry in ten of the last 400 days is of the API.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database.address import ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_server_office
from core.use.reading import UseReading
from tests.benchmarks.big_practice import DEVELOPERS, END
from tests.benchmarks.concurrent_writer import make_gaps, waits_beside
from tests.support.databases import runtime
from tests.support.server import Server

WANTED = DEVELOPERS[:12]
"""The developers who have a key."""
TODAY = END.date()
WRITER_SECONDS = 0.05
"""The longest that reading may keep a writer waiting."""
Report = Callable[[str], None]


@contextmanager
def opened(server: Server, database: str, companion: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    address = ServerAddress(server.host, server.port, database, server.user)
    password = Secret(server.password)
    office = open_server_office(
        address, password, CompanionSource.file(companion), AuthorityName.LOCAL, default_agreement(), runtime()
    )
    # The rows end on a day of the past.
    monkeypatch.setattr(office._practice, "now_expression", lambda: END)
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
    server: Server, many_on_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    with opened(server, many_on_server, tmp_path / "companion.sqlite3", monkeypatch) as office:
        month = TODAY - timedelta(days=30)

        def has_month() -> bool:
            known = office.use.known(WANTED, TODAY)
            return len(known) == len(WANTED) and all(each.read.covers(month) for each in known.values())

        first = read_until(office.use.reading(WANTED), has_month)
        rest = read_until(office.use.reading(WANTED), lambda: False)
        again = read_until(office.use.reading(WANTED), lambda: False)
        report(f"{'use of keys, first 30 days':32}{first:8.2f} s")
        report(f"{'use of keys, whole trail':32}{rest:8.2f} s")
        report(f"{'use of keys, a refresh':32}{again:8.2f} s")
        assert first < 3
        assert again < 0.5
    with opened(server, many_on_server, tmp_path / "another.sqlite3", monkeypatch) as office:
        make_gaps(server, many_on_server, 12)
        alone = waits_beside(server, many_on_server, lambda: time.sleep(10))
        reading = office.use.reading(WANTED)
        beside = waits_beside(server, many_on_server, lambda: read_until(reading, lambda: False))
        report(f"{'longest insert alone':32}{alone}")
        report(f"{'beside reading the use':32}{beside}")
        assert beside.gaps_left
        assert beside.longest - alone.longest < WRITER_SECONDS
