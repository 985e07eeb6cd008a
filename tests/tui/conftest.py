"""The practices that the tests of the screens open; each test has copies in a directory of its own."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from core.base.secret import Secret
from core.offices.open_request import OpenRequest
from tests.support.gates import Gate, Gates
from tests.support.open_requests import FILE, file_request


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a relative file name be enough, so that the header is the same everywhere; and never wait for a lock."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.database.engines._SQLITE_BUSY_SECONDS", 0.05)


@pytest.fixture(scope="session")
def demo_practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo practice, made once as the program makes it."""
    file = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    file_request(file, demo=True).open(Secret("")).close()
    return file


@pytest.fixture
def embedded() -> OpenRequest:
    """The embedded practice before its first start."""
    return file_request(FILE)


@pytest.fixture
def demo(demo_practice: Path) -> OpenRequest:
    """The demo practice."""
    shutil.copy(demo_practice, FILE)
    return file_request(FILE)


@pytest.fixture
def refused_writes() -> Iterator[None]:
    """Every connection of the program refuses to write, as with a file that belongs to somebody else."""

    def only_read(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    event.listen(Engine, "connect", only_read)
    yield
    event.remove(Engine, "connect", only_read)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gates]:
    """Makes gates, and opens all of them at the end."""
    made: list[Gate] = []

    def make(service: type[object], method: str, hold: int = 1) -> Gate:
        made.append(Gate(monkeypatch, service, method, hold))
        return made[-1]

    yield make
    for each in made:
        each.open()
