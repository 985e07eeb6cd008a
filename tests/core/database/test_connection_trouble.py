"""A line to the server that fails: said within the timeouts, and mended by the next thing that is done."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from core.base.errors import ConnectionLost, PracticeUnavailable, ServerUnreachable
from core.database.address import ServerAddress
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.databases import SampleServer, make_server_practice
from tests.support.mariadb_server import PROGRAMS, PrivateServer, private_server
from tests.support.opendental_columns import NEW
from tests.support.tcp_proxy import TcpProxy

TIMEOUT = 0.4

# One process, so that the private server is started once.
pytestmark = [pytest.mark.own_server, pytest.mark.xdist_group("connection trouble")]


@pytest.fixture(autouse=True)
def _short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_SECONDS", "READ_SECONDS", "WRITE_SECONDS"):
        monkeypatch.setattr(f"core.database.engines.{name}", TIMEOUT)


@pytest.fixture
def line(server_sample: SampleServer) -> Iterator[TcpProxy]:
    """A line to the practice, over which it is opened."""
    straight = server_sample.address
    made = TcpProxy(server_sample.server)
    server_sample.address = ServerAddress("127.0.0.1", made.port, server_sample.database, server_sample.server.user)
    yield made
    made.close()
    server_sample.address = straight


def enabled(office: Office) -> bool | None:
    return office.settings.load().values.enabled


def test_a_network_that_swallows_everything_is_noticed_and_mended(server_sample: SampleServer, line: TcpProxy) -> None:
    with server_sample.office() as office:
        line.stall()
        for error in (ConnectionLost, PracticeUnavailable):
            before = line.connections
            with pytest.raises(error):
                enabled(office)
            # After the connection that was there, one new one is tried, and no more.
            assert line.connections - before <= 1
        line.reconnect()
        assert enabled(office) is False


def test_a_save_into_a_network_that_swallows_everything_is_made_once(
    server_sample: SampleServer, line: TcpProxy
) -> None:
    with server_sample.office() as office:
        read = office.settings.load().values
        line.stall()
        with pytest.raises(PracticeUnavailable, match="Nothing was changed"):
            office.settings.save(ADMIN, read, replace(read, enabled=True))
        line.reconnect()
        assert office.settings.save(ADMIN, read, replace(read, enabled=True)).changes == ("Enabled from off to on",)
    texts = [str(row["LogText"]) for row in server_sample.practice_rows()["securitylog"].values()]
    assert texts.count("API Setup: Enabled changed from off to on") == 1


def test_a_name_service_that_is_gone_is_named(server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    real, gone = socket.getaddrinfo, False

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "practice.example" and gone:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(server_sample.server.host if host == "practice.example" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    straight = server_sample.address
    assert isinstance(straight, ServerAddress)
    server_sample.address = replace(straight, host="practice.example")
    try:
        with server_sample.office() as office:
            gone = True
            office._practice.engine.dispose()
            with pytest.raises(ServerUnreachable, match="name of the database server cannot be found"):
                enabled(office)
            gone = False
            assert enabled(office) is False
    finally:
        server_sample.address = straight


# -- a server of the test's own -------------------------------------------------------


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    """A server that gives up connections after a second."""
    if not all(map(shutil.which, PROGRAMS)):
        reason = "no MariaDB server is installed here to start one that can be restarted"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with private_server(tmp_path_factory.mktemp("own"), "--wait-timeout=1", "--interactive-timeout=1") as started:
        make_server_practice(started.server, "opendental", NEW, "MyISAM")
        yield started


@pytest.fixture
def its_office(ours: PrivateServer, server_sample: SampleServer) -> Iterator[Office]:
    """The practice on that server, open."""
    straight, address = server_sample.address, ours.server
    server_sample.address = ServerAddress(address.host, address.port, "opendental", address.user)
    try:
        with closing(server_sample.open()) as office:
            yield office
    finally:
        server_sample.address = straight


def test_connections_that_the_server_gave_up_are_made_again(ours: PrivateServer, its_office: Office) -> None:
    assert enabled(its_office) is False
    ours.wait_until_no_connections()
    assert enabled(its_office) is False


def test_a_server_that_is_restarted_is_met_again(ours: PrivateServer, its_office: Office) -> None:
    read = its_office.settings.load().values
    ours.stop()
    with pytest.raises(PracticeUnavailable, match="Nothing was changed"):
        its_office.settings.save(ADMIN, read, replace(read, enabled=True))
    ours.start()
    its_office.settings.save(ADMIN, read, replace(read, enabled=True))
    assert enabled(its_office) is True
