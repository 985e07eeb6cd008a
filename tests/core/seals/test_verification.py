"""Comparing entries with seals while the server reads the next ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import current_thread, main_thread

import pytest

from core.audit import range_size
from core.audit import verification as audit_verification
from core.audit.range_reading import RangeContents
from core.base.errors import ConnectionLost
from core.seals.comparison import Comparison
from tests.support.audit_rows import after_matching_statement, hash_rows, log_row, replace_audit_trail
from tests.support.databases import SamplePractice, SampleServer
from tests.support.fault_injection import cut_connection
from tests.support.practice_rows import log_hash
from tests.support.sealing import seal, use_key_file, verify

both_engines = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
COUNT = 60
Add = Callable[[Comparison, RangeContents], None]


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_ROWS", "MIN_ROWS", "MAX_ROWS"):
        monkeypatch.setattr(range_size, name, 4)
    monkeypatch.setattr(audit_verification, "BATCH_SECONDS", 0)


def fill(sample: SamplePractice) -> None:
    rows = [log_row(number, text=f"Entry {number}.") for number in range(1, COUNT + 1)]
    replace_audit_trail(sample, rows, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in rows))


@both_engines
def test_entries_are_compared_beside_the_reading_once_what_was_removed_is_known(
    server_sample: SampleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(server_sample)
    threads: list[bool] = []
    add: Add = Comparison.add

    def note(self: Comparison, contents: RangeContents) -> None:
        threads.append(current_thread() is main_thread())
        add(self, contents)

    monkeypatch.setattr(Comparison, "add", note)
    with server_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        sealed = verify(office.seals)[1]
    assert (sealed.sealed, sealed.problems) == (COUNT, ())
    # The first batch has one range.
    assert (threads[0], set(threads[1:])) == (True, {False})


def test_a_file_is_compared_only_between_its_readings(
    file_sample: SamplePractice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(file_sample)
    add: Add = Comparison.add

    def check(self: Comparison, contents: RangeContents) -> None:
        assert current_thread() is main_thread()
        add(self, contents)

    monkeypatch.setattr(Comparison, "add", check)
    with file_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        assert verify(office.seals)[1].sealed == COUNT


@both_engines
@pytest.mark.parametrize("fails_at", [1, 2, 3, 9])
def test_what_could_not_be_compared_is_compared_later(
    server_sample: SampleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """The companion may not answer for a moment."""
    fill(server_sample)
    calls = 0
    add: Add = Comparison.add

    def fail_twice(self: Comparison, contents: RangeContents) -> None:
        nonlocal calls
        calls += 1
        if fails_at <= calls < fails_at + 2:
            raise ConnectionLost("The companion doesn't answer.", "Try again.")
        add(self, contents)

    with server_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        expected, _ = verify(office.seals)
        monkeypatch.setattr(Comparison, "add", fail_twice)
        verification = office.seals.verification()
        failures = 0
        while True:
            try:
                report = verification.run_batch()
            except ConnectionLost:
                failures += 1
                continue
            if report.done:
                break
    assert failures > 0
    assert report == expected
    assert (verification.seal_report.sealed, verification.seal_report.problems) == (COUNT, ())


@both_engines
def test_after_a_lost_connection_each_entry_is_compared_once(server_sample: SampleServer, tmp_path: Path) -> None:
    fill(server_sample)
    with server_sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        verification = office.seals.verification()
        cut = cut_connection(server_sample)
        with after_matching_statement(office, lambda number, _: number == 30, cut) as hit:
            while True:
                try:
                    if verification.run_batch().done:
                        break
                except ConnectionLost:
                    continue
    assert hit.triggered
    assert (verification.seal_report.sealed, verification.seal_report.problems) == (COUNT, ())
