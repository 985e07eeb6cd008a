"""A forger with all rights on the database, who gives every entry a genuine hash: only seals show what was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.office.office import Office
from core.seals.seal_report import Tampering
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail
from tests.support.databases import SamplePractice
from tests.support.practice_rows import log_hash
from tests.support.sealing import forge_hash, found, insert_entry, seal, use_key_file, verify, verify_hashes

three_databases = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)

Forgery = Callable[[SamplePractice], None]


def change(column: str, value: object) -> Forgery:
    def forge(sample: SamplePractice) -> None:
        sample.execute(f"UPDATE securitylog SET {column} = '{value}' WHERE SecurityLogNum = 20")
        forge_hash(sample, 20)

    return forge


def insert(sample: SamplePractice) -> None:
    insert_entry(sample, log_row(24, "2024-11-04 10:12:30"))


def delete(sample: SamplePractice) -> None:
    """Delete the newest sealed entry with its hash, and close the gap with a genuine entry of a later time."""
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 23")
    sample.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 23")
    insert_entry(sample, log_row(23, "2024-11-04 10:13:00", "Something else."))


FORGERIES: dict[str, tuple[Forgery, Tampering, int]] = {
    "text": (change("LogText", "Nothing."), Tampering.ALTERED, 20),
    "user": (change("UserNum", 2), Tampering.ALTERED, 20),
    "kind": (change("PermType", 43), Tampering.ALTERED, 20),
    "patient": (change("PatNum", 5), Tampering.ALTERED, 20),
    "last edit": (change("DateTPrevious", "2024-11-04 09:00:00"), Tampering.ALTERED, 20),
    "time": (change("LogDateTime", "2024-11-04 10:10:01"), Tampering.ALTERED, 20),
    "computer": (change("CompName", "ELSEWHERE"), Tampering.ALTERED, 20),
    "source": (change("LogSource", 5), Tampering.ALTERED, 20),
    "definition": (change("DefNum", 5), Tampering.ALTERED, 20),
    "error definition": (change("DefNumError", 5), Tampering.ALTERED, 20),
    "exchanged": (delete, Tampering.ALTERED, 23),
}


def make_trail(sample: SamplePractice) -> None:
    logs = [log_row(number, f"2024-11-04 10:{number - 10:02d}:00") for number in range(10, 24)]
    replace_audit_trail(sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))
    if sample.on_server:
        # The server counts on from the entries before, which would leave a gap.
        sample.execute("ALTER TABLE securitylog AUTO_INCREMENT = 24")


@three_databases
def test_an_untouched_trail_is_as_it_was_sealed(sample: SamplePractice, tmp_path: Path) -> None:
    make_trail(sample)
    with sample.office() as office:
        use_key_file(office, tmp_path)
        seal(office)
        report, sealed = verify(office.seals)
    assert (report.clean, sealed.clean) == (True, True)
    assert (sealed.seals, sealed.sealed, sealed.unsealed) == (1, 14, 1)


@three_databases
def test_every_forged_column_is_found_with_seals_and_none_without(sample: SamplePractice, tmp_path: Path) -> None:
    for name, (forge, kind, number) in FORGERIES.items():
        make_trail(sample)
        with sample.office() as office:
            _seal_afresh(office, tmp_path / name)
            forge(sample)
            assert verify_hashes(office).clean, name
            _, sealed = verify(office.seals)
        assert (found(sealed, kind), sealed.clean) == ([number], False), name


@three_databases
def test_an_inserted_entry_with_a_genuine_hash_is_found(sample: SamplePractice, tmp_path: Path) -> None:
    make_trail(sample)
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 15")
    sample.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 15")
    with sample.office() as office:
        _seal_afresh(office, tmp_path)
        insert_entry(sample, log_row(15, "2024-11-04 10:05:00"))
        assert verify_hashes(office).clean
        _, sealed = verify(office.seals)
    assert found(sealed, Tampering.INSERTED) == [15]


@three_databases
def test_an_inserted_entry_is_still_found_after_the_next_seal(sample: SamplePractice, tmp_path: Path) -> None:
    make_trail(sample)
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 15")
    with sample.office() as office:
        _seal_afresh(office, tmp_path)
        insert_entry(sample, log_row(15, "2024-11-04 10:05:00"))
        insert_entry(sample, log_row(40, "2024-11-04 10:06:00"))
        seal(office)
        _, sealed = verify(office.seals)
    assert found(sealed, Tampering.INSERTED) == [15, 40]


@three_databases
def test_the_last_sealed_entries_deleted_with_their_hashes_are_found(sample: SamplePractice, tmp_path: Path) -> None:
    make_trail(sample)
    with sample.office() as office:
        _seal_afresh(office, tmp_path)
        # The forger also removes the entry about the seal, so that no gap is left.
        for table in ("securitylog", "securityloghash"):
            sample.execute(f"DELETE FROM {table} WHERE SecurityLogNum >= 22")
        assert verify_hashes(office).clean
        _, sealed = verify(office.seals)
    assert found(sealed, Tampering.DELETED) == [22, 23]
    assert [f"{each.moment:%H:%M}" for each in sealed.found if each.moment] == ["10:12", "10:13"]


def _seal_afresh(office: Office, directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    use_key_file(office, directory)
    with office._companion.write() as connection:
        for table in ("apisetup_seal", "apisetup_sealed_entries"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    seal(office)
