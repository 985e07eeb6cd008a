"""Fixtures for the tests of the screens; each test works in its own directory with its own copy of a practice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from core.base.secret import Secret
from core.offices.open_request import OpenRequest
from tests.support.databases import copy_private, make_file_template
from tests.support.fleets import NAMES, SampleFleet, change_file, file_fleet
from tests.support.gates import Gate, Gates
from tests.support.open_requests import FILE, file_request
from tests.support.shared_styles import shared_styles

TAGS = {"North": 'tags = ["coast"]\n', "West": 'tags = ["coast", "pilot"]\n'}
"""The tags of offices in the configuration file."""


@pytest.fixture(scope="session", autouse=True)
def _shared_styles() -> Iterator[None]:
    """Parse each stylesheet once for all tests, and search once for the rules of each kind of widget."""
    with shared_styles():
        yield


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use relative file names, so that title lines are the same everywhere; do not wait for locks or details."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tui.widgets.details_panel.DETAILS_DELAY", 0)
    # Pictures don't depend on how long a test takes.
    monkeypatch.setattr("tui.flows.diagnosis.FIRST_LOOK", 3600)
    # On a busy machine, any wait may be long enough to be displayed.
    monkeypatch.setattr("tui.platform.waiting.SHOW_AFTER", 3600.0)
    monkeypatch.setattr("core.database.engines._SQLITE_BUSY_SECONDS", 0.05)


@pytest.fixture(scope="session")
def demo_practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the demo practice, created once by the program itself, with the use of its keys read."""
    file = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    with closing(file_request(file, demo=True).open(Secret(""))) as office:
        # Otherwise each start would read the whole Audit Trail, which takes longer than the rest of it.
        office.use.read_to_end({key.developer for key in office.keys.list().keys})
    return file


@pytest.fixture
def embedded() -> OpenRequest:
    """Return the embedded practice before its first start."""
    return file_request(FILE)


@pytest.fixture
def demo(demo_practice: Path) -> OpenRequest:
    """Return a copy of the demo practice."""
    copy_private(demo_practice, FILE)
    return file_request(FILE)


@pytest.fixture(scope="session")
def sample_practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite practice to copy, whose only user is the account of the tests."""
    path = tmp_path_factory.mktemp("fleet") / "practice.sqlite3"
    make_file_template(path)
    return path


@pytest.fixture
def fleet(sample_practice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleFleet:
    """Three offices in the configuration file."""
    sample = file_fleet(tmp_path, sample_practice, *NAMES)
    for name in NAMES:
        change_file(sample, name, "UPDATE userod SET UserName = 'admin' WHERE UserName = 'office'")
    text = "".join(f'[offices.{each}]\nfile = "{each}.sqlite3"\n{TAGS.get(each, "")}' for each in NAMES)
    sample.paths.configuration.write_text(text)
    sample.paths.configuration.chmod(0o600)
    return sample


@pytest.fixture
def refused_writes() -> Iterator[None]:
    """Make every connection of the program read-only, as with a file that belongs to another account."""

    def make_read_only(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    event.listen(Engine, "connect", make_read_only)
    yield
    event.remove(Engine, "connect", make_read_only)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gates]:
    """Return a factory of gates; all of them are opened at the end of the test."""
    gates: list[Gate] = []

    def make_gate(service: type[object], method: str, hold: int = 1) -> Gate:
        gates.append(Gate(monkeypatch, service, method, hold))
        return gates[-1]

    yield make_gate
    for each in gates:
        each.open()
