"""Shared companions on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.support.shared_companions import ENGINES, SharedCompanion, shared_companion


@pytest.fixture(params=ENGINES)
def shared(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[SharedCompanion]:
    """An empty database for a shared companion, on each engine in turn."""
    directory = tmp_path / "first admin"
    directory.mkdir()
    with shared_companion(request.param, server, directory) as companion:
        yield companion
