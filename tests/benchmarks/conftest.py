"""The measuring is done once; the table of all figures is printed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.benchmarks import startup
from tests.benchmarks.big_practice import MANY, filled_database
from tests.benchmarks.measuring import Figures, measured, table
from tests.support.server import Server, server_from_environment

_LINES = pytest.StashKey[list[str]]()
_FIGURES = pytest.StashKey[dict[str, Figures]]()
_STARTS = pytest.StashKey[startup.Starts]()


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figures]:
    """The figures of the plain application, the embedded practice and the demo."""
    found = measured(tmp_path_factory.mktemp("benchmark"))
    pytestconfig.stash[_FIGURES] = found
    return found


@pytest.fixture(scope="session")
def starts(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> startup.Starts:
    """The starts of the plain application, the embedded practice and the demo."""
    found = startup.measure_starts(tmp_path_factory.mktemp("startup"))
    pytestconfig.stash[_STARTS] = found
    return found


@pytest.fixture(scope="session")
def server() -> Server:
    """The server for tests."""
    return server_from_environment()


@pytest.fixture(scope="session")
def many_on_server(server: Server) -> Iterator[str]:
    """The database of a practice with 3,000,000 audit entries; making it takes one or two minutes."""
    with filled_database(server, MANY) as database:
        yield database


@pytest.fixture
def report(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Have a line printed at the end."""
    sample = next((each.removeprefix("big_") for each in ("big_server", "big_file") if each in request.node.name), "")
    lines = pytestconfig.stash.setdefault(_LINES, [])
    return lambda line: lines.append(f"{sample:8}{line}   (load {os.getloadavg()[0]:.1f})")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    found = config.stash.get(_FIGURES, None)
    if found is not None:
        terminalreporter.section("80x24, ratios to a plain Textual application with the same widgets")
        for line in table(found):
            terminalreporter.write_line(line)
    starts = config.stash.get(_STARTS, None)
    if starts is not None:
        terminalreporter.section("from starting a process, 80x24, ratios to a plain Textual application")
        for line in startup.table(starts):
            terminalreporter.write_line(line)
    lines = config.stash.get(_LINES, [])
    if lines:
        terminalreporter.section("single figures, each with the load of the computer when it was measured")
        for line in lines:
            terminalreporter.write_line(line)
