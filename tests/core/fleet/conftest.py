"""Fleets to test on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fleets import SampleFleet, file_fleet
from tests.support.server import Server
from tests.support.shared_companions import ENGINES, SharedCompanion, shared_companion


@pytest.fixture
def files(file_template: Path, tmp_path: Path) -> SampleFleet:
    """Three offices in SQLite files: North, South and West."""
    return file_fleet(tmp_path, file_template, "North", "South", "West")


@pytest.fixture(params=ENGINES)
def shared(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[SharedCompanion]:
    """An empty database for the companion of a team, on each engine in turn."""
    directory = tmp_path / "first admin"
    directory.mkdir()
    with shared_companion(request.param, server, directory) as companion:
        yield companion
