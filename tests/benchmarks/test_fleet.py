"""Two hundred offices on a line of 50 ms: reading them, and cutting a developer off in all of them."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.base.secret import Secret
from core.database.address import ServerAddress
from core.fleet.fleet import Credentials, Fleet
from core.model.fleet import Reach
from tests.support.databases import make_companion_template, server_database
from tests.support.delayed_line import delayed_line
from tests.support.fleets import SampleFleet, cut_off_plan, ignore, server_fleet
from tests.support.opendental_columns import NEW
from tests.support.server import Server

OFFICES = int(os.environ.get("FLEET_OFFICES", "200"))
ROUND_TRIP_SECONDS = 0.050
READ_SECONDS, CUT_OFF_SECONDS = 20, 60
MEMORY_MB = 150
KEY_SECONDS = 0.1
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def addresses(server: Server) -> Iterator[list[ServerAddress]]:
    """The practices, all on one server behind one slow line."""
    with ExitStack() as stack:
        databases = [stack.enter_context(server_database(server, NEW, "InnoDB")) for _ in range(OFFICES)]
        port = stack.enter_context(delayed_line(server, ROUND_TRIP_SECONDS / 2))
        yield [ServerAddress("127.0.0.1", port, database, server.user) for database in databases]


def test_many_offices_are_read_and_cut_off_in_time(
    addresses: list[ServerAddress], server: Server, tmp_path: Path, report: Callable[[str], None]
) -> None:
    template = tmp_path / "template.sqlite3"
    make_companion_template(template)
    server_fleet(tmp_path, addresses, template, server.password)
    request = {
        "directory": str(tmp_path),
        "port": addresses[0].port,
        "databases": [address.database for address in addresses],
        "user": server.user,
        "password": server.password,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.test_fleet"],
        input=json.dumps(request),
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures = json.loads(ended.stdout)
    report(f"{OFFICES} offices, 50 ms: " + "  ".join(f"{name} {value}" for name, value in figures.items()))
    assert figures["read s"] < READ_SECONDS
    assert figures["cut off s"] < CUT_OFF_SECONDS
    assert figures["memory MB"] < MEMORY_MB
    for step in "read", "sign in", "cut off":
        assert figures[f"{step} slowest turn ms"] < KEY_SECONDS * 1000


@dataclass(frozen=True)
class _Cost:
    """The cost of one step."""

    seconds: float
    slowest_turn: float
    """The longest that the event loop was kept waiting, in seconds: so long does a key wait."""
    cpu: float
    """The CPU seconds of this process."""


async def _cost_of(work: Callable[[], object]) -> _Cost:
    """Run blocking work in a thread, and measure it."""
    slowest, begin, cpu = 0.0, time.perf_counter(), time.process_time()
    running = asyncio.create_task(asyncio.to_thread(work))
    while not running.done():
        turn = time.perf_counter()
        await asyncio.sleep(0.005)
        slowest = max(slowest, time.perf_counter() - turn - 0.005)
    running.result()
    return _Cost(time.perf_counter() - begin, slowest, time.process_time() - cpu)


def _measure(fleet: Fleet, sample: SampleFleet) -> dict[str, float]:
    from threading import Event

    # As the program does after its imports: the collector doesn't look at modules and classes again.
    gc.collect()
    gc.freeze()
    read = asyncio.run(_cost_of(lambda: fleet.read(ignore, Event())))
    assert {state.reach for state in fleet.states} == {Reach.ANSWERS}, [state.failure for state in fleet.states]
    credentials = Credentials("Admin", Secret("correct horse"))
    sign_in = asyncio.run(_cost_of(lambda: fleet.sign_in(credentials, ignore, Event())))
    change = sample.change(fleet, cut_off_plan(fleet))
    cut_off = asyncio.run(_cost_of(lambda: change.run(ignore, Event())))
    assert all(result.is_settled and result.recorded for result in change.results), change.results
    figures: dict[str, float] = {}
    for name, cost in ("read", read), ("sign in", sign_in), ("cut off", cut_off):
        figures |= {
            f"{name} s": round(cost.seconds, 1),
            f"{name} CPU ms per office": round(1000 * cost.cpu / len(fleet.states), 1),
            f"{name} slowest turn ms": round(cost.slowest_turn * 1000),
        }
    return {**figures, "memory MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


if __name__ == "__main__":
    wanted = json.loads(sys.stdin.read())
    found = [ServerAddress("127.0.0.1", wanted["port"], each, wanted["user"]) for each in wanted["databases"]]
    directory = Path(wanted["directory"])
    several = server_fleet(directory, found, directory / "template.sqlite3", wanted["password"])
    print(json.dumps(_measure(several.open(), several)))
