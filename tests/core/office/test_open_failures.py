"""Servers and files that can't be used: each failure is an error with one sentence and a hint."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, event

from core.base.errors import (
    ApiSetupError,
    ChangeRefused,
    ConnectionLost,
    LoginRefused,
    NoSuchDatabase,
    NotAPractice,
    NotPermitted,
    PracticeUnavailable,
    ServerUnreachable,
    StorageFailed,
)
from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database import engines as database
from core.database.address import FileAddress, ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_file_office, open_server_office
from tests.support.audit_pages import newest_entries
from tests.support.change_kinds import NEW, add_key, save_settings
from tests.support.databases import SampleFile, SampleServer, runtime
from tests.support.fault_injection import after_statement, cut_connection
from tests.support.row_diff import Written, writing
from tests.support.server import Server

ROOT = Path(__file__).parents[3]
PASSWORD = "s3cret pass word"


def open_office(address: ServerAddress, companion: Path, password: str = PASSWORD) -> Office:
    return open_server_office(
        address,
        Secret(password),
        CompanionSource.file(companion),
        AuthorityName.LOCAL,
        default_agreement(),
        runtime(),
    )


def assert_refused(
    error_type: type[ApiSetupError], address: ServerAddress, tmp_path: Path, password: str = PASSWORD
) -> None:
    with pytest.raises(ApiSetupError) as caught:
        open_office(address, tmp_path / "companion.sqlite3", password)
    assert type(caught.value) is error_type
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
    assert PASSWORD not in str(caught.value)


def test_no_server_at_the_port(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        # Bound but not listening: the port is taken, and connections to it are refused.
        taken.bind(("127.0.0.1", 0))
        assert_refused(ServerUnreachable, ServerAddress("127.0.0.1", taken.getsockname()[1], "x", "x"), tmp_path)


def test_unknown_host_name(tmp_path: Path) -> None:
    assert_refused(ServerUnreachable, ServerAddress("no-such-host.invalid", 3306, "x", "x"), tmp_path)


def test_missing_unix_socket(tmp_path: Path) -> None:
    address = ServerAddress("localhost", 3306, "x", "x", str(tmp_path / "mysqld.sock"))
    assert_refused(ServerUnreachable, address, tmp_path)


def test_server_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(database, "READ_SECONDS", 1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = ServerAddress("127.0.0.1", silent.getsockname()[1], "x", "x")
        with pytest.raises(PracticeUnavailable):
            open_office(address, tmp_path / "companion.sqlite3")


def test_wrong_database_password(server: Server, tmp_path: Path) -> None:
    name = f"apisetup_{uuid4().hex[:12]}"
    server.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'right'")
    try:
        assert_refused(LoginRefused, ServerAddress(server.host, server.port, "mysql", name), tmp_path)
    finally:
        server.execute(f"DROP USER '{name}'@'%'")


def test_missing_database(server: Server, tmp_path: Path) -> None:
    address = ServerAddress(server.host, server.port, f"no_{uuid4().hex}", server.user)
    assert_refused(NoSuchDatabase, address, tmp_path, server.password)


def test_database_hidden_from_the_user(server: Server, tmp_path: Path) -> None:
    name = f"apisetup_{uuid4().hex[:12]}"
    server.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{PASSWORD}'")
    try:
        assert_refused(NoSuchDatabase, ServerAddress(server.host, server.port, "mysql", name), tmp_path)
    finally:
        server.execute(f"DROP USER '{name}'@'%'")


def test_database_that_is_no_practice(server: Server, tmp_path: Path) -> None:
    name = f"apisetup_test_{uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE `{name}`")
    try:
        assert_refused(
            NotAPractice, ServerAddress(server.host, server.port, name, server.user), tmp_path, server.password
        )
    finally:
        server.execute(f"DROP DATABASE `{name}`")


def test_connection_lost_while_reading(server_sample: SampleServer) -> None:
    with server_sample.office() as office:

        def read_over_cut_connection() -> None:
            with office._practice.read() as connection:
                cut_connection(server_sample)(connection)
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(ConnectionLost) as caught:
            read_over_cut_connection()
        assert "Try again" in caught.value.hint
        # The next query gets a new connection.
        assert office.settings.load().values.enabled is False


def test_row_locked_by_another_program(server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_SESSION", database._SESSION.replace("=10", "=1").replace("=20", "=1"))
    with (
        server_sample.office() as office,
        server_sample.server.connection(server_sample.database) as other,
        other.cursor() as cursor,
        writing(server_sample) as written,
    ):
        cursor.execute("BEGIN")
        cursor.execute("UPDATE program SET Note = 'held' WHERE ProgName = 'FHIR'")
        with pytest.raises(PracticeUnavailable) as caught:
            save_settings(office)
        cursor.execute("ROLLBACK")
    assert caught.value.sentence == "Another program holds a lock on this. Nothing was changed."
    assert written == Written()


def test_sqlite_file_locked_by_another_process(file_sample: SampleFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_SQLITE_BUSY_SECONDS", 0.01)
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN EXCLUSIVE');"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(file_sample.companion)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StorageFailed, match="locked by another program"):
            file_sample.open()
        holder.communicate()
    file_sample.open().close()


def test_sqlite_file_that_another_program_writes(file_sample: SampleFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_SQLITE_BUSY_SECONDS", 0.01)
    with file_sample.office() as office, closing(sqlite3.connect(file_sample.companion)) as other:
        other.execute("BEGIN IMMEDIATE")
        with writing(file_sample) as written, pytest.raises(StorageFailed) as caught:
            save_settings(office)
        assert caught.value.sentence == "The SQLite file is locked by another program. Nothing was changed."
        assert written == Written()
        other.rollback()
        save_settings(office)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write a read-only file")
def test_read_only_sqlite_file(file_sample: SampleFile) -> None:
    file_sample.companion.chmod(0o400)
    with file_sample.office() as office, pytest.raises(NotPermitted, match="cannot be written"):
        save_settings(office)


def test_sqlite_file_without_write_access_can_be_read(file_sample: SampleFile) -> None:
    with file_sample.office() as office:

        def forbid(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA query_only=ON")

        event.listen(office._practice.engine, "connect", forbid)
        with writing(file_sample) as written:
            assert office.users.account("office").writable is False
            for change in (save_settings, add_key):
                with pytest.raises(NotPermitted) as caught:
                    change(office)
                assert isinstance(caught.value, ChangeRefused)
                assert caught.value.sentence == "The SQLite file cannot be written. Nothing was changed."
            assert newest_entries(office)
    assert written == Written()


@pytest.mark.parametrize(
    "content", [b"This is no database. " * 100, b"SQLite format 3\x00" + b"\xff" * 4096], ids=["text", "header"]
)
def test_damaged_sqlite_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "practice.sqlite3"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(StorageFailed, match="is damaged, or isn't an SQLite database") as caught:
        open_file_office(FileAddress(path), default_agreement(), runtime())
    assert "backup" in caught.value.hint
    assert path.read_bytes() == content


def test_sqlite_file_damaged_in_the_middle(file_sample: SampleFile) -> None:
    content = bytearray(file_sample.companion.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file_sample.companion.write_bytes(content)
    with pytest.raises(PracticeUnavailable):
        file_sample.open()


def test_directory_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="is a directory, not an SQLite file"):
        open_file_office(FileAddress(tmp_path), default_agreement(), runtime())


def test_full_disk(file_sample: SampleFile) -> None:
    """The file can't grow from the first statement on."""
    with file_sample.office() as office:

        def limit(connection: sqlite3.Connection, _record: object) -> None:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count={pages}")

        event.listen(office._practice.engine, "connect", limit)
        failure: ApiSetupError | None = None
        for _ in range(200):
            before = file_sample.all_rows()
            try:
                office.licenses.decline(office.users.account("office").actor, NEW)
            except StorageFailed as error:
                failure = error
                break
    assert failure is not None
    assert failure.sentence == "The disk is full. Nothing was changed."
    after = file_sample.all_rows()
    # The audit entry that `account` wrote just before may still have found room.
    assert after["program"] == before["program"]
    assert len(after["securitylog"]) == len(after["securityloghash"]) + 1


