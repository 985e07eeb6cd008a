"""The cost of seals at 3,000,000 entries, against a verification without them.

`APISETUP_BENCHMARK_ENTRIES` measures fewer entries. Each figure is the shortest of a few rounds, because other programs
may delay one.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database.address import FileAddress, ServerAddress
from core.model.agreement import default_agreement
from core.model.api_key import AuthorityName
from core.office.office import Office, open_server_office
from tests.benchmarks.big_practice import MANY, filled_database
from tests.support.databases import runtime
from tests.support.sealing import seal, use_key_file, verify, verify_hashes
from tests.support.server import Server

ENTRIES = int(os.environ.get("APISETUP_BENCHMARK_ENTRIES", str(MANY)))
ROUNDS = 2
Report = Callable[[str], None]


@pytest.fixture
def office(server: Server, tmp_path: Path) -> Iterator[Office]:
    """A practice of many entries on MyISAM, with a companion of its own."""
    with filled_database(server, ENTRIES) as database:
        address = ServerAddress(server.host, server.port, database, server.user)
        companion = CompanionSource(FileAddress(tmp_path / "companion.sqlite3"), tmp_path / "companion")
        password = Secret(server.password)
        opened = open_server_office(address, password, companion, AuthorityName.LOCAL, default_agreement(), runtime())
        with closing(opened) as office:
            use_key_file(office, tmp_path)
            yield office


def shortest(run: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def test_seals_cost_little_more_than_a_verification(office: Office, report: Report) -> None:
    plain = shortest(lambda: verify_hashes(office))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    seal(office)
    first = time.perf_counter() - started
    day = shortest(lambda: seal(office))
    sealed = shortest(lambda: verify(office.seals))
    plain = min(plain, shortest(lambda: verify_hashes(office)))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    report(f"{'verify without seals':32}{plain:8.1f} s  {ENTRIES:,} entries")
    report(f"{'first seal':32}{first:8.1f} s  {first / plain:6.2f} x")
    report(f"{'a later seal':32}{day:8.2f} s")
    report(f"{'verify with seals':32}{sealed:8.1f} s  {sealed / plain:6.2f} x")
    report(f"{'memory for it':32}{grown:8.1f} MB")
    assert first < 1.3 * plain
    assert sealed < 1.3 * plain
    assert day < 1
    assert grown < 60
