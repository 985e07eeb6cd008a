"""Connections to the server that fail: reported within the timeouts, and replaced by the next operation."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.base.errors import PracticeUnavailable, ServerUnreachable, StatementStopped
from core.database import engines
from core.database.address import ServerAddress
from core.database.driver_errors import translate_errors
from core.office.office import Office
from core.practice.practice import Practice
from tests.support.actors import ADMIN
from tests.support.databases import SampleServer, make_server_practice
from tests.support.mariadb_server import PROGRAMS, PrivateServer, private_server
from tests.support.opendental_columns import NEW
from tests.support.pseudo_terminal import DEADLINE
from tests.support.server import pymysql
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.xdist_group("own_server")
TIMEOUT_SECONDS = 0.4


@pytest.fixture(autouse=True)
def _short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_SECONDS", "READ_SECONDS", "WRITE_SECONDS"):
        monkeypatch.setattr(f"core.database.engines.{name}", TIMEOUT_SECONDS)


@pytest.fixture
def proxy(server_sample: SampleServer) -> Iterator[TcpProxy]:
    """A TCP proxy between the practice and its server."""
    direct_address = server_sample.address
    started = TcpProxy(server_sample.server)
    server_sample.address = ServerAddress("127.0.0.1", started.port, server_sample.database, server_sample.server.user)
    yield started
    started.close()
    server_sample.address = direct_address


def read_enabled(office: Office) -> bool | None:
    """Read the setting Enabled from the database."""
    return office.settings.load().values.enabled


def test_a_network_that_drops_everything_is_noticed_and_recovers(server_sample: SampleServer, proxy: TcpProxy) -> None:
    with server_sample.office() as office:
        proxy.stall()
        with pytest.raises(StatementStopped, match=r"did not respond in time"):
            read_enabled(office)
        with pytest.raises(ServerUnreachable, match=rf"answers at 127.0.0.1:{proxy.port}: the connection timed out"):
            read_enabled(office)
        proxy.reconnect()
        assert read_enabled(office) is False


def test_a_statement_that_gets_no_answer_in_time_is_told_apart(server_sample: SampleServer, proxy: TcpProxy) -> None:
    with server_sample.office() as office:

        def read_from_a_network_that_drops_everything() -> None:
            with office._practice.read() as connection:
                proxy.stall()
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(StatementStopped, match="did not respond in time"):
            read_from_a_network_that_drops_everything()


def test_a_save_over_a_network_that_drops_everything_is_made_once(server_sample: SampleServer, proxy: TcpProxy) -> None:
    with server_sample.office() as office:
        read = office.settings.load().values
        proxy.stall()
        with pytest.raises(PracticeUnavailable, match="Nothing was changed"):
            office.settings.save(ADMIN, read, replace(read, enabled=True))
        proxy.reconnect()
        assert office.settings.save(ADMIN, read, replace(read, enabled=True)).changes == ("Enabled from off to on",)
    texts = [str(row["LogText"]) for row in server_sample.practice_rows()["securitylog"].values()]
    assert texts.count("API Setup: Enabled changed from off to on") == 1


def test_a_name_server_failure_is_reported(server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    original, failing = socket.getaddrinfo, False

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "practice.example" and failing:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return original(server_sample.server.host if host == "practice.example" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    direct_address = server_sample.address
    assert isinstance(direct_address, ServerAddress)
    server_sample.address = replace(direct_address, host="practice.example")
    try:
        with server_sample.office() as office:
            failing = True
            office._practice.engine.dispose()
            with pytest.raises(ServerUnreachable, match="database server's host name can't be resolved"):
                read_enabled(office)
            failing = False
            assert read_enabled(office) is False
    finally:
        server_sample.address = direct_address


# -- a server that is started and stopped by the tests --------------------------------


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    """A server that closes idle connections after a second."""
    if not all(map(shutil.which, PROGRAMS)):
        reason = "no MariaDB server is installed here to start one that can be restarted"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with private_server(tmp_path_factory.mktemp("own"), "--wait-timeout=1", "--interactive-timeout=1") as started:
        make_server_practice(started.server, "opendental", NEW, "MyISAM")
        yield started


@pytest.fixture
def own_office(own: PrivateServer, server_sample: SampleServer) -> Iterator[Office]:
    """The open practice on that server."""
    direct_address, address = server_sample.address, own.server
    server_sample.address = ServerAddress(address.host, address.port, "opendental", address.user)
    try:
        with closing(server_sample.open()) as office:
            yield office
    finally:
        server_sample.address = direct_address


def test_connections_that_the_server_closed_are_replaced(own: PrivateServer, own_office: Office) -> None:
    assert read_enabled(own_office) is False
    own.wait_until_no_connections()
    assert read_enabled(own_office) is False


def test_a_restarted_server_can_be_used_again(own: PrivateServer, own_office: Office) -> None:
    read = own_office.settings.load().values
    own.stop()
    with pytest.raises(PracticeUnavailable, match="Nothing was changed"):
        own_office.settings.save(ADMIN, read, replace(read, enabled=True))
    own.start()
    own_office.settings.save(ADMIN, read, replace(read, enabled=True))
    assert read_enabled(own_office) is True


# --- statements that take too long


def test_a_statement_that_the_server_stops_after_its_limit_is_no_lost_connection(server_sample: SampleServer) -> None:
    if "MariaDB" not in server_version(server_sample):
        pytest.skip("only MariaDB stops a SLEEP with an error")
    with server_sample.practice() as practice:
        with pytest.raises(StatementStopped, match="took too long") as caught:
            execute(practice, "SET STATEMENT max_statement_time=0.05 FOR SELECT SLEEP(10)")
        assert "max_statement_time" in caught.value.hint
        with practice.read() as connection:
            assert practice.now(connection)


@pytest.mark.parametrize("number", [1969, 3024])
def test_both_servers_numbers_for_their_limits_are_known(number: int) -> None:
    driver_error = pymysql.err.OperationalError(number, "Query execution was interrupted")
    with pytest.raises(StatementStopped, match="took too long"), translate_errors():
        raise OperationalError("SELECT 1", {}, driver_error)


def test_a_statement_that_somebody_stops_is_no_lost_connection(server_sample: SampleServer) -> None:
    with server_sample.practice() as practice:
        with pytest.raises(StatementStopped, match="statement was stopped"):
            execute(practice, "KILL QUERY CONNECTION_ID()")
        with practice.read() as connection:
            assert practice.now(connection)


def test_a_statement_longer_than_the_read_timeout_is_no_lost_connection(server_sample: SampleServer) -> None:
    with server_sample.practice() as practice:
        with pytest.raises(StatementStopped, match="did not respond in time"), practice.read() as connection:
            connection.scalar(text("SELECT SLEEP(10)"))
        with practice.read() as connection:
            assert practice.now(connection)


_MANY = ", ".join(f"preference p{number}" for number in range(15))
ENDLESS = f"SELECT count(*) FROM {_MANY} WHERE CHAR_LENGTH(CONCAT(p0.PrefName, p14.PrefName)) < 0"


def test_the_server_ends_a_statement_before_this_program_stops_waiting(
    server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.database.engines.READ_SECONDS", DEADLINE)
    monkeypatch.setattr("core.database.engines._EARLIER", DEADLINE - 1)
    with server_sample.practice() as practice:
        with pytest.raises(StatementStopped, match="took too long"), practice.read() as connection:
            connection.scalar(text(ENDLESS))
        # The connection is usable, so the statement has ended.
        with practice.read() as connection:
            assert practice.now(connection)


def test_a_statement_that_this_program_gave_up_ends_on_the_server(server_sample: SampleServer) -> None:
    with server_sample.practice() as practice:
        with practice.read() as connection:
            number = connection.scalar(text("SELECT CONNECTION_ID()"))
        with pytest.raises(StatementStopped, match="did not respond in time"), practice.read() as connection:
            connection.scalar(text(ENDLESS))
    with server_sample.server.connection() as connection, connection.cursor() as cursor:
        deadline = time.monotonic() + DEADLINE
        while cursor.execute(f"SELECT id FROM information_schema.processlist WHERE id = {number}"):
            assert time.monotonic() < deadline, "the server still runs the statement"


def test_a_shorter_limit_of_the_server_stays(server_sample: SampleServer) -> None:
    name, limit = ("max_statement_time", 0.75) if server_sample.server.is_mariadb else ("max_execution_time", 750)
    with server_sample.practice() as practice:
        execute(practice, f"SET SESSION {name} = {limit}")
        execute(practice, engines._session())
        with practice.read() as connection:
            assert float(connection.scalar(text(f"SELECT @@SESSION.{name}")) or 0) == limit


def execute(practice: Practice, statement: str) -> None:
    """Run a statement that sessions for reading refuse."""
    with practice.read() as connection:
        connection.execution_options(read_only=False).exec_driver_sql(statement)


def server_version(sample: SampleServer) -> str:
    with sample.practice() as practice:
        return practice.profile.server
