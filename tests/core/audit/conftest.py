"""Fixtures for the tests of the Audit Trail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.audit import export as audit_export
from tests.support.time_zones import NEW_YORK, local_zone


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set this computer's time zone, by default to New York's."""
    with local_zone(getattr(request, "param", NEW_YORK)):
        yield


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Create a directory for nothing but an export."""
    directory = tmp_path / "exports"
    directory.mkdir()
    return directory


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Export three entries in each batch."""
    monkeypatch.setattr(audit_export, "PAGE_SIZE", 3)
    monkeypatch.setattr(audit_export, "BATCH_SECONDS", 0)
