"""A network that drops everything: the time until the admin reads that the connection is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.errors import PracticeUnavailable
from core.database.address import ServerAddress
from tests.support.databases import SampleServer, make_companion_template, server_database
from tests.support.opendental_columns import NEW
from tests.support.server import Server
from tests.support.tcp_proxy import TcpProxy

LONGEST_WAIT = 45
"""The seconds within which a call reports the loss: of a connection in use, and of one that can't be made."""


def test_a_network_that_drops_everything_is_reported_soon(
    server: Server, tmp_path: Path, report: Callable[[str], None]
) -> None:
    companion = tmp_path / "template.sqlite3"
    make_companion_template(companion)
    with server_database(server, NEW, "InnoDB") as database:
        sample = SampleServer(server, database, NEW, "InnoDB", companion)
        sample.use_directory(tmp_path)
        proxy = TcpProxy(server)
        sample.address = ServerAddress("127.0.0.1", proxy.port, database, server.user)
        with sample.office() as office:
            proxy.stall()
            waits = [_seconds_until_reported(office.settings.load) for _ in range(2)]
        proxy.close()
        sample.close()
    report(f"a lost network is reported after {waits[0]:.0f} s, and again after {waits[1]:.0f} s")
    assert max(waits) < LONGEST_WAIT


def _seconds_until_reported(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    with pytest.raises(PracticeUnavailable):
        call()
    return time.perf_counter() - begin
