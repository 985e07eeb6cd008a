"""Companions on servers: the same data for all admins, created once, never in another program's database."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select, update

from core.base.errors import CompanionUnavailable, EncryptionKeyUnavailable, NotAPractice
from core.base.secret import Secret
from core.companion.migrations import LATEST
from core.companion.opening import CompanionSource, open_companion
from core.companion.tables.all_tables import COMPANION
from core.companion.tables.questions import QUESTION
from core.database.address import ServerAddress
from core.database.postgresql_address import PostgresqlAddress
from core.model.agreement import default_agreement
from core.model.api_key import NewKey
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_server_office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import NEW, key_of
from tests.support.databases import NOW, SampleServer, runtime
from tests.support.key_adding_program import request_of
from tests.support.kill_driver import ROOT
from tests.support.shared_companions import SharedCompanion

KEYS = 3


def prepare(source: CompanionSource) -> None:
    open_companion(source, lambda: NOW).close()


def open_office(sample: SampleServer, source: CompanionSource) -> Office:
    assert isinstance(sample.address, ServerAddress)
    return open_server_office(
        sample.address, sample.password, source, AuthorityName.LOCAL, default_agreement(), runtime()
    )


def test_the_tables_are_created_once(shared: SharedCompanion) -> None:
    prepare(shared.source())
    assert shared.tables() == sorted(table.name for table in COMPANION.sorted_tables)
    before = shared.rows()
    prepare(shared.source())
    assert shared.rows() == before


def test_every_column_holds_what_a_file_holds(shared: SharedCompanion) -> None:
    with closing(open_companion(shared.source(), lambda: NOW)) as companion, companion.read() as connection:
        for table in COMPANION.sorted_tables:
            connection.execute(select(table)).all()


def test_programs_that_start_at_the_same_moment_create_the_tables_once(shared: SharedCompanion) -> None:
    barrier = Barrier(3)

    def start(_number: int) -> None:
        barrier.wait()
        prepare(shared.source())

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(start, range(3)))
    assert len(shared.query("SELECT number FROM apisetup_migration")) == LATEST
    assert shared.query("SELECT count(*) FROM apisetup_question")[0][0] in (1, "1")


def test_a_newer_companion_is_refused(shared: SharedCompanion) -> None:
    prepare(shared.source())
    shared.execute("INSERT INTO apisetup_migration VALUES (1000, 'later', '2030-01-01 00:00:00')")
    with pytest.raises(NotAPractice) as caught:
        prepare(shared.source())
    assert caught.value.sentence == "The companion database was created by a newer version of apisetup."


def test_the_database_of_another_program_is_refused(shared: SharedCompanion) -> None:
    shared.execute("CREATE TABLE songs (name VARCHAR(10))")
    with pytest.raises(NotAPractice, match="has tables of another program, such as songs"):
        prepare(shared.source())
    assert shared.tables() == ["songs"]


def test_a_companion_that_cannot_be_reached_is_named(shared: SharedCompanion) -> None:
    source = shared.source()
    prepare(source)
    with closing(open_companion(source, lambda: NOW)) as companion:
        shared.execute("DROP TABLE apisetup_key")
        with pytest.raises(CompanionUnavailable) as caught, companion.read() as connection:
            connection.execute(select(COMPANION.tables["apisetup_key"]))
    assert caught.value.sentence.startswith(f"Companion database {shared.address.database} on 127.0.0.1: ")
    assert caught.value.hint == "Restore the companion from a backup."


def test_a_refused_password_of_the_companion_is_not_that_of_the_practice(shared: SharedCompanion) -> None:
    address = shared.address
    nobody = type(address)(address.host, address.port, address.database, "apisetup_nobody")
    with pytest.raises(CompanionUnavailable) as caught:
        prepare(CompanionSource(nobody, shared.directory / "shared", Secret("wrong")))
    assert "companion_password_from" in caught.value.hint
    assert "wrong" not in str(caught.value)


def test_one_program_waits_while_another_writes(shared: SharedCompanion) -> None:
    prepare(shared.source())
    barrier = Barrier(2)

    def count(_number: int) -> None:
        with closing(open_companion(shared.source(), lambda: NOW)) as companion:
            for _ in range(10):
                barrier.wait()
                with companion.write() as connection:
                    number = connection.scalars(select(QUESTION.c.number)).one()
                    connection.execute(update(QUESTION).values(number=number + 1))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(count, range(2)))
    assert int(shared.query("SELECT number FROM apisetup_question")[0][0]) == 20


def test_what_one_admin_does_the_other_sees(
    shared: SharedCompanion, server_sample: SampleServer, tmp_path: Path
) -> None:
    mine = shared.source()
    with closing(open_office(server_sample, mine)) as first:
        theirs = shared.give_key_to(tmp_path / "second admin")
        with closing(open_office(server_sample, theirs)) as second:
            acceptance = first.licenses.accept(ADMIN, NEW)
            first.keys.add(ADMIN, NewKey(NEW.key, "New Wave", NEW.fields), acceptance)
            seen = key_of(second, "New Wave")
            assert seen.license is not None
            assert seen.fields == NEW.fields
            assert second.keys.show(ADMIN, seen) == NEW.key
            second.keys.set_status(ADMIN, seen, KeyStatus.DISABLED_BY_CUSTOMER)
            assert key_of(first, "New Wave").status is KeyStatus.DISABLED_BY_CUSTOMER
            second.keys.remove(ADMIN, key_of(second, "New Wave"))
            assert "New Wave" not in {key.developer for key in first.keys.list().keys}


def test_an_admin_without_the_encryption_key_can_do_all_but_read_and_add_texts(
    shared: SharedCompanion, server_sample: SampleServer, tmp_path: Path
) -> None:
    with closing(open_office(server_sample, shared.source())) as first:
        first.keys.add(ADMIN, NEW, first.licenses.accept(ADMIN, NEW))
    server_sample.execute("DELETE FROM apikey")
    with closing(open_office(server_sample, shared.source(tmp_path / "second admin"))) as second:
        listed = second.keys.list()
        assert any(
            note.startswith("The text of one API key can't be read: the encryption key file") for note in listed.notes
        )
        (key,) = listed.keys
        second.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
        with pytest.raises(EncryptionKeyUnavailable, match="The text of this API key can't be read"):
            second.keys.show(ADMIN, key)
        other = NewKey(Secret("Another-key-of-abcd"), "Another", NEW.fields)
        with pytest.raises(EncryptionKeyUnavailable, match="No API key can be added"):
            second.licenses.accept(ADMIN, other)
    assert not (tmp_path / "second admin" / "shared.key").exists()


def test_postgresql_sessions_wait_for_a_limited_time(shared: SharedCompanion) -> None:
    if not isinstance(shared.address, PostgresqlAddress):
        pytest.skip("MySQL sets these at the connection")
    with closing(open_companion(shared.source(), lambda: NOW)) as companion, companion.read() as connection:
        values = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("lock_timeout", "statement_timeout")]
    assert values == ["10s", "20s"]


def test_two_programs_that_work_in_the_same_office_at_the_same_moment_lose_nothing(
    shared: SharedCompanion, server_sample: SampleServer, tmp_path: Path
) -> None:
    other = tmp_path / "second admin"
    shared.give_key_to(other)
    directories = {"First": shared.directory, "Second": other}
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.key_adding_program", request],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, directory in directories.items()
        for request in [request_of(server_sample, shared, directory, name, KEYS)]
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    # The companion is empty: they also create its tables at the same moment.
    assert [program.communicate("\n", timeout=60)[0] for program in programs] == ["done\n"] * 2
    with closing(open_office(server_sample, shared.source())) as office:
        added = {key.developer: key for key in office.keys.list().keys if key.developer.startswith(("First", "Second"))}
        assert len(added) == 2 * KEYS
        assert all(key.known and key.license is not None for key in added.values())
        texts = {office.keys.show(ADMIN, key).reveal() for key in added.values()}
    assert texts == {f"{name}-key-{number:02}-abcd" for name in directories for number in range(KEYS)}
    copied = [row["CustApiKey"] for row in server_sample.practice_rows()["apikey"].values()]
    assert sorted(texts & set(copied)) == sorted(text for text in copied if text in texts)
    assert shared.query("SELECT number FROM apisetup_journal") == []
