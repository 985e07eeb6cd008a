"""The hash as computed by the database agrees with `core.opendental.log_hash`, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from core.opendental.column_types import server_time
from core.opendental.log_hash import log_hash
from core.opendental.log_hash_sql import can_compute, seems_altered, seems_suspect
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH
from tests.core.opendental.test_log_hash import VECTORS
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail, stored_rows
from tests.support.databases import SamplePractice, SampleServer
from tests.support.fault_injection import cut_connection
from tests.support.practice_rows import NO_DATE, Row

# The older version's PermType can't hold 258, which one of the vectors has.
each_database = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)
VECTOR_ROWS = [
    (
        log_row(
            number,
            moment.isoformat(" "),
            text,
            PermType=perm_type,
            UserNum=user,
            PatNum=patient,
            DateTPrevious=previous.isoformat(" "),
        ),
        stored,
    )
    for number, (perm_type, user, moment, text, patient, previous, stored) in enumerate(VECTORS, start=1)
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
    """Return by number whether the database considers an entry altered, for entries that have a hash."""
    with sample.office() as office, office._practice.read() as connection:
        query = select(SECURITY_LOG.c.security_log_num, seems_altered(connection.dialect)).join(
            SECURITY_LOG_HASH, SECURITY_LOG_HASH.c.security_log_num == SECURITY_LOG.c.security_log_num
        )
        return {number: bool(altered) for number, altered in connection.execute(query).all()}


def by_python(sample: SamplePractice) -> dict[int, bool]:
    """Return the same as computed by `log_hash` from rows read with plain SQL."""
    stored = {row["SecurityLogNum"]: row["LogHash"] for row in stored_rows(sample, "securityloghash")}
    logs = [row for row in stored_rows(sample, "securitylog") if row["SecurityLogNum"] in stored]
    return {int(str(row["SecurityLogNum"])): computed(row) != stored[row["SecurityLogNum"]] for row in logs}


def computed(row: Mapping[str, Any]) -> str:
    """Compute the hash of a row in Python."""
    perm_type, user, patient = (int(str(row[name])) for name in ("PermType", "UserNum", "PatNum"))
    moment, previous = server_time(row["LogDateTime"]), server_time(row["DateTPrevious"])
    return log_hash(perm_type, user, moment, str(row["LogText"] or ""), patient, previous)


def altered_flags(sample: SamplePractice, rows: Iterable[tuple[Row, str]]) -> list[bool]:
    """Store rows with their hashes, and return for each whether it's considered altered.

    The database and Python must agree.
    """
    logs: list[Row] = []
    hashes: list[tuple[int, str]] = []
    for number, (row, stored) in enumerate(rows, start=1):
        logs.append({**row, "SecurityLogNum": number})
        hashes.append((number, stored))
    replace_audit_trail(sample, logs, hash_rows(hashes))
    by_server = by_database(sample)
    assert by_server == by_python(sample)
    return [by_server[number] for number, _ in hashes]


def changed_variants(text: str) -> list[str]:
    """Return copies of the text, each with another character changed."""
    return [f"{text[:at]}{'x' if text[at] != 'x' else 'y'}{text[at + 1 :]}" for at in range(len(text))]


@each_database
def test_every_vector_matches(sample: SamplePractice) -> None:
    assert altered_flags(sample, VECTOR_ROWS) == [False] * len(VECTORS)


@each_database
def test_one_changed_character_of_the_text_is_detected(sample: SamplePractice) -> None:
    changed = [
        ({**row, "LogText": text}, stored) for row, stored in VECTOR_ROWS for text in changed_variants(row["LogText"])
    ]
    assert altered_flags(sample, changed) == [True] * len(changed)


@each_database
def test_one_changed_character_of_the_hash_is_detected(sample: SamplePractice) -> None:
    changed = [(row, other) for row, stored in VECTOR_ROWS for other in changed_variants(stored)]
    assert altered_flags(sample, changed) == [True] * len(changed)


@each_database
@pytest.mark.parametrize("change", ["swapcase", "lower", "upper"])
def test_a_hash_that_differs_only_in_case_does_not_match(sample: SamplePractice, change: str) -> None:
    changed = [(row, getattr(stored, change)()) for row, stored in VECTOR_ROWS]
    assert altered_flags(sample, changed) == [True] * len(changed)


@each_database
@pytest.mark.parametrize("end", [" ", "\n", "\t", "=", "\N{ZERO WIDTH SPACE}"])
def test_a_hash_with_appended_characters_does_not_match(sample: SamplePractice, end: str) -> None:
    assert altered_flags(sample, [(row, stored + end) for row, stored in VECTOR_ROWS]) == [True] * len(VECTORS)


@each_database
@pytest.mark.parametrize("stored", ["", " ", "é", "日本語", "x" * 255])
def test_an_invalid_hash_does_not_match(sample: SamplePractice, stored: str) -> None:
    assert altered_flags(sample, [(row, stored) for row, _ in VECTOR_ROWS]) == [True] * len(VECTORS)


@each_database
def test_special_and_early_dates_match(sample: SamplePractice) -> None:
    rows = [log_row(0, moment, DateTPrevious=previous) for moment, previous in product(DATES, DATES)]
    assert altered_flags(sample, [(row, computed(row)) for row in rows]) == [False] * len(rows)


@each_database
def test_pairs_of_dates_match_only_their_own_hash(sample: SamplePractice) -> None:
    """A hash matches exactly those rows that have the same hash in Python."""
    rows = [log_row(0, moment, DateTPrevious=previous) for moment, previous in product(DATES[:-1], DATES[:-1])]
    hashes = [computed(row) for row in rows]
    crossed = [(row, other) for row in rows for other in dict.fromkeys(hashes)]
    assert altered_flags(sample, crossed) == [computed(row) != other for row, other in crossed]


@each_database
def test_a_null_text_hashes_as_an_empty_one(sample: SamplePractice) -> None:
    empty = log_row(0, text="")
    rows = [(log_row(0, text=None), computed(empty)), (log_row(0, text=None), computed(log_row(0, text="NULL")))]
    assert altered_flags(sample, rows) == [False, True]


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
def test_special_characters_match(sample: SamplePractice) -> None:
    rows = [log_row(0, text=text) for text in TEXTS]
    assert altered_flags(sample, [(row, computed(row)) for row in rows]) == [False] * len(rows)


@each_database
@pytest.mark.parametrize(
    ("text", "other"),
    [("A", "a"), ("e", "é"), ("ss", "ß"), ("x", "x "), ("x", " x"), ("é", "e\N{COMBINING ACUTE ACCENT}"), ("a", "a\0")],
)
def test_texts_that_a_collation_treats_as_equal_are_different(sample: SamplePractice, text: str, other: str) -> None:
    assert altered_flags(sample, [(log_row(0, text=text), computed(log_row(0, text=other)))]) == [True]


@each_database
def test_the_largest_and_smallest_numbers_match(sample: SamplePractice) -> None:
    rows = [
        log_row(0, PermType=perm_type, UserNum=user, PatNum=patient)
        for perm_type, user, patient in ((32767, 2**63 - 1, 2**63 - 1), (-32768, -(2**63), -(2**63)), (-1, -1, -1))
    ]
    assert altered_flags(sample, [(row, computed(row)) for row in rows]) == [False] * len(rows)


def test_four_byte_characters_match_in_sqlite(file_sample: SamplePractice) -> None:
    row = log_row(0, text="a tooth: \N{TOOTH}")
    assert altered_flags(file_sample, [(row, computed(row)), (row, computed(log_row(0, text="a tooth: ?")))]) == [
        False,
        True,
    ]


@contextmanager
def text_column(sample: SampleServer, character_set: str) -> Iterator[None]:
    """Convert `securitylog.LogText` to another character set, as in some offices, and back."""
    sample.execute(f"ALTER TABLE securitylog MODIFY LogText text CHARACTER SET {character_set}")
    try:
        yield
    finally:
        sample.execute("DELETE FROM securitylog")
        sample.execute("ALTER TABLE securitylog MODIFY LogText text CHARACTER SET utf8")


@pytest.mark.parametrize(("character_set", "text"), [("utf8mb4", "a tooth: \N{TOOTH} 日本"), ("latin1", "José – 20 €")])
def test_a_text_in_another_character_set_matches(server_sample: SampleServer, character_set: str, text: str) -> None:
    row = log_row(0, text=text)
    with text_column(server_sample, character_set):
        assert altered_flags(server_sample, [(row, computed(row)), (row, computed(log_row(0, text="other")))]) == [
            False,
            True,
        ]


@each_database
def test_an_entry_without_a_hash_is_suspect(sample: SamplePractice) -> None:
    row, stored = VECTOR_ROWS[0]
    logs = [{**row, "SecurityLogNum": number} for number in (1, 2, 3)]
    replace_audit_trail(sample, logs, hash_rows([(1, stored), (2, stored.swapcase())]))
    with sample.office() as office, office._practice.read() as connection:
        query = (
            select(SECURITY_LOG.c.security_log_num)
            .outerjoin(SECURITY_LOG_HASH, SECURITY_LOG_HASH.c.security_log_num == SECURITY_LOG.c.security_log_num)
            .where(seems_suspect(connection.dialect))
        )
        assert set(connection.scalars(query)) == {2, 3}


@each_database
def test_each_database_can_compute_the_hash(sample: SamplePractice) -> None:
    with sample.office() as office, office._practice.read() as connection:
        assert can_compute(connection)


def test_a_server_without_the_functions_cannot_compute_the_hash(
    server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.opendental.log_hash_sql._EMPTY_HASH", "NO_SUCH_FUNCTION('')")
    with server_sample.office() as office, office._practice.read() as connection:
        assert not can_compute(connection)
        # The connection still works.
        assert connection.scalars(select(SECURITY_LOG.c.security_log_num)).all()


def test_a_lost_connection_raises_an_error(server_sample: SampleServer) -> None:
    with server_sample.office() as office, office._practice.engine.connect() as connection:
        cut_connection(server_sample)(connection)
        with pytest.raises(DBAPIError):
            can_compute(connection)
