"""Fixtures for the tests that run the installed program in a pseudo-terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fork_server import ForkServer
from tests.support.installed_program import Home
from tests.support.opendental_columns import NEW
from tests.support.server import Server
from tests.support.server_practice import ServerPractice, new_practice


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """A process that has imported the program and forks a child for each start."""
    with ForkServer() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, fork_server: ForkServer) -> Home:
    """A home directory of this test's own, where the program starts without being imported again."""
    return Home(tmp_path, fork_server)


@pytest.fixture
def installed_home(tmp_path: Path) -> Home:
    """A home directory of this test's own, where the installed command is run as a user runs it."""
    return Home(tmp_path)


@pytest.fixture
def practice(request: pytest.FixtureRequest, server: Server) -> Iterator[ServerPractice]:
    """A practice on the server of this test's own, by default 24.3 on InnoDB."""
    version, engine = getattr(request, "param", (NEW, "InnoDB"))
    with new_practice(server, version, engine) as practice:
        yield practice
