"""UTC offsets of local times: by the server's rules, or by this computer's for a practice in a file."""

from __future__ import annotations

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
from tests.support.time_zones import NEW_YORK

WINTER, SUMMER = datetime(2024, 1, 15, 9, 3, 7), datetime(2024, 7, 15, 9, 3, 7)


@contextmanager
def server_zone(office: Office, zone: str) -> Iterator[None]:
    """Set the time zone of every connection of an office, without changing the server's own."""

    def set_zone(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = %s", (zone,))

    engine = office._practice.engine
    event.listen(engine, "connect", set_zone)
    engine.dispose()
    yield
    event.remove(engine, "connect", set_zone)
    engine.dispose()


def iso_times(office: Office, *moments: datetime | None) -> list[str]:
    offsets = ServerOffsets()
    load(office, offsets, *moments)
    return [offsets.iso(moment) for moment in moments]


def load(office: Office, offsets: ServerOffsets, *moments: datetime | None) -> None:
    with office._practice.read() as connection:
        offsets.load(connection, moments)


def test_no_date_gives_an_empty_text(sample: SamplePractice) -> None:
    with sample.office() as office:
        assert iso_times(office, None, None) == ["", ""]
    assert ServerOffsets().iso(None) == ""


def test_a_file_uses_this_computers_zone_in_summer_and_winter(file_sample: SampleFile, zone: None) -> None:
    with file_sample.office() as office:
        assert iso_times(office, WINTER, SUMMER) == ["2024-01-15T09:03:07-05:00", "2024-07-15T09:03:07-04:00"]


def test_a_files_offset_changes_with_daylight_saving_time(file_sample: SampleFile, zone: None) -> None:
    with file_sample.office() as office:
        assert iso_times(
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
    ("zone", "offset"), [("XXX-5:30", "+05:30"), ("XXX12", "-12:00"), ("XXX-14", "+14:00")], indirect=["zone"]
)
def test_a_file_accepts_half_hour_and_large_offsets(file_sample: SampleFile, zone: None, offset: str) -> None:
    with file_sample.office() as office:
        assert iso_times(office, WINTER) == [f"2024-01-15T09:03:07{offset}"]


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
def test_a_file_has_no_offset_before_1970(file_sample: SampleFile, zone: None, moment: datetime) -> None:
    with file_sample.office() as office:
        assert iso_times(office, moment, datetime(2024, 1, 15))[0] == moment.isoformat()


@pytest.mark.parametrize("zone", [NEW_YORK, "XXX0", "XXX-14"], indirect=True)
def test_a_file_accepts_the_end_of_the_calendar(file_sample: SampleFile, zone: None) -> None:
    with file_sample.office() as office:
        (text,) = iso_times(office, datetime(9999, 12, 31, 23, 59, 59))
    assert text.startswith("9999-12-31T23:59:59")


@pytest.mark.parametrize("zone", ["+05:30", "-03:30", "-12:00", "+13:00", "+00:00"])
def test_a_server_uses_its_own_zone(server_sample: SampleServer, zone: str) -> None:
    with server_sample.office() as office, server_zone(office, zone):
        assert iso_times(office, WINTER, SUMMER) == [f"2024-01-15T09:03:07{zone}", f"2024-07-15T09:03:07{zone}"]


def test_a_server_ignores_this_computers_zone(server_sample: SampleServer, zone: None) -> None:
    with server_sample.office() as office, server_zone(office, "+05:30"):
        assert iso_times(office, WINTER, SUMMER) == ["2024-01-15T09:03:07+05:30", "2024-07-15T09:03:07+05:30"]


def test_a_time_with_its_offset_is_the_servers_unix_timestamp(server_sample: SampleServer) -> None:
    """In whatever zone the test server is."""
    moments = [datetime(2024, 1, 1) + timedelta(days=day, minutes=29 * day) for day in range(366)]
    with server_sample.server.connection() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'''UNIX_TIMESTAMP('{moment}')''' for moment in moments)}")
        expected = [float(text) for text in cursor.fetchone()]
    with server_sample.office() as office:
        assert [datetime.fromisoformat(text).timestamp() for text in iso_times(office, *moments)] == expected


@pytest.mark.parametrize("zone", ["+05:30", "-05:00"])
@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, 0, 0, 1), datetime(99, 2, 3), datetime(1850, 6, 7), datetime(1969, 12, 30, 23, 59, 59)]
)
def test_a_server_has_no_offset_before_1970(server_sample: SampleServer, zone: str, moment: datetime) -> None:
    with server_sample.office() as office, server_zone(office, zone):
        assert iso_times(office, moment, WINTER) == [moment.isoformat(), f"2024-01-15T09:03:07{zone}"]


def test_a_server_accepts_the_end_of_the_calendar(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        (text,) = iso_times(office, datetime(9999, 12, 31, 23, 59, 59))
    assert text.startswith("9999-12-31T23:59:59")


def test_a_time_that_was_not_loaded_has_no_offset(file_sample: SampleFile, zone: None) -> None:
    with file_sample.office() as office:
        offsets = ServerOffsets()
        load(office, offsets, WINTER)
    assert offsets.iso(SUMMER) == "2024-07-15T09:03:07"


def test_times_within_one_half_hour_are_fetched_once(server_sample: SampleServer) -> None:
    statements: list[str] = []
    offsets = ServerOffsets()
    with server_sample.office() as office:
        event.listen(office._practice.engine, "before_cursor_execute", lambda *sent: statements.append(sent[2]))
        for second in range(0, 1800, 100):
            load(office, offsets, datetime(2024, 7, 15, 9) + timedelta(seconds=second))
    assert len([each for each in statements if "unix_timestamp" in each.lower()]) == 1


def test_nothing_is_fetched_without_a_date(server_sample: SampleServer) -> None:
    statements: list[str] = []
    with server_sample.office() as office:
        event.listen(office._practice.engine, "before_cursor_execute", lambda *sent: statements.append(sent[2]))
        assert iso_times(office, None) == [""]
    assert statements == []


def test_many_times_can_be_loaded_at_once(sample: SamplePractice) -> None:
    moments = [datetime(2020, 1, 1) + timedelta(hours=7 * each) for each in range(1_000)]
    with sample.office() as office:
        texts = iso_times(office, *moments)
    assert [text[:19] for text in texts] == [moment.isoformat() for moment in moments]
    assert all(len(text) == len("2020-01-01T00:00:00+00:00") for text in texts)


def test_the_cache_is_limited_in_size(sample: SamplePractice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_offsets, "CACHE_SIZE", 10)
    offsets = ServerOffsets()
    moments = [datetime(2024, 1, 1) + timedelta(days=day, hours=hour) for day in range(100) for hour in range(3)]
    with sample.office() as office:
        for start in range(0, len(moments), 3):
            load(office, offsets, *moments[start : start + 3])
            assert 3 <= len([moment for moment in moments if offsets.iso(moment) != moment.isoformat()]) <= 10


def test_cached_offsets_that_are_still_needed_are_kept(
    file_sample: SampleFile, zone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of entries may share some of its half hours with the previous page."""
    monkeypatch.setattr(server_offsets, "CACHE_SIZE", 3)
    offsets = ServerOffsets()
    moments = [datetime(2024, 7, 15, hour) for hour in range(24)]
    with file_sample.office() as office:
        for before, now in pairwise(moments):
            load(office, offsets, before, now)
            assert [offsets.iso(each)[-6:] for each in (before, now)] == ["-04:00", "-04:00"]
