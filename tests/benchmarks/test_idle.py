"""A program that nobody uses sends no bytes. These tests wait for a time, so they are not part of the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.installed_program import Home
from tests.support.opendental_columns import NEW
from tests.support.pseudo_terminal import Terminal
from tests.support.server import Server
from tests.support.server_practice import SIGN_IN, new_practice

QUIET = 3.0
"""The seconds for which an idle program must send nothing; longer than any cursor's blink interval."""


def assert_quiet(terminal: Terminal) -> None:
    terminal.settle()
    assert not terminal.read(QUIET)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home directory of this test's own."""
    return Home(tmp_path)


def test_an_idle_api_setup_sends_nothing(home: Home) -> None:
    with home.start_ready("--demo") as terminal:
        # It looks for what is wrong a moment after the start, and then once a minute.
        terminal.wait_for("eConnector: no sign of life")
        assert_quiet(terminal)
        terminal.press("/")
        terminal.wait_for("status:on may:pay")
        assert_quiet(terminal)


def test_an_idle_sign_in_sends_nothing(home: Home, server: Server) -> None:
    with new_practice(server, NEW, "InnoDB") as practice, practice.start(home) as terminal:
        terminal.wait_for(SIGN_IN)
        assert_quiet(terminal)


def test_an_idle_foundation_sends_nothing() -> None:
    with Terminal.python("-m", "tests.support.foundation_app") as terminal:
        terminal.wait_for("Row 10")
        assert_quiet(terminal)
        terminal.press("a")
        terminal.wait_for("Question")
        assert_quiet(terminal)
