"""When each office was last opened; nothing depends on it."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import pytest

from core.offices.last_opened import LastOpened

MORNING, EVENING = datetime(2024, 11, 5, 9, 3, 7), datetime(2024, 11, 5, 19, 0)


def test_what_was_noted_is_read_again(tmp_path: Path) -> None:
    opened = LastOpened(tmp_path / "made" / "last-opened.json")
    opened.note("Höhe", MORNING)
    opened.note("North", MORNING)
    opened.note("Höhe", EVENING)
    assert opened.read() == {"Höhe": EVENING, "North": MORNING}
    assert (tmp_path / "made" / "last-opened.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff", b'{"A": 1}', b'{"A": "yesterday"}'])
def test_a_file_that_is_missing_or_damaged_says_nothing(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "last-opened.json"
    if content is not None:
        file.write_bytes(content)
    opened = LastOpened(file)
    assert opened.read() == {}
    opened.note("A", MORNING)
    assert opened.read() == {"A": MORNING}


def test_a_place_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        LastOpened(tmp_path / "file" / "last-opened.json").note("A", MORNING)
    assert "could not be noted" in caplog.text
