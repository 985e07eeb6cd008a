"""The log of `--debug`: safe to print on a terminal, whatever a server says, and without values."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError, PracticeUnavailable
from tui.platform.debug_log import start_log


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The log file, while logging is on."""
    path = tmp_path / "debug.log"
    start_log(path)
    yield path
    for name in ("core", "tui"):
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            if isinstance(handler, logging.FileHandler):
                logger.removeHandler(handler)
                handler.close()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


def test_an_error_that_caused_itself_is_logged_once(log: Path) -> None:
    error = PracticeUnavailable("It failed.")
    error.__cause__ = error
    logging.getLogger("core.test").warning("%s", error, exc_info=error)
    assert log.read_text().count("PracticeUnavailable It failed.") == 1


def test_control_characters_are_made_visible(log: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x07"
    error = PracticeUnavailable(f"The server says: {hostile}.")
    logging.getLogger("core.test").warning("%s", error, exc_info=error)
    text = log.read_text()
    assert text.count("␛]0;owned␇") == 2
    assert all(line.isprintable() for line in text.splitlines())


def test_a_message_can_not_forge_a_line(log: Path) -> None:
    logging.getLogger("core.test").warning("%s", "one\n2026-01-01 00:00:00 INFO core forged")
    assert len(log.read_text().splitlines()) == 1


def test_a_line_that_cannot_be_written_is_dropped(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    [handler] = [each for each in logging.getLogger("core").handlers if isinstance(each, logging.FileHandler)]
    with monkeypatch.context() as patch:
        patch.setattr(handler.stream, "write", refuse)
        logging.getLogger("core.test").warning("lost")
    logging.getLogger("core.test").warning("kept")
    assert capsys.readouterr().err == ""
    assert "kept" in log.read_text()


@pytest.mark.parametrize("kind", ["pipe", "device", "directory"])
def test_a_log_that_is_no_regular_file_is_refused_without_blocking(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "debug.log"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/null")
    else:
        path.mkdir()
    with pytest.raises(ConfigurationError, match=f"The log {path} cannot be written: "):
        start_log(path)
