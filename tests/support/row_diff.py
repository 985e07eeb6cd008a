"""What a change wrote, found by comparing all rows of a practice before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from tests.support.databases import COMPUTER, NOW, Rows, SamplePractice, SampleServer
from tests.support.practice_rows import NO_DATE, log_hash

_LOG_TABLES = ("securitylog", "securityloghash", "signalod")


@dataclass
class Written:
    """Everything that differs; what the log tables got is checked column by column and told in short."""

    audit: list[tuple[int, int, str | None]] = field(default_factory=list)
    """Kind, user and text of each new audit row; its hash was right."""
    signals: list[int] = field(default_factory=list)
    """The kind of each new signal."""
    changed: dict[tuple[str, str, str], tuple[str | None, str | None]] = field(default_factory=dict)
    """Old and new value by table, key and column."""
    added: dict[str, list[dict[str, str | None]]] = field(default_factory=dict)
    """New rows of all other tables."""
    removed: list[tuple[str, str]] = field(default_factory=list)
    """Table and key of each row that is gone."""


@contextmanager
def writing(sample: SamplePractice) -> Iterator[Written]:
    """Tell what the block wrote, with all tables read before and after."""
    written = Written()
    before, started = sample.all_rows(), _clock(sample)
    yield written
    compare(before, sample.all_rows(), written, (started, _clock(sample)))


def compare(before: Rows, after: Rows, written: Written, period: tuple[str, str]) -> None:
    """Fill in what differs, and check every new row of the log tables.

    Args:
        before: All rows before.
        after: All rows after.
        written: Where to tell it.
        period: The server's time before and after.
    """
    assert before.keys() == after.keys()
    for table, rows in after.items():
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
    """The time by the practice's clock."""
    return datetime.fromisoformat(_clock(sample))


def _clock(sample: SamplePractice) -> str:
    if not isinstance(sample, SampleServer):
        return NOW.isoformat(" ")
    with sample.server.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT NOW()")
        return str(cursor.fetchone()[0])
