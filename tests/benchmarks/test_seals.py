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
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_server_office
from tests.benchmarks.big_practice import MANY, filled_database
from tests.support.databases import runtime
from tests.support.sealing import seal, use_key_file, verify, verify_hashes
from tests.support.server import Server

ENTRIES = int(os.environ.get("APISETUP_BENCHMARK_ENTRIES", str(MANY)))
ROUNDS = 4
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


def seconds_of(run: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def forget_seals(office: Office) -> None:
    """Remove all seals, so that the next one is the first again."""
    store = office.seals._store
    for each in store.seals():
        with store.companion.write() as connection:
            store.remove(connection, each.content.number)


def test_seals_cost_little_more_than_a_verification(office: Office, report: Report) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    plain, first, later, sealed = [], [], [], []
    # In turn, since other programs may be busy for a while.
    for _ in range(ROUNDS):
        forget_seals(office)
        plain.append(seconds_of(lambda: verify_hashes(office)))
        first.append(seconds_of(lambda: seal(office, replaces_lost=True)))
        later.append(seconds_of(lambda: seal(office)))
        sealed.append(seconds_of(lambda: verify(office.seals)))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    report(f"{'verify without seals':32}{min(plain):8.1f} s  {ENTRIES:,} entries")
    report(f"{'first seal':32}{min(first):8.1f} s  {min(first) / min(plain):6.2f} x")
    report(f"{'a later seal':32}{min(later):8.2f} s")
    report(f"{'verify with seals':32}{min(sealed):8.1f} s  {min(sealed) / min(plain):6.2f} x")
    report(f"{'memory for it':32}{grown:8.1f} MB")
    assert min(first) < 1.3 * min(plain)
    assert min(sealed) < 1.3 * min(plain)
    assert min(later) < 1
    assert grown < 60
