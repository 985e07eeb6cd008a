"""Fixtures for the tests of the installed program in a terminal."""

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
    """Return a home directory for this test alone."""
    return Home(tmp_path)


@pytest.fixture(scope="session")
def server() -> Server:
    """Return a server to create databases on. Without one the test is skipped; in CI it fails."""
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
    """Create a practice on the server for this test alone; by default version 24.3 on InnoDB."""
    version, engine = getattr(request, "param", (NEW, "InnoDB"))
    with new_practice(server, version, engine) as created:
        yield created
