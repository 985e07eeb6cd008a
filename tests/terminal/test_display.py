"""Output to the terminal: its size and its colors."""

from __future__ import annotations

import re

import pytest

from tests.support.installed_program import KEY_OPEN, READY, Home
from tests.support.pseudo_terminal import Terminal


def visit_the_main_screens(terminal: Terminal) -> None:
    """Visit every screen of the main job once."""
    # Each step waits for text in the key bar, because it is painted last.
    for key, shown in (
        ("down", "^▌ Canopy"),
        ("e", KEY_OPEN),
        ("escape", READY),
        ("d", r" \^y Disable "),
        ("escape", "Nothing was changed"),
        ("t", "─ Entries  100 loaded"),
        ("enter", "^ *Esc Back  PgDn Page down"),
        ("escape", "^ *Enter Open  / Filter"),
        ("escape", READY),
        ("a", "^ *.s Continue "),
        ("escape", "No key was added"),
        ("?", "Keys that work here"),
        ("escape", "4 Audit trail"),
        ("/", "^ *Esc Back  F3 Add"),
        ("escape", READY),
    ):
        terminal.press(key)
        terminal.wait_for(shown)


def test_no_color_removes_all_colors(home: Home) -> None:
    with home.start_ready("--demo", NO_COLOR="1", COLORTERM="truecolor") as terminal:
        visit_the_main_screens(terminal)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.color_codes() == []


@pytest.mark.parametrize(("term", "colorterm"), [("xterm", ""), ("xterm-256color", "truecolor")])
def test_only_the_colors_of_the_terminal_are_used(home: Home, term: str, colorterm: str) -> None:
    with home.start_ready("--demo", TERM=term, COLORTERM=colorterm) as terminal:
        visit_the_main_screens(terminal)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert [codes for codes in terminal.color_codes() if re.search(r"(?:^|;)[34]8;", codes)] == []


@pytest.mark.parametrize(
    "report",
    [
        "\x1b[?2048;2$y\x1b[48;24;80;0;0t\x1b[<0;3;3M",
        "\x1b[48;10000;10000;0;0t",
        "\x1b[48;5;5;0;0t",
        "\x1b[<0;3;11M\x1b[<0;3;11m\x1b[M +*",
    ],
)
def test_reports_that_nobody_asked_for_change_nothing(home: Home, report: str) -> None:
    with home.start_ready("--demo") as terminal:
        # What is read in the background has to be there before the screens are compared.
        terminal.wait_for("eConnector: no sign of life")
        terminal.press("j")
        terminal.wait_for("^▌ Canopy ")
        terminal.press("k")
        terminal.wait_for("30 days +34 changes")
        before = terminal.text
        terminal.type(report)
        terminal.press("j")
        terminal.wait_for("^▌ Canopy ")
        terminal.press("k")
        terminal.wait_until(lambda: terminal.text == before, "the screen is as it was")
        terminal.resize(100, 30)
        terminal.wait_until(lambda: READY[1:] in terminal.screen.display[29], "the key bar is the last line")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0


def test_the_size_of_the_terminal_counts_and_not_the_environment(home: Home) -> None:
    with home.start_ready("--demo", COLUMNS="5000", LINES="5000") as terminal:
        terminal.wait_until(lambda: READY[1:] in terminal.screen.display[23], "the key bar is the last line")


def test_the_terminal_can_be_resized(home: Home) -> None:
    with home.start_ready("--demo") as terminal:
        terminal.resize(50, 15)
        terminal.wait_for("^This terminal is 50x15; apisetup needs at least$")
        terminal.resize(80, 24)
        terminal.wait_for("^▌ Appointment")
        terminal.wait_for(READY)
        terminal.press("down")
        terminal.wait_for("^▌ Canopy ")
        terminal.resize(120, 40)
        terminal.wait_for(r"^ *Patient Portal\S* +…9511 ")
        terminal.wait_until(lambda: READY[1:] in terminal.screen.display[39], "the key bar is the last line")
        terminal.resize(60, 20)
        terminal.wait_until(lambda: READY[1:] in terminal.screen.display[19], "the key bar is the last line")
        terminal.wait_for("^▌ Canopy ")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []
