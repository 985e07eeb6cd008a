"""The cost of the Audit Trail at 3,000,000 entries, against the bare query or the plain way to do the same.

Everything is measured in one run, so the ratios hold on any machine. Making the practices takes some minutes.
"""

from __future__ import annotations

import os
import pwd
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from statistics import median
from uuid import uuid4

import pytest
from sqlalchemy import ColumnElement, select

from core.audit.entry_mapper import STORED_MOMENT, select_rows
from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor
from core.audit.search import PAGE_SIZE
from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database.address import FileAddress, ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_file_office, open_server_office
from core.opendental.log_hash import log_hash
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH
from tests.benchmarks.big_practice import (
    ALTERED,
    END,
    FIRST,
    MANY,
    RARE_USER,
    WITHOUT_HASH,
    fill_file,
    filled_database,
)
from tests.benchmarks.concurrent_writer import make_gaps, waits_beside
from tests.support.databases import runtime
from tests.support.installed_program import Home
from tests.support.practice_rows import ACCOUNT
from tests.support.pseudo_terminal import Terminal
from tests.support.server import Server
from tests.support.server_practice import ServerPractice

FEW = 3_000
ROUNDS = 25
WRITER_SECONDS = 0.05
"""The longest that reading may keep a writer waiting."""
TEN_DAYS = date(2024, 10, 26)
Report = Callable[[str], None]


class Big:
    """A practice of many entries, open.

    Args:
        office: The open office.
        most: How many times as long as its query a page may take. A query of SQLite takes less than a millisecond,
            which is less than checking the hashes of what it found.
        verification: How many times as long as reading and hashing in Python a verification may take. SQLite calls
            Python for each hash.
    """

    def __init__(self, office: Office, most: float, verification: float) -> None:
        self.office = office
        self.most = most
        self.verification = verification

    def query(self, *conditions: ColumnElement[bool], ordered: bool = True) -> Callable[[], object]:
        """The bare query behind a page: the same columns with the hash, by the index, and nothing else done."""
        practice = self.office.audit._practice
        statement = select_rows().where(*conditions)
        if ordered:
            statement = statement.order_by(STORED_MOMENT.desc()).limit(PAGE_SIZE + 1)

        def run() -> object:
            with practice.read() as connection:
                return connection.execute(statement).all()

        return run


@pytest.fixture(scope="session")
def many_in_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many") / "practice.sqlite3"
    fill_file(path, MANY)
    return path


@pytest.fixture(scope="session")
def big_server(server: Server, many_on_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Big]:
    address = ServerAddress(server.host, server.port, many_on_server, server.user)
    companion = tmp_path_factory.mktemp("companion") / "companion.sqlite3"
    office = open_server_office(
        address,
        Secret(server.password),
        CompanionSource.file(companion),
        AuthorityName.LOCAL,
        default_agreement(),
        runtime(),
    )
    yield Big(office, 1.5, 0.6)
    office.close()


@pytest.fixture(scope="session")
def big_file(many_in_file: Path) -> Iterator[Big]:
    office = open_file_office(FileAddress(many_in_file), default_agreement(), runtime())
    yield Big(office, 3.0, 1.0)
    office.close()


@pytest.fixture(params=["big_server", "big_file"])
def big(request: pytest.FixtureRequest) -> Big:
    found: Big = request.getfixturevalue(request.param)
    return found


