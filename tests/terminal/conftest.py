"""What the tests of the program in a terminal share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import Server, pymysql, server_of_environment
from tests.support.installed_program import Home
from tests.support.opendental_columns import NEW
from tests.support.server_practice import ServerPractice, new_practice


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home directory of this test's own."""
    return Home(tmp_path)


@pytest.fixture(scope="session")
def server() -> Server:
    """A server to create databases on; without one the test is skipped, in CI it fails."""
    found = server_of_environment()
    try:
        with found.connection():
            return found
    except pymysql.err.OperationalError as error:
        reason = f"no MySQL or MariaDB for tests at {found.user}@{found.host}:{found.port} (error {error.args[0]})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def practice(request: pytest.FixtureRequest, server: Server) -> Iterator[ServerPractice]:
    """A practice on the server of this test's own, by default 24.3 on InnoDB."""
    version, engine = getattr(request, "param", (NEW, "InnoDB"))
    with new_practice(server, version, engine) as made:
        yield made
