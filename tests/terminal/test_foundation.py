"""Tests of the terminal platform in a real pseudo-terminal: exit, signals, and the bytes that are sent."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.fork_server import ForkServer
from tests.support.foundation_app import SECRET
from tests.support.pseudo_terminal import Terminal


class Start(Protocol):
    """Starts the foundation in a terminal."""

    def __call__(self, *arguments: str, signals: bool = True, **env: str) -> Terminal: ...


@pytest.fixture
def start(fork_server: ForkServer) -> Start:
    def start(*arguments: str, signals: bool = True, **env: str) -> Terminal:
        spawn = fork_server.spawn("tests.support.foundation_app", arguments)
        terminal = Terminal("foundation", *arguments, env=env, signals=signals, spawn=spawn)
        terminal.wait_for("Row 10")
        terminal.settle()
        return terminal

    return start


def bytes_for(terminal: Terminal, *keys: str) -> int:
    before = terminal.bytes_sent
    terminal.press(*keys)
    terminal.settle()
    return terminal.bytes_sent - before


def test_quitting_restores_the_terminal(start: Start) -> None:
    with start() as terminal:
        assert terminal.unrestored_modes()
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []


@pytest.mark.parametrize("key", ["x", "y"])
def test_a_crash_prints_one_sentence_without_values(start: Start, key: str) -> None:
    with start() as terminal:
        terminal.press(key)
        assert terminal.exit_status() == 1
        assert terminal.unrestored_modes() == []
        assert SECRET.encode() not in terminal.output
        assert b"Traceback" not in terminal.output
        assert "(ValueError). Start it again with --debug to write a log of it." in " ".join(terminal.text.split())
        assert terminal.text.count("apisetup") == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_restores_the_terminal(start: Start, number: signal.Signals, status: int) -> None:
    with start() as terminal:
        terminal.signal(number)
        assert terminal.exit_status() == status
        assert terminal.unrestored_modes() == []
        assert terminal.text.strip() == ""


def test_an_interrupt_does_not_quit(start: Start) -> None:
    with start() as terminal:
        terminal.signal(signal.SIGINT)
        terminal.wait_for("To quit, press")
        terminal.press("ctrl+c", "down")
        terminal.wait_for("^▌ Row 2")


@pytest.mark.parametrize("signals", [True, False])
def test_losing_the_terminal_ends_the_program(start: Start, signals: bool) -> None:
    with start(signals=signals) as terminal:
        terminal.press(*["down"] * 200)  # so that the program still has output to write
        terminal.hang_up()
        assert terminal.exit_status() == 129


def test_a_signal_waits_for_a_running_change(start: Start, tmp_path: Path) -> None:
    with start("x", "20", str(tmp_path)) as terminal:
        terminal.press("w")
        terminal.wait_for("writing")
        terminal.signal(signal.SIGTERM)
        terminal.wait_for("still being saved")
        assert not (tmp_path / "done").exists()
        (tmp_path / "go").touch()
        assert terminal.exit_status() == 143
        assert (tmp_path / "done").exists()


def test_a_suspended_program_continues(start: Start) -> None:
    with start() as terminal:
        terminal.signal(signal.SIGTSTP)
        terminal.wait_until(lambda: terminal.stopped, "stopped")
        assert terminal.unrestored_modes() == []
        terminal.signal(signal.SIGCONT)
        terminal.wait_for("^▌ Row 1 ")
        terminal.settle()
        terminal.press("down")
        terminal.wait_for("^▌ Row 2 ")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []


def clear(terminal: Terminal) -> str:
    """Clear the screen, as another program does, and return what it showed."""
    terminal.settle()
    before = terminal.text
    terminal.screen.reset()
    return before


def wait_for_whole(terminal: Terminal, before: str) -> None:
    terminal.wait_until(lambda: terminal.text == before, f"the whole screen:\n{before}")


def test_a_program_that_was_suspended_draws_its_whole_screen_each_time(start: Start) -> None:
    with start() as terminal:
        for key in ("down", "a", "x"):
            terminal.press(key)
            before = clear(terminal)
            terminal.signal(signal.SIGTSTP)
            terminal.wait_until(lambda: terminal.stopped, "stopped")
            terminal.signal(signal.SIGCONT)
            wait_for_whole(terminal, before)


def test_a_terminal_that_was_resized_and_has_its_size_again_is_drawn_as_a_whole(start: Start) -> None:
    with start() as terminal:
        for key in ("down", "a", "x"):
            terminal.press(key)
            before = clear(terminal)
            terminal.signal(signal.SIGWINCH)
            wait_for_whole(terminal, before)


@pytest.mark.parametrize("numbers", [[signal.SIGCONT], [signal.SIGCONT] * 3, [signal.SIGSTOP, signal.SIGCONT]])
def test_being_continued_without_having_been_suspended_changes_nothing(
    start: Start, numbers: list[signal.Signals]
) -> None:
    with start() as terminal:
        for number in numbers:
            terminal.signal(number)
        terminal.settle()
        terminal.press("down")
        terminal.wait_for("^▌ Row 2 ")
        assert terminal.output.count(b"\x1b[?1049h") == 1
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []


def test_a_program_that_was_stopped_sets_up_again_a_terminal_that_a_shell_used(start: Start) -> None:
    with start() as terminal:
        own = terminal.modes
        terminal.signal(signal.SIGSTOP)
        terminal.wait_until(lambda: terminal.stopped, "stopped")
        terminal.reset_modes()
        terminal.signal(signal.SIGCONT)
        terminal.wait_until(lambda: terminal.modes == own, "set up again")
        terminal.press("down")
        terminal.wait_for("^▌ Row 2 ")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []


@pytest.mark.parametrize(
    "numbers",
    [
        [signal.SIGTERM, signal.SIGCONT],
        [signal.SIGCONT, signal.SIGTERM],
        [signal.SIGTSTP, signal.SIGTERM, signal.SIGCONT],
        [signal.SIGTSTP, signal.SIGCONT, signal.SIGTSTP, signal.SIGTERM, signal.SIGCONT],
    ],
)
def test_being_continued_and_terminated_at_once_ends_cleanly(start: Start, numbers: list[signal.Signals]) -> None:
    with start() as terminal:
        for number in numbers:
            terminal.signal(number)
            if number is signal.SIGTSTP:
                terminal.wait_until(lambda: terminal.stopped, "stopped")
        assert terminal.exit_status() == 143
        assert terminal.unrestored_modes() == []


def test_an_arrow_key_that_arrives_in_pieces_is_one_key(start: Start) -> None:
    with start() as terminal:
        for piece in ("\x1b", "[", "B"):
            terminal.type(piece)
            terminal.settle()
        terminal.wait_for("^▌ Row 2 ")


def test_reports_of_the_terminal_are_not_typed(start: Start) -> None:
    with start() as terminal:
        terminal.press("a")
        terminal.wait_for("Question")
        terminal.type("\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?1;2c\x1bP>|XTerm(390)\x1b\\\x1b[24;80R!")
        terminal.wait_for("answer!")


def test_escape_acts_after_the_configured_delay(start: Start) -> None:
    with start(ESCDELAY="20") as terminal:
        terminal.press("a")
        terminal.wait_for("Question")
        terminal.press("escape")
        terminal.wait_for("answered None")


def test_bytes_that_are_no_text_do_not_end_the_program(start: Start) -> None:
    with start() as terminal:
        terminal.press("a")
        terminal.wait_for("Question")
        terminal.send(b"\xff\xc3!")
        terminal.wait_for("answer\N{REPLACEMENT CHARACTER}+!")


def test_ctrl_s_reaches_the_program(start: Start) -> None:
    with start() as terminal:
        terminal.press("ctrl+s")
        terminal.wait_for("✓ saved")


def test_no_color_disables_all_colors(start: Start) -> None:
    with start(NO_COLOR="1", COLORTERM="truecolor") as terminal:
        terminal.press("down")
        terminal.wait_for("^▌ Row 2")
        terminal.press("a")
        terminal.wait_for("Question")
        terminal.press("escape", "ctrl+p")
        terminal.settle()
        assert terminal.color_codes() == []
        assert re.search(rb"\x1b\[1;7[0-9;]*m +Row 2", terminal.output)


def test_moving_the_cursor_sends_few_bytes(start: Start) -> None:
    with start("panel") as terminal:
        assert bytes_for(terminal, "down") <= 350
        for _ in range(20):
            assert bytes_for(terminal, "down") <= 2_500


def test_a_terminal_that_is_too_small_shows_a_message(start: Start) -> None:
    with start() as terminal:
        terminal.resize(50, 15)
        terminal.wait_for("This terminal is 50x15")
        terminal.resize(80, 24)
        terminal.wait_for_no("This terminal")
        terminal.wait_for("^▌ Row 1 ")
        terminal.resize(59, 24)
        terminal.wait_for("This terminal is 59x24")
        terminal.press("a", "q", "ctrl+q")
        assert terminal.exit_status() == 0
