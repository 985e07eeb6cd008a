"""The facts of a month, read from a practice in a file and from one on the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import pytest

from core.base.errors import ConnectionLost
from core.model.month import Month
from core.model.monthly_report import MonthFacts
from core.office.office import Office
from core.reports import own_entries
from core.reports.month_arrangement import arrange_month
from core.reports.month_reader import read_month
from tests.support.actors import ADMIN
from tests.support.audit_rows import log_row, replace_audit_trail
from tests.support.databases import Rows, SampleFile, SamplePractice, SampleServer, database_user
from tests.support.practice_rows import Row
from tests.support.sealing import seal, use_key_file

MONTH = Month(2024, 9)
EDGES = ("2024-08-31 23:59:59", "2024-09-01 00:00:00", "2024-09-30 23:59:59", "2024-10-01 00:00:00")
VENDOR_KEY = "Zz9Yy8Xx7Ww6Vv5U"


@pytest.fixture(params=["SQLite", "24.3 MyISAM"])
def practice(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SamplePractice]:
    """An SQLite practice, and one on the server."""
    if request.param == "SQLite":
        yield request.getfixturevalue("file_sample")
        return
    sample: SampleServer = request.getfixturevalue("server_samples")(request.param)
    sample.use_directory(tmp_path)
    yield sample
    sample.restore()


def facts_of(office: Office, month: Month = MONTH) -> MonthFacts:
    """Read a month."""
    return read_month(office, "Admin", month, lambda: (office.keys.list(), True))


def texts(facts: MonthFacts) -> list[str]:
    assert facts.entries is not None
    return [own.entry.text for own in facts.entries]


def open_dental_rows(sample: SamplePractice) -> Rows:
    """Return the rows of the practice without those of a companion in the same file."""
    return {table: rows for table, rows in sample.practice_rows().items() if not table.startswith("apisetup_")}


def test_a_month_has_the_entries_from_its_first_second_to_its_last(practice: SamplePractice) -> None:
    change = "API Setup: Enabled changed from off to on"
    rows: list[Row] = [log_row(n, moment, change) for n, moment in enumerate(EDGES, start=1)]
    rows += [
        log_row(5, EDGES[1], f"New API key {VENDOR_KEY} added by Maria"),
        log_row(6, EDGES[1], "API/FHIR"),
        log_row(7, EDGES[1], "Audit Trail export to a.csv begun by Admin: all entries", PermType=230),
        log_row(8, EDGES[1], "Audit Trail sealed by Admin: seal 1, 5 entries, SHA-256 " + 64 * "a", PermType=230),
        log_row(9, EDGES[1], "NOT DONE: Audit Trail export to a.csv begun by Admin: all entries", PermType=230),
        log_row(10, EDGES[1], "Somebody else's entry"),
    ]
    rows += [
        log_row(n, moment, "Updated by ClearPay through API. ", UserNum=0, LogSource=23)
        for n, moment in enumerate(EDGES, start=11)
    ]
    replace_audit_trail(practice, rows, [])
    with practice.office() as office:
        facts = facts_of(office)
        use = office.use.in_period(["ClearPay"], MONTH.first, MONTH.last)["ClearPay"]
    assert texts(facts) == [change, "New API key ********Vv5U added by Maria", change]
    assert [own.entry.number for own in facts.entries or ()] == [2, 5, 3]
    assert (use.per_day[0], use.per_day[-1], use.total, len(use.per_day)) == (1, 1, 2, 30)
    assert use.last == datetime(2024, 9, 30, 23, 59, 59)
    assert facts.unknown == ()
    assert facts.floor is not None
    assert facts.floor.oldest == datetime(2024, 8, 31, 23, 59, 59)


def test_a_report_of_this_month_has_what_was_done_a_moment_ago(practice: SamplePractice, tmp_path: Path) -> None:
    with practice.office() as office:
        use_key_file(office, tmp_path)
        enabled = next(key for key in office.keys.list().keys if key.status.office_may_change_to and key.status.enabled)
        status = enabled.status.office_may_change_to
        assert status is not None
        office.keys.set_status(ADMIN, enabled, status)
        made = seal(office)
        month = Month.of(office.audit.today())
        before = open_dental_rows(practice)
        facts = facts_of(office, month)
        assert open_dental_rows(practice) == before
    report = arrange_month("North", facts)
    assert report.cut_offs is not None
    assert report.cut_offs[-1].by == "Admin"
    assert report.evidence.last_seal is not None
    assert report.evidence.last_seal.root == made.content.root
    assert facts.info.utc_offset.startswith(("+", "-"))


def test_many_entries_are_counted_and_only_the_newest_are_kept(
    file_sample: SampleFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_entries, "MAX_ENTRIES", 3)
    monkeypatch.setattr(own_entries, "PAGE_SIZE", 2)
    change = "API Setup: Enabled changed from off to on"
    replace_audit_trail(file_sample, [log_row(n, f"2024-09-{n:02} 10:00:00", change) for n in range(1, 11)], [])
    with file_sample.office() as office:
        found = own_entries.read_own_entries(office.audit, MONTH.first, MONTH.last)
    assert ([own.entry.number for own in found.entries], found.others) == ([8, 9, 10], 7)


def test_use_is_read_back_to_the_month_and_no_further(file_sample: SampleFile) -> None:
    def changes(*moments: str) -> None:
        text = "Updated by ClearPay through API. "
        rows = [log_row(n, each, text, UserNum=0, LogSource=23) for n, each in enumerate(moments, start=1)]
        replace_audit_trail(file_sample, rows, [])

    changes("2004-01-01 10:00:00", "2024-11-01 10:00:00")
    with file_sample.office() as office:
        since = date(2024, 11, 1)
        assert office.use.in_period(["ClearPay"], since, date(2024, 11, 30))["ClearPay"].total == 1
        read = office.use.known(["ClearPay"], since)["ClearPay"].read
        assert read.covers(since)
        assert not read.complete
        # What was read is remembered: the next report reads today again, and nothing older.
        changes("2024-11-01 10:00:00", "2024-11-02 10:00:00", "2024-11-06 10:00:00")
        assert office.use.in_period(["ClearPay"], since, date(2024, 11, 30))["ClearPay"].total == 2
        assert office.use.in_period(["", " "], since, since) == {}


def test_each_missing_right_is_one_line(server_samples: Callable[[str], SampleServer]) -> None:
    sample = server_samples("24.3 InnoDB")
    reading = ("preference", "program", "programproperty", "definition", "userod", "usergroupattach")
    more = ("grouppermission", "apikey", "replicationserver", "securitylog", "securityloghash", "signalod")
    rights = [f"SELECT ON {table}" for table in (*reading, *more)]
    with database_user(sample, *rights) as account, closing(sample.open_as(account)) as office:
        facts = facts_of(office)
    assert facts.keys is not None
    assert facts.unknown == (
        "Subscriptions: no right to read apisubscription",
        "Subscriptions: no right to read fhirsubscription",
    )
    assert arrange_month("North", facts).subscriptions is None


def test_a_lost_connection_ends_the_reading(file_sample: SampleFile, monkeypatch: pytest.MonkeyPatch) -> None:
    with file_sample.office() as office:

        def lose() -> None:
            raise ConnectionLost("The connection was lost.")

        monkeypatch.setattr(office.use, "floor", lose)
        with pytest.raises(ConnectionLost):
            facts_of(office)
