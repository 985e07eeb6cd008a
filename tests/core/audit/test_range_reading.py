"""Ranges of entries as the database joins them, against the same entries read row by row."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy import text

from core.audit.range_reading import RangeContents, RangeReader
from core.opendental.entry_digest import read_digests
from core.opendental.schema import SECURITY_LOG
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail
from tests.support.databases import SamplePractice, SampleServer
from tests.support.practice_rows import log_hash

samples = pytest.mark.parametrize("sample", ["SQLite", "21.1 MyISAM", "24.3 InnoDB"], indirect=True)
servers = pytest.mark.parametrize("server_sample", ["21.1 MyISAM", "24.3 InnoDB"], indirect=True)

ODD = [
    log_row(1, "2024-11-04 10:00:00", "Müller, 'operatory' | 3 \\ % changed by Admin"),
    log_row(2, "2024-11-04 10:00:01", "", CompName="Empfang-Ä|2", UserNum=7, PatNum=12, LogSource=23),
    log_row(5, "2024-11-04 10:00:01", None, DefNum=3, DefNumError=4, PermType=120),
    log_row(6, "1879-12-31 23:59:59", "Before all dates."),
    log_row(7, "0001-01-01 00:00:00", "No date."),
    log_row(8, "2024-11-04 10:00:02", "Edited.", DateTPrevious="2024-11-01 08:00:00"),
    log_row(9, "2024-11-04 10:00:03", "Edited before all dates.", DateTPrevious="1700-01-01 08:00:00"),
    log_row(11, "2024-11-04 10:00:04", "Altered after it was written."),
    log_row(12, "2024-11-04 10:00:05", "Without a hash."),
    log_row(13, "2024-11-04 10:00:06", "With two hashes, one of them wrong."),
    log_row(14, "2024-11-04 10:00:07", "With a hash that isn't one.", CompName=""),
]
NOT_USUAL = (6, 7, 9)
"""Entries with times that SQLite leaves to Python."""
HASHED = [row for row in ODD if row["SecurityLogNum"] not in (11, 12, 14)]
HASHES = [(row["SecurityLogNum"], log_hash(row)) for row in HASHED]
HASHES += [(11, log_hash(ODD[0])), (13, log_hash(ODD[1])), (14, "ä" * 44)]


def _read(sample: SamplePractice, *, by_database: bool, hashes: bool, digests: bool) -> RangeContents:
    reader = RangeReader(computed_by_database=by_database, hashes=hashes, digests=digests)
    with sample.office() as office, office.audit._practice.read() as connection:
        found = reader.read(connection, [SECURITY_LOG.c.security_log_num <= 14])
    return replace(found, numbers=list(found.numbers), moments=list(found.moments), own=list(found.own))


@samples
@pytest.mark.parametrize("hashes", [True, False])
@pytest.mark.parametrize("digests", [True, False])
@pytest.mark.parametrize("left_out", [(), NOT_USUAL])
def test_the_database_joins_what_is_read_row_by_row(
    sample: SamplePractice, hashes: bool, digests: bool, left_out: tuple[int, ...]
) -> None:
    rows = [row for row in ODD if row["SecurityLogNum"] not in left_out]
    replace_audit_trail(sample, rows, hash_rows(each for each in HASHES if each[0] not in left_out))
    joined = _read(sample, by_database=True, hashes=hashes, digests=digests)
    assert joined == _read(sample, by_database=False, hashes=hashes, digests=digests)
    # The hash of entry 9 has a time that Open Dental's hash doesn't have.
    assert set(joined.suspects) == ({9, 11, 12, 13, 14} - {*left_out} if hashes else set())


@samples
def test_an_altered_entry_has_the_digest_of_its_row_and_not_of_its_hash(sample: SamplePractice) -> None:
    replace_audit_trail(sample, ODD, hash_rows(HASHES))
    joined = _read(sample, by_database=True, hashes=True, digests=True)
    with sample.office() as office, office.audit._practice.read() as connection:
        digests = read_digests(connection, joined.numbers)
    assert joined.digests == b"".join(digests[number] for number in joined.numbers)


@servers
@pytest.mark.parametrize("digests", [True, False])
def test_what_is_read_beside_the_hashes_is_what_is_read_row_by_row(server_sample: SampleServer, digests: bool) -> None:
    # The hash of entry 9 in this module isn't Open Dental's.
    rows = [row for row in ODD if row["SecurityLogNum"] != 9]
    replace_audit_trail(server_sample, rows, [])
    by_row = _read(server_sample, by_database=False, hashes=False, digests=digests)
    reader = RangeReader(computed_by_database=True, hashes=False, digests=digests, fingerprint=True)
    with server_sample.office() as office, office.audit._practice.read() as connection:
        found = reader.contents(reader.read_span(connection, (0, 14)))
    assert found is not None
    hashes = ",".join(f"{row['SecurityLogNum']}:{log_hash(row)}" for row in rows)
    assert found == replace(by_row, fingerprint=sha256(hashes.encode()).hexdigest())


@servers
def test_the_server_keeps_the_values_of_a_range_in_memory(server_sample: SampleServer) -> None:
    rows = [log_row(number, text="x" * 2_000, CompName="y" * 255) for number in range(1, 3_001)]
    replace_audit_trail(server_sample, rows, [])
    reader = RangeReader(computed_by_database=True, hashes=False, digests=True, fingerprint=True)
    on_disk = text("SHOW SESSION STATUS LIKE 'Created_tmp_disk_tables'")
    with server_sample.office() as office, office.audit._practice.read() as connection:
        before = connection.execute(on_disk).one()[1]
        reader.read_span(connection, (0, 3_000))
        assert connection.execute(on_disk).one()[1] == before
