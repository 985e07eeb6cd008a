"""How far a local time is from UTC: by the server's rules, or by this computer's where there is no server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event

from core.audit import server_offsets
from core.audit.server_offsets import ServerOffsets
from core.office.office import Office
from tests.support.databases import SampleFile, SamplePractice, SampleServer

NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"
"""Its rules of today written out, which needs no files of time zones."""
WINTER, SUMMER = datetime(2024, 1, 15, 9, 3, 7), datetime(2024, 7, 15, 9, 3, 7)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """This computer in another time zone, by default New York's."""
    monkeypatch.setenv("TZ", getattr(request, "param", NEW_YORK))
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@contextmanager
def server_zone(office: Office, zone: str) -> Iterator[None]:
    """Every connection of this office in another time zone; the server's own is left alone."""

    def set_zone(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = %s", (zone,))

    engine = office._practice.engine
    event.listen(engine, "connect", set_zone)
    engine.dispose()
    yield
    event.remove(engine, "connect", set_zone)
    engine.dispose()


def learned(office: Office, *moments: datetime | None) -> list[str]:
    offsets = ServerOffsets()
    load(office, offsets, *moments)
    return [offsets.iso(moment) for moment in moments]


def load(office: Office, offsets: ServerOffsets, *moments: datetime | None) -> None:
    with office._practice.read() as session:
        offsets.load(session, moments)


def test_no_date_is_empty(sample: SamplePractice) -> None:
    with sample.office() as office:
        assert learned(office, None, None) == ["", ""]
    assert ServerOffsets().iso(None) == ""


def test_a_file_goes_by_this_computers_zone_in_summer_and_winter(file_sample: SampleFile, zone: None) -> None:
    with file_sample.office() as office:
        assert learned(office, WINTER, SUMMER) == ["2024-01-15T09:03:07-05:00", "2024-07-15T09:03:07-04:00"]


def test_a_file_on_the_days_when_summer_time_begins_and_ends(file_sample: SampleFile, zone: None) -> None:
    with file_sample.office() as office:
        assert learned(
            office,
            datetime(2024, 3, 10, 1, 59, 59),
            datetime(2024, 3, 10, 3, 0, 0),
            datetime(2024, 11, 3, 0, 59, 59),
            datetime(2024, 11, 3, 2, 0, 0),
        ) == [
            "2024-03-10T01:59:59-05:00",
            "2024-03-10T03:00:00-04:00",
            "2024-11-03T00:59:59-04:00",
            "2024-11-03T02:00:00-05:00",
        ]


@pytest.mark.parametrize(
    ("zone", "said"), [("XXX-5:30", "+05:30"), ("XXX12", "-12:00"), ("XXX-14", "+14:00")], indirect=["zone"]
)
def test_a_file_in_zones_of_half_an_hour_and_far_away(file_sample: SampleFile, zone: None, said: str) -> None:
    with file_sample.office() as office:
        assert learned(office, WINTER) == [f"2024-01-15T09:03:07{said}"]


@pytest.mark.parametrize("zone", [NEW_YORK, "XXX-14"], indirect=True)
@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, 0, 0, 1),
        datetime(1, 1, 1, 12),
        datetime(1850, 6, 7, 8, 9, 10),
        datetime(1969, 12, 30, 23, 59, 59),
    ],
)
def test_before_1970_a_file_has_no_offset_either(file_sample: SampleFile, zone: None, moment: datetime) -> None:
    with file_sample.office() as office:
        assert learned(office, moment, datetime(2024, 1, 15))[0] == moment.isoformat()


@pytest.mark.parametrize("zone", [NEW_YORK, "XXX0", "XXX-14"], indirect=True)
def test_the_end_of_the_calendar_breaks_no_file(file_sample: SampleFile, zone: None) -> None:
    with file_sample.office() as office:
        (said,) = learned(office, datetime(9999, 12, 31, 23, 59, 59))
    assert said.startswith("9999-12-31T23:59:59")


@pytest.mark.parametrize("zone", ["+05:30", "-03:30", "-12:00", "+13:00", "+00:00"])
def test_a_server_goes_by_its_own_zone(server_sample: SampleServer, zone: str) -> None:
    with server_sample.office() as office, server_zone(office, zone):
        assert learned(office, WINTER, SUMMER) == [f"2024-01-15T09:03:07{zone}", f"2024-07-15T09:03:07{zone}"]


