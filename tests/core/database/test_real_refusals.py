"""Refusals of a real server: each is told as what it is, with the server's own words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from uuid import uuid4

import pytest

from core.base.errors import LoginRefused, NotPermitted, StatementStopped
from core.base.secret import Secret
from core.check.database import check_server_settings
from core.check.result import CheckStatus
from core.database.address import ServerAddress
from core.database.driver_errors import translate_errors
from core.database.engines import server_engine
from tests.support.change_kinds import save_settings
from tests.support.databases import SampleServer, make_server_practice
from tests.support.mariadb_server import PROGRAMS, private_server
from tests.support.opendental_columns import NEW
from tests.support.practice_rows import PASSWORDS
from tests.support.server import Server, pymysql


@pytest.fixture
def address(server: Server) -> Iterator[ServerAddress]:
    """A database user with the password `right`, who may do nothing."""
    name = f"apisetup_{uuid4().hex[:12]}"
    server.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'right'")
    yield ServerAddress(server.host, server.port, "information_schema", name)
    server.execute(f"DROP USER '{name}'@'%'")


def query(address: ServerAddress, statement: str) -> object:
    """Connect as the user, and return the value of a query."""
    engine = server_engine(address, Secret("right"))
    try:
        with translate_errors(), engine.connect() as connection:
            return connection.exec_driver_sql(statement).scalar()
    finally:
        engine.dispose()


def test_a_locked_account_is_called_locked(server: Server, address: ServerAddress) -> None:
    server.execute(f"ALTER USER '{address.user}'@'%' ACCOUNT LOCK")
    with pytest.raises(LoginRefused, match=r"account of this database user is locked\. The server says: Access denied"):
        query(address, "SELECT 1")


def test_an_expired_password_is_called_expired(server: Server, address: ServerAddress) -> None:
    server.execute(f"ALTER USER '{address.user}'@'%' PASSWORD EXPIRE")
    with pytest.raises(LoginRefused, match="password of this database user has expired"):
        query(address, "SELECT 1")


def test_a_user_who_must_use_tls_is_told_so(server: Server, address: ServerAddress) -> None:
    server.execute(f"ALTER USER '{address.user}'@'%' REQUIRE SSL")
    if server.offers_tls:
        # TLS is used without being asked for. After that, MySQL remembers the password, and doesn't ask for it below.
        assert query(address, "SELECT 1") == 1
    with pytest.raises(LoginRefused) as refused:
        query(replace(address, tls_off=True), "SELECT 1")
    assert ("--tls verify" in refused.value.hint) is server.offers_tls


def test_a_statement_that_somebody_stopped_is_no_lost_connection(server: Server, address: ServerAddress) -> None:
    engine = server_engine(address, Secret("right"))
    with engine.connect() as connection, ThreadPoolExecutor(1) as executor:
        number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()

        def wait() -> None:
            with translate_errors():
                connection.exec_driver_sql("SELECT COUNT(*), SLEEP(20) FROM COLLATIONS a, COLLATIONS b, COLLATIONS c")

        waiting = executor.submit(wait)
        while not waiting.done():
            # MySQL ends a SLEEP that is killed without an error, but not the query around it.
            with suppress(pymysql.err.Error):
                server.execute(f"KILL QUERY {number}")
        with pytest.raises(StatementStopped, match="A statement was stopped on the server"):
            waiting.result()
    engine.dispose()


def test_a_statement_over_the_time_limit_is_no_lost_connection(server: Server, address: ServerAddress) -> None:
    if not server.is_mariadb:
        pytest.skip("MySQL limits the time of statements that read tables only")
    with pytest.raises(StatementStopped) as stopped:
        query(address, "SET STATEMENT max_statement_time = 0.05 FOR SELECT SLEEP(20)")
    assert "stopped a statement that took too long" in stopped.value.sentence


def test_a_replica_is_called_read_only(server_sample: SampleServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    if not all(map(shutil.which, PROGRAMS)):
        reason = "no MariaDB server is installed here to start a read-only one"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    direct = server_sample.address
    with private_server(tmp_path_factory.mktemp("replica"), "--read-only") as replica:
        make_server_practice(replica.server, "opendental", NEW, "InnoDB")
        replica.server.execute(
            "CREATE USER 'u'@'%' IDENTIFIED BY 'right'",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON opendental.* TO 'u'@'%'",
        )
        address = ServerAddress(replica.server.host, replica.server.port, "opendental", "u")
        server_sample.address = address
        try:
            with closing(server_sample.open(password=Secret("right"))) as office:
                assert office.info.read_only == ""
                assert not office.users.sign_in("Admin", Secret(PASSWORDS["Admin"])).writable
                with pytest.raises(NotPermitted, match=r"The server is read-only, as a replica is\..*--read-only"):
                    save_settings(office)
        finally:
            server_sample.address = direct
        engine = server_engine(address, Secret("right"))
        with engine.connect() as connection:
            (_mode, warning) = check_server_settings(connection.execution_options(read_only=True))
        engine.dispose()
    assert warning.status is CheckStatus.WARNING
    assert warning.sentence == "The server is read-only, as a replica is: read_only is on."
