"""Fleets to test on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fleets import SampleFleet, file_fleet


@pytest.fixture
def files(file_template: Path, tmp_path: Path) -> SampleFleet:
    """Three offices in SQLite files: North, South and West."""
    return file_fleet(tmp_path, file_template, "North", "South", "West")
