"""A line to the server on which answers take long: the screen says what it waits for and since when, and Esc leaves."""

from __future__ import annotations

from tests.support.counting_proxy import CountingProxy
from tests.support.installed_program import READY, Home
from tests.support.server_practice import ServerPractice

SLOW_SECONDS = 5.0
"""The delay of each direction of the line: the program still waits for an answer then, and longer than the test."""


def test_a_long_wait_says_what_for_and_since_when_and_escape_leaves_it(home: Home, practice: ServerPractice) -> None:
    with CountingProxy(practice.server) as proxy:
        terminal = practice.through_port(proxy.port).start_signed_in(home)
        with terminal:
            proxy.delay = SLOW_SECONDS
            terminal.press("t")
            terminal.wait_for(r"Reading the (users|Audit Trail)… \d+ s\. Esc stops waiting\.")
            terminal.wait_for(r"Reading the (users|Audit Trail)… ([2-9]|\d\d) s\. Esc stops waiting\.")
            terminal.press("escape")
            terminal.wait_for("Stopped")
            terminal.wait_for_no("Esc stops waiting")
            proxy.delay = 0.0
            terminal.press("escape")
            terminal.wait_for(READY)
            terminal.press("ctrl+q")
            assert terminal.exit_status() == 0
