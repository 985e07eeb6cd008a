"""The hash as a database computes it: its verdict is that of `core.opendental.log_hash`, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.opendental.column_types import server_time
from core.opendental.log_hash import log_hash
from core.opendental.log_hash_sql import can_compute, seems_altered, seems_suspect
from core.opendental.schema import SecurityLog, SecurityLogHash
from tests.core.opendental.test_log_hash import VECTORS
from tests.support.audit_rows import fill, hash_rows, log_row, stored_rows
from tests.support.databases import SamplePractice, SampleServer
from tests.support.fault_injection import cut_connection
from tests.support.practice_rows import NO_DATE, Row

# The older versions' PermType holds no 258, which a vector has.
each_database = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)
VECTOR_ROWS = [
    (
        log_row(
            number,
            moment.isoformat(" "),
            text,
            PermType=kind,
            UserNum=user,
            PatNum=patient,
            DateTPrevious=previous.isoformat(" "),
        ),
        stored,
    )
    for number, (kind, user, moment, text, patient, previous, stored) in enumerate(VECTORS, start=1)
]
DATES = (
    "0000-00-00 00:00:00",
    NO_DATE,
    "0001-01-01 00:00:01",
    "0999-12-31 12:00:00",
    "1879-12-31 23:59:59",
    "1880-01-01 00:00:00",
    "2024-11-05 09:03:07",
    "9999-12-31 23:59:59",
)


def by_database(sample: SamplePractice) -> dict[int, bool]:
    """What the database says about each entry that has a hash."""
    with sample.office() as office, office._practice.read() as session:
        query = select(SecurityLog.security_log_num, seems_altered(session.get_bind().dialect)).join(
            SecurityLogHash, SecurityLogHash.security_log_num == SecurityLog.security_log_num
        )
        return {number: bool(altered) for number, altered in session.execute(query).all()}


def by_python(sample: SamplePractice) -> dict[int, bool]:
    """The same by `log_hash`, from the rows as plain SQL reads them."""
    stored = {row["SecurityLogNum"]: row["LogHash"] for row in stored_rows(sample, "securityloghash")}
    logs = [row for row in stored_rows(sample, "securitylog") if row["SecurityLogNum"] in stored]
    return {int(str(row["SecurityLogNum"])): computed(row) != stored[row["SecurityLogNum"]] for row in logs}


def computed(row: Mapping[str, Any]) -> str:
    kind, user, patient = (int(str(row[name])) for name in ("PermType", "UserNum", "PatNum"))
    moment, previous = server_time(row["LogDateTime"]), server_time(row["DateTPrevious"])
    return log_hash(kind, user, moment, str(row["LogText"] or ""), patient, previous)


def verdicts(sample: SamplePractice, rows: Iterable[tuple[Row, str]]) -> list[bool]:
    """Store rows with their hashes; what the database says of each, in their order, and Python as well."""
    logs: list[Row] = []
    hashes: list[tuple[int, str]] = []
    for number, (row, stored) in enumerate(rows, start=1):
        logs.append({**row, "SecurityLogNum": number})
        hashes.append((number, stored))
    fill(sample, logs, hash_rows(hashes))
    found = by_database(sample)
    assert found == by_python(sample)
    return [found[number] for number, _ in hashes]


def altered_somewhere(text: str) -> list[str]:
    """The text with each of its characters changed in turn."""
    return [f"{text[:at]}{'x' if text[at] != 'x' else 'y'}{text[at + 1 :]}" for at in range(len(text))]


@each_database
def test_every_vector_matches(sample: SamplePractice) -> None:
    assert verdicts(sample, VECTOR_ROWS) == [False] * len(VECTORS)


@each_database
def test_one_changed_character_of_the_text_is_seen(sample: SamplePractice) -> None:
    changed = [
        ({**row, "LogText": text}, stored) for row, stored in VECTOR_ROWS for text in altered_somewhere(row["LogText"])
    ]
    assert verdicts(sample, changed) == [True] * len(changed)


@each_database
def test_one_changed_character_of_the_hash_is_seen(sample: SamplePractice) -> None:
    changed = [(row, other) for row, stored in VECTOR_ROWS for other in altered_somewhere(stored)]
    assert verdicts(sample, changed) == [True] * len(changed)


@each_database
@pytest.mark.parametrize("change", ["swapcase", "lower", "upper"])
def test_a_hash_that_differs_only_in_case_does_not_match(sample: SamplePractice, change: str) -> None:
    changed = [(row, getattr(stored, change)()) for row, stored in VECTOR_ROWS]
    assert verdicts(sample, changed) == [True] * len(changed)


@each_database
@pytest.mark.parametrize("end", [" ", "\n", "\t", "=", "\N{ZERO WIDTH SPACE}"])
def test_a_hash_with_something_at_its_end_does_not_match(sample: SamplePractice, end: str) -> None:
    assert verdicts(sample, [(row, stored + end) for row, stored in VECTOR_ROWS]) == [True] * len(VECTORS)


@each_database
@pytest.mark.parametrize("stored", ["", " ", "é", "日本語", "x" * 255])
def test_what_is_no_hash_at_all_does_not_match(sample: SamplePractice, stored: str) -> None:
    assert verdicts(sample, [(row, stored) for row, _ in VECTOR_ROWS]) == [True] * len(VECTORS)


@each_database
def test_all_dates_that_are_none_and_those_before_1880(sample: SamplePractice) -> None:
    rows = [log_row(0, moment, DateTPrevious=previous) for moment, previous in product(DATES, DATES)]
    assert verdicts(sample, [(row, computed(row)) for row in rows]) == [False] * len(rows)


@each_database
def test_every_pair_of_dates_with_the_hash_of_every_other_pair(sample: SamplePractice) -> None:
    """What is hashed alike matches, and nothing else does."""
    rows = [log_row(0, moment, DateTPrevious=previous) for moment, previous in product(DATES[:-1], DATES[:-1])]
    hashes = [computed(row) for row in rows]
    crossed = [(row, other) for row in rows for other in dict.fromkeys(hashes)]
    assert verdicts(sample, crossed) == [computed(row) != other for row, other in crossed]


@each_database
def test_a_null_text_hashes_as_an_empty_one(sample: SamplePractice) -> None:
    empty = log_row(0, text="")
    rows = [(log_row(0, text=None), computed(empty)), (log_row(0, text=None), computed(log_row(0, text="NULL")))]
    assert verdicts(sample, rows) == [False, True]


TEXTS = (
    "José — déplacé 日本語",
    "\N{REPLACEMENT CHARACTER}\N{EURO SIGN}\uffff\ufeff\ue000",
    "ﬁ e\N{COMBINING ACUTE ACCENT} ß ẞ İ ı",
    "100% of %s and %(x)s :name ?",
    'it\'s "quoted" \\ back\\slash `ticks`',
    "two\nlines\r\nand\ta tab ",
    "  blanks at both ends  ",
    "a\0b",
    "x" * 20_000,
)


@each_database
def test_whatever_the_text_holds(sample: SamplePractice) -> None:
    rows = [log_row(0, text=text) for text in TEXTS]
    assert verdicts(sample, [(row, computed(row)) for row in rows]) == [False] * len(rows)


@each_database
@pytest.mark.parametrize(
    ("text", "other"),
    [("A", "a"), ("e", "é"), ("ss", "ß"), ("x", "x "), ("x", " x"), ("é", "e\N{COMBINING ACUTE ACCENT}"), ("a", "a\0")],
)
def test_texts_that_a_collation_finds_the_same_are_not(sample: SamplePractice, text: str, other: str) -> None:
    assert verdicts(sample, [(log_row(0, text=text), computed(log_row(0, text=other)))]) == [True]


@each_database
def test_the_greatest_and_the_smallest_numbers(sample: SamplePractice) -> None:
    rows = [
        log_row(0, PermType=kind, UserNum=user, PatNum=patient)
        for kind, user, patient in ((32767, 2**63 - 1, 2**63 - 1), (-32768, -(2**63), -(2**63)), (-1, -1, -1))
    ]
    assert verdicts(sample, [(row, computed(row)) for row in rows]) == [False] * len(rows)


def test_characters_of_four_bytes_in_a_file(file_sample: SamplePractice) -> None:
    row = log_row(0, text="a tooth: \N{TOOTH}")
    assert verdicts(file_sample, [(row, computed(row)), (row, computed(log_row(0, text="a tooth: ?")))]) == [
        False,
        True,
    ]


@contextmanager
def text_column(sample: SampleServer, character_set: str) -> Iterator[None]:
    """The log text in another character set, as some offices have it."""
    sample.execute(f"ALTER TABLE securitylog MODIFY LogText text CHARACTER SET {character_set}")
    try:
        yield
    finally:
        sample.execute("DELETE FROM securitylog")
        sample.execute("ALTER TABLE securitylog MODIFY LogText text CHARACTER SET utf8")


@pytest.mark.parametrize(("character_set", "text"), [("utf8mb4", "a tooth: \N{TOOTH} 日本"), ("latin1", "José – 20 €")])
def test_a_text_in_another_character_set(server_sample: SampleServer, character_set: str, text: str) -> None:
    row = log_row(0, text=text)
    with text_column(server_sample, character_set):
        assert verdicts(server_sample, [(row, computed(row)), (row, computed(log_row(0, text="other")))]) == [
            False,
            True,
        ]


@each_database
def test_an_entry_without_a_hash_is_suspect(sample: SamplePractice) -> None:
    row, stored = VECTOR_ROWS[0]
    logs = [{**row, "SecurityLogNum": number} for number in (1, 2, 3)]
    fill(sample, logs, hash_rows([(1, stored), (2, stored.swapcase())]))
    with sample.office() as office, office._practice.read() as session:
        query = (
            select(SecurityLog.security_log_num)
            .outerjoin(SecurityLogHash, SecurityLogHash.security_log_num == SecurityLog.security_log_num)
            .where(seems_suspect(session.get_bind().dialect))
        )
        assert set(session.scalars(query)) == {2, 3}


@each_database
def test_each_of_these_databases_can_compute_it(sample: SamplePractice) -> None:
    with sample.office() as office, office._practice.read() as session:
        assert can_compute(session)


def test_a_server_that_lacks_a_function_cannot(server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.opendental.log_hash_sql._EMPTY_HASH", "NO_SUCH_FUNCTION('')")
    with server_sample.office() as office, office._practice.read() as session:
        assert not can_compute(session)
        # The connection is as good as before.
        assert session.scalars(select(SecurityLog.security_log_num)).all()


def test_a_connection_that_is_lost_says_nothing_about_the_server(server_sample: SampleServer) -> None:
    with server_sample.office() as office, Session(office._practice.engine) as session:
        cut_connection(server_sample)(session.connection())
        with pytest.raises(DBAPIError):
            can_compute(session)
