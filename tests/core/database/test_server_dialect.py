"""Connections to a server: no round trip that isn't needed, and no connection that is dead."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.engines import WITHOUT_TRANSACTIONS, server_engine
from tests.support.counting_proxy import CountingProxy
from tests.support.databases import SampleServer
from tests.support.pseudo_terminal import DEADLINE

CHANGE = text("UPDATE preference SET ValueString = 'changed' WHERE PrefName = 'PracticeTitle'")
TITLE = text("SELECT ValueString FROM preference WHERE PrefName = 'PracticeTitle'")


@pytest.fixture
def proxy(server_sample: SampleServer) -> Iterator[CountingProxy]:
    """A proxy between the practice and its server."""
    with CountingProxy(server_sample.server) as proxy:
        yield proxy


@pytest.fixture
def engine(server_sample: SampleServer, proxy: CountingProxy) -> Iterator[Engine]:
    """An engine whose connections lead through the proxy."""
    server = server_sample.server
    # The proxy reads what it passes on.
    address = ServerAddress("127.0.0.1", proxy.port, server_sample.database, server.user, tls_off=True)
    engine = server_engine(address, Secret(server.password))
    yield engine
    engine.dispose()


def test_connecting_asks_the_server_nothing(engine: Engine, proxy: CountingProxy) -> None:
    with engine.connect():
        pass
    # The second packet signs in.
    assert [burst.split("=")[0] for burst in proxy.take()] == [
        "connect",
        "packet 0f",
        "SET NAMES utf8mb4, SESSION sql_mode",
    ]


def test_a_reading_is_one_round_trip(engine: Engine, proxy: CountingProxy) -> None:
    for _ in range(2):
        with engine.connect() as connection:
            proxy.take()
            connection.execution_options(read_only=True).scalar(TITLE)
    assert proxy.take() == [str(TITLE)]


def test_a_change_is_a_transaction(engine: Engine, proxy: CountingProxy) -> None:
    with engine.connect() as connection:
        proxy.take()
        connection.execute(CHANGE)
        connection.commit()
    assert proxy.take() == ["BEGIN", str(CHANGE), "COMMIT"]


def test_a_change_that_is_not_committed_is_rolled_back(engine: Engine, proxy: CountingProxy) -> None:
    with engine.connect() as connection:
        before = connection.scalar(TITLE)
        connection.execute(CHANGE)
    assert "ROLLBACK" in proxy.take()
    with engine.connect() as connection:
        assert connection.scalar(TITLE) == before


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
def test_tables_without_transactions_get_none(engine: Engine, proxy: CountingProxy) -> None:
    with engine.execution_options(**{WITHOUT_TRANSACTIONS: True}).connect() as connection:
        proxy.take()
        connection.execute(CHANGE)
        connection.commit()
    assert proxy.take() == [str(CHANGE)]


def test_a_connection_that_the_server_closed_is_replaced_before_it_is_used(
    engine: Engine, server_sample: SampleServer, proxy: CountingProxy
) -> None:
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        number = driver.thread_id()
    server_sample.server.execute(f"KILL CONNECTION {number}")
    assert select.select([driver._sock], [], [], DEADLINE)[0]
    proxy.take()
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT CONNECTION_ID()")) != number
    assert proxy.take().count("connect") == 1


def test_a_connection_lost_in_a_transaction_leaves_nothing_behind(engine: Engine, server_sample: SampleServer) -> None:
    with suppress(Exception), engine.connect() as connection:
        connection.execute(CHANGE)
        driver: Any = connection.connection.driver_connection
        server_sample.server.execute(f"KILL CONNECTION {driver.thread_id()}")
        connection.execute(TITLE)
    with engine.connect() as connection:
        assert connection.scalar(TITLE) != "changed"