def test_a_server_does_not_go_by_this_computers_zone(server_sample: SampleServer, zone: None) -> None:
    with server_sample.office() as office, server_zone(office, "+05:30"):
        assert learned(office, WINTER, SUMMER) == ["2024-01-15T09:03:07+05:30", "2024-07-15T09:03:07+05:30"]


def test_the_moment_is_the_one_that_the_server_means(server_sample: SampleServer) -> None:
    """Whatever zone the server for tests is in."""
    moments = [datetime(2024, 1, 1) + timedelta(days=day, minutes=29 * day) for day in range(366)]
    with server_sample.server.connection() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'''UNIX_TIMESTAMP('{moment}')''' for moment in moments)}")
        expected = [float(text) for text in cursor.fetchone()]
    with server_sample.office() as office:
        assert [datetime.fromisoformat(text).timestamp() for text in learned(office, *moments)] == expected


@pytest.mark.parametrize("zone", ["+05:30", "-05:00"])
@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, 0, 0, 1), datetime(99, 2, 3), datetime(1850, 6, 7), datetime(1969, 12, 30, 23, 59, 59)]
)
def test_before_1970_a_server_tells_no_offset(server_sample: SampleServer, zone: str, moment: datetime) -> None:
    with server_sample.office() as office, server_zone(office, zone):
        assert learned(office, moment, WINTER) == [moment.isoformat(), f"2024-01-15T09:03:07{zone}"]


def test_the_end_of_the_calendar_breaks_no_server(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        (said,) = learned(office, datetime(9999, 12, 31, 23, 59, 59))
    assert said.startswith("9999-12-31T23:59:59")


def test_a_time_that_nobody_asked_about_has_no_offset(file_sample: SampleFile, zone: None) -> None:
    with file_sample.office() as office:
        offsets = ServerOffsets()
        load(office, offsets, WINTER)
    assert offsets.iso(SUMMER) == "2024-07-15T09:03:07"


def test_times_of_one_half_hour_are_asked_about_once(server_sample: SampleServer) -> None:
    asked: list[str] = []
    offsets = ServerOffsets()
    with server_sample.office() as office:
        event.listen(office._practice.engine, "before_cursor_execute", lambda *found: asked.append(found[2]))
        for second in range(0, 1800, 100):
            load(office, offsets, datetime(2024, 7, 15, 9) + timedelta(seconds=second))
    assert len([words for words in asked if "unix_timestamp" in words.lower()]) == 1


def test_nothing_is_asked_where_there_is_no_date(server_sample: SampleServer) -> None:
    asked: list[str] = []
    with server_sample.office() as office:
        event.listen(office._practice.engine, "before_cursor_execute", lambda *found: asked.append(found[2]))
        assert learned(office, None) == [""]
    assert asked == []


def test_many_times_at_once(sample: SamplePractice) -> None:
    moments = [datetime(2020, 1, 1) + timedelta(hours=7 * each) for each in range(1_000)]
    with sample.office() as office:
        said = learned(office, *moments)
    assert [text[:19] for text in said] == [moment.isoformat() for moment in moments]
    assert all(len(text) == len("2020-01-01T00:00:00+00:00") for text in said)


def test_memory_is_bounded(sample: SamplePractice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_offsets, "_KEPT", 10)
    offsets = ServerOffsets()
    with sample.office() as office:
        for day in range(100):
            load(office, offsets, *(datetime(2024, 1, 1) + timedelta(days=day, hours=hour) for hour in range(3)))
            assert len(offsets._known) <= 10


def test_what_is_forgotten_is_never_what_is_asked_about(
    file_sample: SampleFile, zone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of entries may share some of its half hours with the page before."""
    monkeypatch.setattr(server_offsets, "_KEPT", 3)
    offsets = ServerOffsets()
    moments = [datetime(2024, 7, 15, hour) for hour in range(24)]
    with file_sample.office() as office:
        for before, now in pairwise(moments):
            load(office, offsets, before, now)
            assert [offsets.iso(each)[-6:] for each in (before, now)] == ["-04:00", "-04:00"]
