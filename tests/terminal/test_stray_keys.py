"""Text on a terminal that doesn't mark pastes, such as GNU screen or a serial line, in the installed program."""

from __future__ import annotations

import re

import pytest

from tests.support.installed_program import READY, Home
from tests.support.pseudo_terminal import Terminal

DIALOG = "Esc Cancel|Enter Close"
TEXT = "do it by today\nunfortunately you quit it\ny\n"


def statuses(terminal: Terminal) -> list[str]:
    """Return the end and the status of each key in the list."""
    return re.findall(r"…\w{4} +\S \w+", terminal.text)


@pytest.mark.parametrize("at_once", [True, False])
def test_pasted_text_changes_nothing(home: Home, at_once: bool) -> None:
    with home.start_ready("--demo") as terminal:
        before = statuses(terminal)
        assert len(before) == 12
        for piece in [TEXT] if at_once else TEXT:
            terminal.type(piece)
            terminal.settle(quiet=0.1)
        while not terminal.find(READY) or terminal.find(DIALOG):
            terminal.press("escape")
            terminal.settle(quiet=0.7)
            if terminal.find("─ Leave"):
                terminal.press("ctrl+y")
                terminal.settle()
        assert statuses(terminal) == before
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