def compared(ours: Callable[[], object], bare: Callable[[], object]) -> tuple[float, float]:
    """The median seconds of both, run in turn."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for kept, run in zip(seconds, (ours, bare), strict=True):
            began = time.perf_counter()
            run()
            if number:
                kept.append(time.perf_counter() - began)
    return median(seconds[0]), median(seconds[1])


@pytest.mark.parametrize(
    ("what", "wanted", "conditions"),
    [
        ("first page, everything", AuditFilter(), ()),
        ("first page, ten days", AuditFilter(since=TEN_DAYS), (f"{TEN_DAYS} 00:00:00" <= STORED_MOMENT,)),
    ],
)
def test_a_first_page_costs_little_more_than_its_query(
    big: Big, report: Report, what: str, wanted: AuditFilter, conditions: tuple[ColumnElement[bool], ...]
) -> None:
    search = big.office.audit.search(wanted)
    ours, bare = compared(lambda: search.page(Direction.OLDER), big.query(*conditions))
    report(f"{what:32}{ours * 1000:8.1f} ms {ours / bare:6.2f} x the bare query")
    assert ours <= big.most * bare


def test_a_page_down_costs_little_more_than_its_query(big: Big, report: Report) -> None:
    search = big.office.audit.search(AuditFilter())
    start = PageCursor(END.replace(year=2020).isoformat(" "))
    ours, bare = compared(lambda: search.page(Direction.OLDER, start), big.query(start.moment > STORED_MOMENT))
    report(f"{'page down, five years back':32}{ours * 1000:8.1f} ms {ours / bare:6.2f} x the bare query")
    assert ours <= big.most * bare


def test_the_entries_of_a_busy_user_are_found_near_the_end(big: Big, report: Report) -> None:
    search = big.office.audit.search(AuditFilter(user=1))
    ours, bare = compared(lambda: search.page(Direction.OLDER), big.query(SECURITY_LOG.c.user_num + 0 == 1))
    report(f"{'first page, one of five users':32}{ours * 1000:8.1f} ms {ours / bare:6.2f} x the bare query")
    # The bare query may look at as many rows as it likes; a user who left would have it look at all of them.
    assert ours <= 2 * big.most * bare


def test_the_entries_of_a_rare_user_come_by_the_users_index(big: Big, report: Report) -> None:
    search = big.office.audit.search(AuditFilter(user=RARE_USER))
    bare = big.query(SECURITY_LOG.c.user_num == RARE_USER, ordered=False)
    ours, plain = compared(lambda: search.page(Direction.OLDER), bare)
    report(f"{'a user with 60 entries':32}{ours * 1000:8.1f} ms {ours / plain:6.2f} x the bare query")
    assert ours <= big.most * plain


def test_verifying_is_faster_than_reading_and_hashing(big: Big, report: Report) -> None:
    verification = big.office.audit.verification(AuditFilter())
    began = time.perf_counter()
    while not (found := verification.run_batch()).done:
        pass
    ours = time.perf_counter() - began
    # The test practice brings one altered entry and one without hash of its own.
    assert (found.altered, found.without_hash, found.orphaned) == (ALTERED + 1, WITHOUT_HASH + 1, 0)
    part = 300_000
    plain = read_and_hash(big, part) * MANY / part
    report(f"{'verify everything':32}{ours:8.1f} s  {ours / plain:6.2f} x reading and hashing one by one")
    assert ours <= big.verification * plain


def read_and_hash(big: Big, count: int) -> float:
    """The seconds that it takes to read so many entries and to hash each in Python."""
    log = SECURITY_LOG.c
    query = (
        select(
            log.perm_type,
            log.user_num,
            log.log_date_time,
            log.log_text,
            log.pat_num,
            log.date_t_previous,
            SECURITY_LOG_HASH.c.log_hash,
        )
        .outerjoin(SECURITY_LOG_HASH, SECURITY_LOG_HASH.c.security_log_num == log.security_log_num)
        .where(log.security_log_num >= FIRST, log.security_log_num < FIRST + count)
    )
    began = time.perf_counter()
    with big.office.audit._practice.read() as connection:
        for perm_type, user, moment, words, patient, previous, stored in connection.execute(query):
            assert stored is None or log_hash(perm_type, user, moment, words or "", patient, previous)
    return time.perf_counter() - began


def test_writers_wait_no_longer_than_a_moment_while_it_verifies(
    server: Server, many_on_server: str, big_server: Big, report: Report
) -> None:
    make_gaps(server, many_on_server, 11)
    alone = waits_beside(server, many_on_server, lambda: time.sleep(10))
    verification = big_server.office.audit.verification(AuditFilter())

    def verify() -> None:
        while not verification.run_batch().done:
            pass

    beside = waits_beside(server, many_on_server, verify)
    report(f"{'longest insert alone':32}{alone}")
    report(f"{'beside a verification':32}{beside}")
    assert beside.gaps_left
    assert beside.longest - alone.longest < WRITER_SECONDS


def test_memory_does_not_grow_with_the_practice(
    server: Server, many_on_server: str, many_in_file: Path, tmp_path: Path, report: Report
) -> None:
    few_in_file = tmp_path / "few.sqlite3"
    fill_file(few_in_file, FEW)
    for path in (few_in_file, many_in_file):
        with closing(sqlite3.connect(path)) as connection, connection:
            # The program opens a file as the account that runs it.
            account = pwd.getpwuid(os.getuid()).pw_name
            connection.execute("UPDATE userod SET UserName = ? WHERE UserName = ?", (account, ACCOUNT))
    with filled_database(server, FEW) as few_on_server:
        for name, few, many in (
            ("MariaDB", f"server {few_on_server}", f"server {many_on_server}"),
            ("SQLite", str(few_in_file), str(many_in_file)),
        ):
            small, large = (peak(tmp_path / uuid4().hex, server, each) for each in (few, many))
            report(f"{f'peak memory, {name}':32}{small:8.1f} MB with 3,000 entries, {large:.1f} MB with 3,000,000")
            assert large - small < 20


def peak(directory: Path, server: Server, practice: str) -> float:
    """The most memory of the program, in megabytes, while an auditor pages through the trail and verifies it."""
    directory.mkdir()
    home = Home(directory)
    if practice.startswith("server "):
        terminal = ServerPractice(server, practice.removeprefix("server ")).start_signed_in(home)
    else:
        terminal = home.start("--url", f"sqlite:///{practice}")
    with terminal:
        terminal.wait_for("^ a Add ")
        terminal.press("t")
        terminal.wait_for("^/ +since:")
        terminal.settle()
        terminal.press("/")
        terminal.wait_for("^Tab completes")
        terminal.press("ctrl+u", "enter")
        terminal.settle()
        for key in ("pagedown", "G", "pageup"):
            for _ in range(1 if key == "G" else 40):
                terminal.press(key)
                terminal.settle(0.05)
        terminal.press("!")
        terminal.wait_for("^/ +only:unmatched$")
        terminal.wait_for("!20[0-9-]{8} ")
        terminal.press("!")
        terminal.wait_for("^/ +everything")
        terminal.settle()
        terminal.press("V")
        terminal.wait_for("^ ! Verification found", deadline=300)
        return _high_water_mark(terminal)


def _high_water_mark(terminal: Terminal) -> float:
    status = Path(f"/proc/{terminal.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
