"""Practices for the tests of core: one in SQLite, four on a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from tests.support.databases import (
    SampleFile,
    SamplePractice,
    SampleServer,
    Server,
    make_companion_template,
    make_file_template,
    make_server_practice,
    pymysql,
    server_of_environment,
)
from tests.support.kill_driver import KillDriver
from tests.support.opendental_columns import NEW, OLD

# It writes while tests are collected, by default into the directory where they are started.
set_hypothesis_home_dir(Path(__file__).parents[2] / ".pytest_cache" / "hypothesis")

FILE = "SQLite"
SERVERS = {
    "21.1 MyISAM": (OLD, "MyISAM"),
    "21.1 InnoDB": (OLD, "InnoDB"),
    "24.3 MyISAM": (NEW, "MyISAM"),
    "24.3 InnoDB": (NEW, "InnoDB"),
}


@pytest.fixture(scope="session", autouse=True)
def _no_certificates_of_this_machine() -> Iterator[None]:
    """Reading them takes most of the time of a connection, and the server for tests needs none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        patch.setenv("SSL_CERT_DIR", os.devnull)
        yield


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


@pytest.fixture(scope="session")
def file_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite practice to copy."""
    path = tmp_path_factory.mktemp("templates") / "practice.sqlite3"
    make_file_template(path)
    return path


@pytest.fixture(scope="session")
def companion_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A companion to copy."""
    path = tmp_path_factory.mktemp("templates") / "companion.sqlite3"
    make_companion_template(path)
    return path


@pytest.fixture
def file_sample(file_template: Path, tmp_path: Path) -> SampleFile:
    """An SQLite practice of this test's own."""
    return SampleFile(file_template, tmp_path / "practice.sqlite3")


@pytest.fixture(scope="session")
def server_samples(request: pytest.FixtureRequest) -> Iterator[Callable[[str], SampleServer]]:
    """The practices on the server by name, each created when first asked for and dropped at the end."""
    with ExitStack() as stack:
        made: dict[str, SampleServer] = {}

        def sample(name: str) -> SampleServer:
            if name not in made:
                server: Server = request.getfixturevalue("server")
                companion: Path = request.getfixturevalue("companion_template")
                database = f"apisetup_test_{uuid4().hex[:12]}"
                stack.callback(server.execute, f"DROP DATABASE IF EXISTS `{database}`")
                make_server_practice(server, database, *SERVERS[name])
                made[name] = SampleServer(server, database, *SERVERS[name], companion)
            return made[name]

        yield sample


@pytest.fixture
def server_sample(
    request: pytest.FixtureRequest, server_samples: Callable[[str], SampleServer], tmp_path: Path
) -> Iterator[SampleServer]:
    """A practice on the server, by default 24.3 on InnoDB; its rows come back at the end."""
    sample = server_samples(getattr(request, "param", "24.3 InnoDB"))
    sample.use(tmp_path)
    yield sample
    sample.restore()


@pytest.fixture(params=[FILE, *SERVERS])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SamplePractice]:
    """Each practice in turn: SQLite, and the four on the server."""
    if request.param == FILE:
        yield request.getfixturevalue("file_sample")
        return
    found: SampleServer = request.getfixturevalue("server_samples")(request.param)
    found.use(tmp_path)
    yield found
    found.restore()


@pytest.fixture(scope="session")
def driver() -> Iterator[KillDriver]:
    """A process whose children are killed in the middle of a change."""
    with KillDriver() as running:
        yield running
