"""Fixtures and collection rules for all tests."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.memory_files import use_memory
from tests.support.server import Server, pymysql, server_from_environment
from tests.support.shared_statements import shared_statements

# Even where Python is told to write no bytecode, as in containers: every process of a run would compile all modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
use_memory()

# Every one of these needs a database server or kills a process.
_SLOW_FIXTURES = {"server", "server_sample", "server_samples", "practice", "kill_driver"}
# Parameters with which a fixture takes one of the samples; only the SQLite one needs no server.
_SAMPLE_FIXTURES = ("sample", "engine_sample")
_FILE = "SQLite"
_TERMINAL_TESTS = Path(__file__).parent / "terminal"
# A module that imports from here runs the whole program on an emulated terminal.
_USER_DRIVER = "tests.support.user_driver"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as `quick` each test of a default run that needs no server, no terminal and not the whole program."""
    # Telling takes as long as a hundred tests.
    for item in items if "quick" in config.option.markexpr else ():
        if is_quick(item):
            item.add_marker(pytest.mark.quick)


def pytest_collection_finish() -> None:
    """Exempt the modules from garbage collection, and collect less often: tests create many short-lived objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def is_quick(item: pytest.Item) -> bool:
    """Return True if a test needs no server, no terminal, not the whole program and no process that is killed."""
    if not isinstance(item, pytest.Function) or item.path.is_relative_to(_TERMINAL_TESTS):
        return False
    if any(any(item.iter_markers(name)) for name in ("faults", "thorough", "own_server")):
        return False
    if any(getattr(member, "__module__", "") == _USER_DRIVER for member in vars(item.module).values()):
        return False
    # A module may have a fixture of the same name that is something else, such as an HTTP server in the same process.
    needed = {name for name in _SLOW_FIXTURES & set(item.fixturenames) if not hasattr(item.module, name)}
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return not needed and all(parameters.get(name, _FILE) == _FILE for name in _SAMPLE_FIXTURES)


@pytest.fixture(scope="session", autouse=True)
def _shared_statements() -> Iterator[None]:
    """Compile each statement once for all offices that tests open: a tenth of the processor time of a test."""
    with shared_statements():
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide this machine's configuration and environment from each test: an empty home, and the same terminal type."""
    for name in list(os.environ):
        ours = name.startswith("APISETUP_") and not name.startswith("APISETUP_TEST_")
        if ours or name.startswith(("XDG_", "SSH_")) or name in ("NO_COLOR", "COLORTERM"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "home"))
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server to create databases on, cleaned of what killed runs left behind.

    Without a server the test is skipped; in CI it fails.
    """
    server = server_from_environment()
    try:
        with server.connection():
            pass
    except pymysql.err.OperationalError as error:
        reason = f"no MySQL or MariaDB for tests at {server.user}@{server.host}:{server.port} (error {error.args[0]})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    if _is_first(tmp_path_factory):
        server.drop_stale()
    return server


def _is_first(tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Return True for the first process of this test run that asks; pytest-xdist starts several."""
    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    try:
        (run / "server-is-clean").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
