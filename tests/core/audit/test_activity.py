"""The number of audit entries per day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.audit.activity import Activity
from core.audit.filter import AuditFilter
from core.audit.paging import Direction
from tests.support.databases import SampleFile, SamplePractice


def test_activity_counts_the_entries_of_each_day(sample: SamplePractice) -> None:
    dates = AuditFilter(since=date(2024, 11, 3), until=date(2024, 11, 6))
    with sample.office() as office:
        activity = office.audit.activity(dates, 30)
    assert activity == Activity(date(2024, 11, 3), (0, 6, 2, 0))
    assert activity.last == date(2024, 11, 6)
    assert activity.busiest == (date(2024, 11, 4), 6)


def test_activity_is_limited_to_the_last_days(sample: SamplePractice) -> None:
    with sample.office() as office:
        assert office.audit.activity(AuditFilter(until=date(2024, 11, 5)), 2) == Activity(date(2024, 11, 4), (6, 2))
        long_ago = office.audit.activity(AuditFilter(date(2000, 1, 1), date(2020, 2, 29)), 3)
        assert long_ago == Activity(date(2020, 2, 27), (0, 0, 1))


def test_activity_includes_the_next_day_if_the_clock_was_set_back(file_sample: SampleFile) -> None:
    newest = "(SELECT MAX(SecurityLogNum) FROM securitylog)"
    file_sample.execute(f"UPDATE securitylog SET LogDateTime = '2024-11-07 00:10:00' WHERE SecurityLogNum = {newest}")
    with file_sample.office() as office:
        activity = office.audit.activity(AuditFilter(), 3)
    assert activity.last == date(2024, 11, 7)
    assert (len(activity.counts), activity.counts[-1]) == (3, 1)


@pytest.mark.parametrize(
    "condition",
    [{"user": 5}, {"permission": 8}, {"text": "payment"}, {"computer": "desk"}, {"ours": True}, {"suspect": True}],
    ids=lambda condition: next(iter(condition)),
)
def test_activity_counts_what_the_filter_shows(sample: SamplePractice, condition: dict[str, Any]) -> None:
    audit_filter = AuditFilter(since=date(2024, 11, 1), until=date(2024, 11, 6), **condition)
    with sample.office() as office:
        activity = office.audit.activity(audit_filter, 10)
        found = office.audit.search(audit_filter).page(Direction.OLDER).entries
    days = [each.moment.date() for each in found if each.moment is not None]
    assert activity.follows_filter
    assert activity.counts == tuple(days.count(activity.first + timedelta(days=n)) for n in range(6))


def test_activity_of_too_many_entries_meets_only_the_dates(
    sample: SamplePractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.audit.activity.MAX_READ", 1)
    audit_filter = AuditFilter(since=date(2024, 11, 5), until=date(2024, 11, 5), text="no such text")
    with sample.office() as office:
        assert office.audit.activity(audit_filter, 10) == Activity(date(2024, 11, 5), (2,), follows_filter=False)


@pytest.mark.parametrize(
    ("since", "until", "days", "first", "last"),
    [
        (None, None, 7, date(2024, 10, 31), date(2024, 11, 6)),
        (None, None, 1, date(2024, 11, 6), date(2024, 11, 6)),
        (date(2024, 11, 1), None, 90, date(2024, 11, 1), date(2024, 11, 6)),
        (None, date(9999, 12, 31), 2, date(2024, 11, 5), date(2024, 11, 6)),
        (date(2024, 11, 8), date(2024, 11, 9), 90, date(2024, 11, 8), date(2024, 11, 8)),
        (date(9999, 12, 31), None, 90, date(9999, 12, 31), date(9999, 12, 31)),
        (None, date(1, 1, 2), 90, date(1, 1, 1), date(1, 1, 2)),
    ],
)
def test_activity_ends_today_or_with_the_filters_dates(
    file_sample: SampleFile, since: date | None, until: date | None, days: int, first: date, last: date
) -> None:
    with file_sample.office() as office:
        activity = office.audit.activity(AuditFilter(since, until), days)
    assert (activity.first, activity.last) == (first, last)
