"""The catalog of the configured offices."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.offices.catalog import OfficeCatalog
from tests.support.open_requests import NOW, catalog_of, file_request
from tests.support.opened_files import count_opens

ONE_OFFICE = '[offices.A]\nfile = "a.sqlite3"\n'
TWO_OFFICES = ONE_OFFICE + '[offices.B]\nfile = "b.sqlite3"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(ONE_OFFICE)
    path.chmod(0o600)
    return path


def names(catalog: OfficeCatalog) -> list[str]:
    return [entry.name for entry in catalog.entries()]


def last_opened(catalog: OfficeCatalog) -> dict[str, datetime | None]:
    return {entry.name: entry.last_opened for entry in catalog.entries()}


def test_only_reload_reads_the_configuration_file(file: Path) -> None:
    catalog = catalog_of(file)
    with count_opens(file) as opens:
        file.write_text(TWO_OFFICES)
        assert opens == ["w"]
        assert names(catalog) == ["A"]
        catalog.open_request("A")
        assert opens == ["w"]
        assert [entry.name for entry in catalog.reload()] == ["A", "B"]
        assert names(catalog) == ["A", "B"]
        # It is opened once: by `open`, through `os.open`.
        assert opens == ["w", "r", "None"]


def test_failed_reload_keeps_the_offices(file: Path) -> None:
    catalog = catalog_of(file)
    file.write_text("hosst = 1\n")
    with pytest.raises(ConfigurationError, match="unknown name hosst"):
        catalog.reload()
    assert names(catalog) == ["A"]


def test_general_settings_are_part_of_the_request(file: Path) -> None:
    file.write_text("lock_after_minutes = 15\n" + ONE_OFFICE)
    assert catalog_of(file).open_request("a").office.lock_after_minutes == 15


def test_time_of_opening_is_saved_by_name(file: Path) -> None:
    file.write_text(TWO_OFFICES)
    catalog = catalog_of(file)
    catalog.save_last_opened(catalog.open_request("B"))
    catalog.save_last_opened(file_request(file.with_name("not configured.sqlite3")))
    assert last_opened(catalog) == {"A": None, "B": NOW}
