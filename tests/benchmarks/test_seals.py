"""The cost of seals at 3,000,000 entries, against a verification without them.

`APISETUP_BENCHMARK_ENTRIES` measures fewer entries; an SQLite file never has more than 300,000. Each figure is the
shortest of `APISETUP_BENCHMARK_ROUNDS` (4), measured in turn, because other programs may delay one. Processor time is
that of this program and, if the server is a MariaDB on this computer, of its connections to it.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database.address import FileAddress, ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_file_office, open_server_office
from tests.benchmarks.big_practice import MANY, fill_file, filled_database
from tests.benchmarks.concurrent_writer import make_gaps, waits_beside
from tests.benchmarks.server_processor import processor_seconds
from tests.support.databases import runtime
from tests.support.sealing import seal, use_key_file, verify, verify_hashes
from tests.support.server import Server

ENTRIES = int(os.environ.get("APISETUP_BENCHMARK_ENTRIES", str(MANY)))
ENTRIES_IN_FILE = min(ENTRIES, 300_000)
ROUNDS = int(os.environ.get("APISETUP_BENCHMARK_ROUNDS", "4"))
LONGER_WAIT = 0.05
"""The longest that a writer may wait beside a seal, beyond the longest wait beside a verification."""
Report = Callable[[str], None]


@dataclass(frozen=True)
class Sealed:
    """A practice that is sealed.

    Attributes:
        office: The open practice.
        entries: The number of its entries.
        processor: Returns the processor seconds of its server's connections; 0 without a server.
    """

    office: Office
    entries: int
    processor: Callable[[], float]


@pytest.fixture
def on_server(server: Server, tmp_path: Path) -> Iterator[tuple[Sealed, str]]:
    """A practice of many entries on MyISAM, with a companion of its own, and its database."""
    with filled_database(server, ENTRIES) as database:
        address = ServerAddress(server.host, server.port, database, server.user)
        companion = CompanionSource(FileAddress(tmp_path / "companion.sqlite3"), tmp_path / "companion")
        password = Secret(server.password)
        opened = open_server_office(address, password, companion, AuthorityName.LOCAL, default_agreement(), runtime())
        with closing(opened) as office:
            use_key_file(office, tmp_path)
            yield Sealed(office, ENTRIES, lambda: processor_seconds(server, database)), database


@pytest.fixture
def in_file(tmp_path: Path) -> Iterator[Sealed]:
    """An embedded practice."""
    path = tmp_path / "practice.sqlite3"
    fill_file(path, ENTRIES_IN_FILE)
    with closing(open_file_office(FileAddress(path), default_agreement(), runtime())) as office:
        use_key_file(office, tmp_path)
        yield Sealed(office, ENTRIES_IN_FILE, lambda: 0.0)


@dataclass
class Times:
    """The seconds of one thing, in each round."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def measure(self, sealed: Sealed, run: Callable[[], object]) -> None:
        """Run it once more."""
        began, processor = time.perf_counter(), time.process_time() + sealed.processor()
        run()
        self.wall.append(time.perf_counter() - began)
        self.processor.append(time.process_time() + sealed.processor() - processor)

    def ratios(self, other: Times) -> tuple[float, float]:
        """The ratio to something else, by the clock and in processor time."""
        return min(self.wall) / min(other.wall), min(self.processor) / min(other.processor)


def peak_memory() -> float:
    """Return the most memory that this process had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_seals(office: Office) -> None:
    """Remove all seals, so that the next one is the first again."""
    store = office.seals._store
    for each in store.seals():
        with store.companion.write() as connection:
            store.remove(connection, each.content.number)


def test_seals_cost_little_more_than_a_verification(on_server: tuple[Sealed, str], report: Report) -> None:
    first, verified, later = costs(on_server[0], report)
    assert first < 1.3
    assert verified < 1.3
    assert later < 1


def test_seals_of_a_file_cost_no_more_than_hashing_it_twice(in_file: Sealed, report: Report) -> None:
    # SQLite calls Python for each hash, so a digest costs what a hash does.
    first, verified, later = costs(in_file, report)
    assert first < 2.2
    assert verified < 2.6
    assert later < 1


def costs(sealed: Sealed, report: Report) -> tuple[float, float, float]:
    """Report all figures; return the ratios of a first seal and a verification, and the seconds of a later seal."""
    office = sealed.office
    before = peak_memory()
    plain, first, later, verified = Times(), Times(), Times(), Times()
    for _ in range(ROUNDS):
        forget_seals(office)
        plain.measure(sealed, lambda: verify_hashes(office))
        first.measure(sealed, lambda: seal(office, replaces_lost=True))
        later.measure(sealed, lambda: seal(office))
        verified.measure(sealed, lambda: verify(office.seals))
    for name, times in (("verify without seals", plain), ("first seal", first), ("verify with seals", verified)):
        by_clock, in_processor = times.ratios(plain)
        report(
            f"{name:32}{min(times.wall):8.1f} s {by_clock:6.2f} x, processor {min(times.processor):6.1f} s"
            f" {in_processor:6.2f} x, {sealed.entries:,} entries"
        )
    report(f"{'a later seal':32}{min(later.wall):8.2f} s, processor {min(later.processor):.2f} s")
    report(f"{'memory for it':32}{peak_memory() - before:8.1f} MB, {peak_memory():.0f} MB with the tests themselves")
    assert peak_memory() - before < 60
    return first.ratios(plain)[0], verified.ratios(plain)[0], min(later.wall)


def test_writers_wait_no_longer_than_beside_a_verification(
    server: Server, on_server: tuple[Sealed, str], report: Report
) -> None:
    sealed, database = on_server
    office = sealed.office
    make_gaps(server, database, 17)
    longest = {}
    for name, run in (
        ("nothing", lambda: time.sleep(5)),
        ("a verification without seals", lambda: verify_hashes(office)),
        ("a first seal", lambda: seal(office)),
        ("a verification with seals", lambda: verify(office.seals)),
    ):
        waits = waits_beside(server, database, run)
        report(f"{'longest insert beside ' + name:52}{waits}")
        longest[name] = waits.longest
    most = longest["a verification without seals"] + LONGER_WAIT
    assert longest["a first seal"] < most
    assert longest["a verification with seals"] < most
