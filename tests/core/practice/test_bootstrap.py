"""The embedded practice: what a first start makes, and the demo."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from core.base.errors import NotAPractice, StorageFailed
from core.base.secret import Secret
from core.database.address import FileAddress
from core.database.engines import file_engine
from core.model.agreement import default_agreement
from core.model.audit_entry import HashStatus
from core.model.settings import ApiSettings, PaymentType
from core.office.office import Office
from core.office.opening import open_file_office
from core.opendental.key_status import KeyStatus
from tests.support.audit_pages import newest_entries
from tests.support.databases import NOW, file_rows, runtime
from tests.support.fault_injection import one_fault_per_kind, recorded_statements
from tests.support.kill_driver import KillDriver
from tests.support.practice_rows import ACCOUNT, log_hash
from tests.support.sealed_keys import key_id, read_key_file, unseal


def opened(path: Path) -> Office:
    return open_file_office(FileAddress(path), default_agreement(), runtime())


def test_a_first_start_makes_a_practice(tmp_path: Path) -> None:
    path = tmp_path / "apisetup" / "practice.sqlite3"
    with closing(opened(path)) as office:
        assert office.info.title == "Embedded practice"
        page = office.settings.load()
        assert page.values == ApiSettings(enabled=False, interval="", payment_type=1)
        assert page.payment_types == tuple(
            PaymentType(number, name, hidden=False)
            for number, name in enumerate(("Check", "Cash", "Credit Card"), start=1)
        )
        assert page.missing == ()
        assert office.keys.list().keys == ()
        assert newest_entries(office) == ()
        signed_in = office.users.account(ACCOUNT)
        assert (signed_in.sees_audit_trail, signed_in.writable) == (True, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_account_is_the_one_user_and_its_password_is_blank(tmp_path: Path) -> None:
    path = tmp_path / "practice.sqlite3"
    with closing(opened(path)) as office:
        assert office.users.sign_in(ACCOUNT, Secret("")).actor.user_num == 1
    assert [row["UserName"] for row in file_rows(path)["userod"].values()] == [ACCOUNT]


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "practice.sqlite3"
    opened(path).close()
    before = path.read_bytes()
    opened(path).close()
    assert path.read_bytes() == before


def test_a_second_start_by_another_account_adds_nobody(tmp_path: Path) -> None:
    path = tmp_path / "practice.sqlite3"
    opened(path).close()
    open_file_office(FileAddress(path), default_agreement(), replace(runtime(), account="other")).close()
    assert len(file_rows(path)["userod"]) == 1


def test_an_empty_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "practice.sqlite3"
    opened(path).close()
    os.truncate(path, 0)
    for read_only in (False, True):
        with pytest.raises(StorageFailed, match="is empty") as caught:
            open_file_office(FileAddress(path), default_agreement(), runtime(), read_only=read_only)
        assert f"rm {path}" in caught.value.hint
    assert path.stat().st_size == 0


def test_a_new_file_is_never_seen_empty(tmp_path: Path) -> None:
    path = tmp_path / "practice.sqlite3"
    file_engine(path).dispose()
    assert path.stat().st_size > 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    with closing(opened(path)) as office:
        assert office.info.title == "Embedded practice"


def test_programs_that_start_for_the_first_time_at_once_share_one_practice(tmp_path: Path) -> None:
    path = tmp_path / "practice.sqlite3"
    barrier = Barrier(4)

    def start(_number: int) -> str:
        barrier.wait()
        with closing(opened(path)) as office:
            return office.info.title

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(start, range(4))) == {"Embedded practice"}
    assert len(file_rows(path)["userod"]) == 1
    assert {each.name for each in tmp_path.iterdir()} == {path.name, f"{path.name}.key"}
    (recorded,) = file_rows(path)["apisetup_encryption"].values()
    assert [key_id(key) for key in read_key_file(path)] == [recorded["key_id"]]


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "music.sqlite3"
    path.touch(0o600)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(NotAPractice, match="isn't a practice database") as caught:
        opened(path)
    assert "nothing was changed" in caught.value.hint
    assert path.read_bytes() == before


def kill_first_start(driver: KillDriver, path: Path, number: int, whole: Path) -> bool:
    """Kill a first start after one statement, and check that the next start works; False if there are fewer."""
    if not driver.kill_first_start(path, number):
        return False
    with closing(opened(path)) as office:
        office.users.account(ACCOUNT)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM securitylog")
        connection.execute("DELETE FROM securityloghash")
    rows, expected = file_rows(path), file_rows(whole)
    (recorded,) = rows.pop("apisetup_encryption").values()
    assert [key_id(key) for key in read_key_file(path)] == [recorded["key_id"]]
    del expected["apisetup_encryption"]
    assert rows == expected
    return True


def test_killed_after_each_kind_of_statement_of_the_first_start_the_next_one_works(
    tmp_path: Path, kill_driver: KillDriver
) -> None:
    whole = tmp_path / "whole.sqlite3"
    with recorded_statements() as statements:
        opened(whole).close()
    for number in one_fault_per_kind({"first start": statements})["first start"]:
        assert kill_first_start(kill_driver, tmp_path / f"{number}.sqlite3", number, whole)


@pytest.mark.faults
def test_killed_after_every_statement_of_the_first_start_the_next_one_works(
    tmp_path: Path, kill_driver: KillDriver
) -> None:
    whole = tmp_path / "whole.sqlite3"
    opened(whole).close()
    for number in count(1):
        if not kill_first_start(kill_driver, tmp_path / f"{number}.sqlite3", number, whole):
            assert number > 20
            return


def test_the_demo_shows_a_dozen_keys_and_one_altered_entry(tmp_path: Path) -> None:
    path = tmp_path / "demo.sqlite3"
    with closing(open_file_office(FileAddress(path), default_agreement(), runtime(), with_demo=True)) as office:
        keys = office.keys.list().keys
        entries = newest_entries(office)
        assert office.settings.load().values.enabled
    assert 10 <= len(keys) <= 15
    assert len({key.developer for key in keys}) > 8
    assert {key.status for key in keys} == set(KeyStatus) - {KeyStatus.UNKNOWN}
    assert len(entries) > 250
    assert Counter(entry.hash_status for entry in entries)[HashStatus.ALTERED] == 1
    assert all(entry.hash_status is not HashStatus.NO_HASH for entry in entries)
    assert all(entry.moment is not None and entry.moment <= NOW for entry in entries)


def test_no_key_of_the_demo_stands_in_its_audit_trail(tmp_path: Path) -> None:
    path = tmp_path / "demo.sqlite3"
    open_file_office(FileAddress(path), default_agreement(), runtime(), with_demo=True).close()
    rows = file_rows(path)
    texts = "\n".join(str(row["LogText"]) for row in rows["securitylog"].values())
    (encryption_key,) = read_key_file(path)
    keys = [
        unseal(str(row["fingerprint"]), str(row["sealed"]), encryption_key) for row in rows["apisetup_key"].values()
    ]
    assert keys
    assert all(key not in texts for key in keys)
    hashes = {row["SecurityLogNum"]: row["LogHash"] for row in rows["securityloghash"].values()}
    altered = [key for key, row in rows["securitylog"].items() if hashes[key] != log_hash(row)]
    assert len(altered) == 1
