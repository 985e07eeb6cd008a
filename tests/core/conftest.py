"""Sample practices for the tests of core: one in an SQLite file, four on a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from tests.support.databases import (
    SampleFile,
    SamplePractice,
    SampleServer,
    make_companion_template,
    make_file_template,
    server_database,
)
from tests.support.kill_driver import KillDriver
from tests.support.opendental_columns import NEW, OLD
from tests.support.server import Server
from tests.support.table_lists import listed_tables
from tests.support.thorough import thorough

# Hypothesis writes while tests are collected, by default into the current directory.
set_hypothesis_home_dir(Path(__file__).parents[2] / ".pytest_cache" / "hypothesis")

FILE = "SQLite"
SERVERS = {
    "21.1 MyISAM": (OLD, "MyISAM"),
    "21.1 InnoDB": (OLD, "InnoDB"),
    "24.3 MyISAM": (NEW, "MyISAM"),
    "24.3 InnoDB": (NEW, "InnoDB"),
}
MOST_TELLING = ("21.1 MyISAM", "24.3 InnoDB")
"""The samples on a server of the default run, which have both versions of the tables and both engines."""


@pytest.fixture(scope="session", autouse=True)
def _no_trusted_certificates() -> Iterator[None]:
    """Keep HTTP clients from loading this machine's certificates: it takes longer than the rest of a connection."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        patch.setenv("SSL_CERT_DIR", os.devnull)
        yield


@pytest.fixture(scope="session", autouse=True)
def _listed_tables() -> Iterator[None]:
    """Inspect the tables of the samples in one question."""
    with listed_tables():
        yield


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
def server_samples(server: Server, companion_template: Path) -> Iterator[Callable[[str], SampleServer]]:
    """A function that returns the server sample of a name; each is created on first use and dropped at the end."""
    with ExitStack() as stack:
        samples: dict[str, SampleServer] = {}

        def sample(name: str) -> SampleServer:
            if name not in samples:
                database = stack.enter_context(server_database(server, *SERVERS[name]))
                samples[name] = SampleServer(server, database, *SERVERS[name], companion_template)
                stack.callback(samples[name].close)
            return samples[name]

        yield sample


@pytest.fixture
def server_sample(
    request: pytest.FixtureRequest, server_samples: Callable[[str], SampleServer], tmp_path: Path
) -> Iterator[SampleServer]:
    """A practice on the server, by default 24.3 on InnoDB; its rows are restored at the end."""
    sample = server_samples(getattr(request, "param", "24.3 InnoDB"))
    sample.use_directory(tmp_path)
    yield sample
    sample.restore()


@pytest.fixture(params=[FILE, *(name if name in MOST_TELLING else thorough(name) for name in SERVERS)])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SamplePractice]:
    """Each sample practice in turn: the SQLite one, and the four on the server, of which two are `thorough`."""
    if request.param == FILE:
        yield request.getfixturevalue("file_sample")
        return
    sample: SampleServer = request.getfixturevalue("server_samples")(request.param)
    sample.use_directory(tmp_path)
    yield sample
    sample.restore()


@pytest.fixture(scope="session")
def kill_driver() -> Iterator[KillDriver]:
    """A process whose children are killed in the middle of a change."""
    with KillDriver() as driver:
        yield driver
