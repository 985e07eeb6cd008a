"""The rows that a change wrote, found by comparing all rows of a practice before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from tests.support.databases import COMPUTER, NOW, Rows, SamplePractice, SampleServer
from tests.support.practice_rows import NO_DATE, log_hash

_LOG_TABLES = ("securitylog", "securityloghash", "signalod")
_COUNTERS = ("apisetup_question",)
"""Tables that count what was asked, which changes nothing."""


@dataclass
class Written:
    """The differences between two readings of a practice.

    New rows of the log tables are checked column by column, and only summarized here.
    """

    audit: list[tuple[int, int, str | None]] = field(default_factory=list)
    """The kind, user and text of each new audit row; its hash is correct."""
    signals: list[int] = field(default_factory=list)
    """The kind of each new row of `signalod`."""
    changed: dict[tuple[str, str, str], tuple[str | None, str | None]] = field(default_factory=dict)
    """The old and new value by table, key and column."""
    added: dict[str, list[dict[str, str | None]]] = field(default_factory=dict)
    """The new rows of all other tables."""
    removed: list[tuple[str, str]] = field(default_factory=list)
    """The table and key of each deleted row."""


@contextmanager
def writing(sample: SamplePractice) -> Iterator[Written]:
    """Record what the block writes; the result is complete after the block."""
    written = Written()
    before, started = sample.all_rows(), _clock(sample)
    yield written
    compare(before, sample.all_rows(), written, (started, _clock(sample)))


def compare(before: Rows, after: Rows, written: Written, period: tuple[str, str]) -> None:
    """Record the differences, and check every new row of the log tables.

    Args:
        before: All rows before the change.
        after: All rows after it.
        written: The record to fill in.
        period: The practice's time before and after the change.
    """
    assert before.keys() == after.keys()
    for table, rows in after.items():
        if table in _COUNTERS:
            continue
        known = before[table]
        written.removed += [(table, key) for key in known if key not in rows]
        for key, row in rows.items():
            if key in known:
                differing = {name for name in row if row[name] != known[key][name]}
                written.changed |= {(table, key, name): (known[key][name], row[name]) for name in differing}
            elif table not in _LOG_TABLES:
                written.added.setdefault(table, []).append(row)
    _check_audit(before, after, written, period)
    _check_signals(before, after, written, period)


def _check_audit(before: Rows, after: Rows, written: Written, period: tuple[str, str]) -> None:
    hashes: dict[str | None, list[str | None]] = {}
    for key, row in after["securityloghash"].items():
        if key not in before["securityloghash"]:
            hashes.setdefault(row["SecurityLogNum"], []).append(row["LogHash"])
    for key, row in after["securitylog"].items():
        if key in before["securitylog"]:
            continue
        written.audit.append((int(row["PermType"] or 0), int(row["UserNum"] or 0), row["LogText"]))
        assert period[0] <= str(row["LogDateTime"]) <= period[1]
        fixed = {"PatNum": "0", "FKey": "0", "LogSource": "0", "DefNum": "0", "DefNumError": "0"}
        assert {name: row[name] for name in fixed} == fixed
        assert row["CompName"] == COMPUTER
        assert row["DateTPrevious"] == NO_DATE
        assert hashes.pop(key) == [log_hash(row)]
    assert not hashes, "a hash without its audit row"


def _check_signals(before: Rows, after: Rows, written: Written, period: tuple[str, str]) -> None:
    for key, row in after["signalod"].items():
        if key in before["signalod"]:
            continue
        written.signals.append(int(row["IType"] or 0))
        assert period[0] <= str(row["SigDateTime"]) <= period[1]
        assert {name: text for name, text in row.items() if name not in ("SignalNum", "IType", "SigDateTime")} == {
            "DateViewing": "0001-01-01",
            "FKey": "0",
            "FKeyType": "Undefined",
            "RemoteRole": "0",
            "MsgValue": "",
        }


def server_now(sample: SamplePractice) -> datetime:
    """Return the time of the practice's clock."""
    return datetime.fromisoformat(_clock(sample))


def _clock(sample: SamplePractice) -> str:
    if not isinstance(sample, SampleServer):
        return NOW.isoformat(" ")
    with sample.server.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT NOW()")
        return str(cursor.fetchone()[0])