def test_disk_full_at_commit(file_sample: SampleFile, tmp_path: Path) -> None:
    """The file can't grow beyond a limit of the operating system, and no data is lost."""
    before = file_sample.all_rows()
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.support.databases import SampleFile\n"
        "from tests.support.change_kinds import KINDS\n"
        "from core.base.errors import PracticeUnavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "template, path = map(Path, sys.argv[1:])\n"
        "sample = SampleFile(template, path)\n"
        "with sample.office() as office:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "    for kind in ('save settings', 'add key', 'decline license'):\n"
        "        try:\n"
        "            KINDS[kind](office)\n"
        "        except PracticeUnavailable as error:\n"
        "            print(error)\n"
    )
    path = tmp_path / "copy.sqlite3"
    completed = subprocess.run(
        [sys.executable, "-c", program, str(file_sample.companion), str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    errors = completed.stdout.splitlines()
    assert len(errors) == 3
    assert all("disk" in line for line in errors)
    copy = SampleFile(path, tmp_path / "again.sqlite3")
    assert copy.all_rows() == before
    with copy.office() as office:
        save_settings(office)


def test_failing_companion_is_reported_and_the_change_undone(server_sample: SampleServer) -> None:
    def fill_up(connection: Connection) -> None:
        assert connection.dialect.name == "sqlite"
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    # Statements 1 to 4 are the audit row, reading it back, its hash, and the time; then the companion begins, reads and
    # inserts.
    with (
        server_sample.office() as office,
        writing(server_sample) as written,
        after_statement(7, fill_up) as fault,
        pytest.raises(StorageFailed) as caught,
    ):
        add_key(office)
    assert fault.triggered
    assert caught.value.sentence == "The disk is full. Nothing was changed. The Audit Trail records that."
    assert (written.added, written.changed, written.removed) == ({}, {}, [])
    assert [str(text)[:22] for _, _, text in written.audit] == ["New API key ********Kk", "NOT DONE: New API key "]
