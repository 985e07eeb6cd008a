"""The times at which offices were last opened. Errors must not stop anything."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import pytest

from core.offices.last_opened import LastOpened

MORNING, EVENING = datetime(2024, 11, 5, 9, 3, 7), datetime(2024, 11, 5, 19, 0)


def test_saved_times_are_read_back(tmp_path: Path) -> None:
    last_opened = LastOpened(tmp_path / "new" / "last-opened.json")
    last_opened.save("Höhe", MORNING)
    last_opened.save("North", MORNING)
    last_opened.save("Höhe", EVENING)
    assert last_opened.read() == {"Höhe": EVENING, "North": MORNING}
    assert (tmp_path / "new" / "last-opened.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff", b'{"A": 1}', b'{"A": "yesterday"}'])
def test_missing_or_damaged_file_counts_as_empty(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "last-opened.json"
    if content is not None:
        file.write_bytes(content)
    last_opened = LastOpened(file)
    assert last_opened.read() == {}
    last_opened.save("A", MORNING)
    assert last_opened.read() == {"A": MORNING}


def test_unwritable_file_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        LastOpened(tmp_path / "file" / "last-opened.json").save("A", MORNING)
    assert "could not be noted" in caplog.text
