"""A pseudo-terminal with an emulated screen, to run the program in.

It answers none of the queries that a program may send to its terminal; the program must work without the answers.
Everything waits for a condition with a deadline, never for a time.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyte

DEADLINE = 20.0
"""Seconds after which a condition that is still false fails the test; generous, because tests run in parallel."""

ROOT = Path(__file__).parents[2]

KEYS = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f8": "\x1b[19~",
    "f9": "\x1b[20~",
}
# Kitty's keyboard protocol and queries, which pyte would draw as text; and the start of an incomplete sequence.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=?][0-9;]*u|\x1b\[\?[0-9;]*\$p")
_INCOMPLETE = re.compile(rb"\x1b(?:\[[<>=?]?[0-9;]*\$?)?$")


class Process(Protocol):
    """A process that was started in a terminal; `subprocess.Popen` is one."""

    pid: int
    returncode: Any

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def kill(self) -> None: ...

    def send_signal(self, number: int, /) -> None: ...


Spawn = Callable[[Sequence[str], Mapping[str, str], int, bool], Process]
"""Starts a command, with its environment, its terminal, and whether that is its controlling terminal."""


def spawn_process(command: Sequence[str], env: Mapping[str, str], terminal: int, controls_terminal: bool) -> Process:
    """Start a command as a new process."""
    return subprocess.Popen(
        command,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=env,
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=_control_terminal if controls_terminal else None,
    )


class EndOfOutput(Exception):
    """The program has exited or closed the terminal."""


class Terminal:
    """A program that runs in a terminal.

    Args:
        command: The program and its arguments.
        columns: The width of the terminal.
        lines: The height of the terminal.
        env: Environment variables, in addition to the few that every program gets.
        signals: The terminal is the program's controlling terminal, so it gets the terminal's signals, such as SIGHUP.
        spawn: Starts the command, by default as a new process.
    """

    def __init__(
        self,
        *command: str,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        signals: bool = True,
        spawn: Spawn | None = None,
    ) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.screen = pyte.Screen(columns, lines)
        self.output = bytearray()
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""
        self._lines_received: list[str] | None = None
        self._master, self._slave = pty.openpty()
        self._set_size(columns, lines)
        self._modes_before = termios.tcgetattr(self._slave)
        environment = {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})}
        self._process = (spawn or spawn_process)(command, environment, self._slave, signals)

    @classmethod
    def python(
        cls,
        *arguments: str,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        signals: bool = True,
    ) -> Self:
        """Run this Python with these arguments."""
        return cls(sys.executable, *arguments, columns=columns, lines=lines, env=env, signals=signals)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.hang_up()

    # -- what the program sent -------------------------------------------------

    @property
    def bytes_sent(self) -> int:
        """The number of bytes read from the program so far."""
        return len(self.output)

    @property
    def text(self) -> str:
        """The text on the screen, line by line, without trailing spaces."""
        return "\n".join(line.rstrip() for line in self._lines)

    @property
    def _lines(self) -> list[str]:
        """The lines on the screen, put together once for all that was received so far."""
        if self._lines_received is None:
            columns = range(self.screen.columns)
            rows = [self.screen.buffer[y] for y in range(self.screen.lines)]
            # The second cell of a wide character is empty.
            self._lines_received = ["".join([row[x].data for x in columns]) for row in rows]
        return self._lines_received

    @property
    def pid(self) -> int:
        """The program's process ID."""
        return self._process.pid

    def read(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for output and read it; return False if there was none."""
        if self._master < 0 or not select.select([self._master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            data = b""
        if not data:
            raise EndOfOutput
        self.output += data
        self._feed(data)
        return True

    def _feed(self, data: bytes) -> None:
        self._lines_received = None
        data = self._held + data
        incomplete = _INCOMPLETE.search(data)
        self._held = incomplete.group() if incomplete else b""
        data = data[: len(data) - len(self._held)]
        # pyte has no alternate screen, so the main screen counts as empty.
        data = data.replace(b"\x1b[?1049l", b"\x1b[H\x1b[2J")
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))

    def wait_until(self, condition: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
        """Read until a condition is true."""
        end = time.monotonic() + deadline
        while not condition():
            if time.monotonic() > end or (self._process.poll() is not None and not self.read(0.1)):
                raise AssertionError(f"still false at the deadline: {what}\n{self.text}")
            self.read(0.1)

    def wait_for(self, pattern: str, deadline: float = DEADLINE) -> re.Match[str]:
        """Read until a regular expression matches the screen."""
        self.wait_until(lambda: self.find(pattern) is not None, pattern, deadline)
        found = self.find(pattern)
        assert found is not None
        return found

    def wait_for_no(self, pattern: str, deadline: float = DEADLINE) -> None:
        """Read until a regular expression no longer matches the screen."""
        self.wait_until(lambda: self.find(pattern) is None, f"no {pattern}", deadline)

    def find(self, pattern: str) -> re.Match[str] | None:
        """Search the current screen for a regular expression; `^` and `$` match at lines, and inside of frames."""
        text = self.text
        inside = "\n".join(line.strip(" │") for line in text.splitlines())
        return re.search(pattern, text, re.MULTILINE) or re.search(pattern, inside, re.MULTILINE)

    def inside(self, title: str) -> str:
        """Wait for the whole frame of this title, and return the text in it without line breaks."""
        self.wait_until(lambda: self._frame(title) is not None, f"the frame of {title}")
        return " ".join(" ".join(self._frame(title) or []).split())

    def _frame(self, title: str) -> list[str] | None:
        lines, corner = self._lines, f"╭─ {title}"
        top = next((y for y, line in enumerate(lines) if corner in line), None)
        if top is None:
            return None
        left = lines[top].index(corner)
        right = lines[top].find("╮", left)
        bottom = next((y for y in range(top, len(lines)) if lines[y][left] == "╰"), None)
        return None if bottom is None or right < 0 else [line[left + 1 : right] for line in lines[top + 1 : bottom]]

    def settle(self, quiet: float = 0.3, deadline: float = DEADLINE) -> None:
        """Read until the program has sent nothing for `quiet` seconds."""
        end = time.monotonic() + deadline
        while self.read(quiet):
            assert time.monotonic() < end, f"the program never stopped sending\n{self.text}"

    # -- what the user does ------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys, named as in Textual."""
        self.type("".join(encode_key(key) for key in keys))

    def type(self, text: str) -> None:
        """Type a text."""
        self.send(text.encode())

    def send(self, data: bytes) -> None:
        """Send bytes, which may be no text."""
        os.write(self._master, data)

    def paste(self, text: str) -> None:
        """Paste a text in bracketed paste mode."""
        self.type(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, lines: int) -> None:
        """Resize the terminal."""
        self._lines_received = None
        self.screen.resize(lines, columns)
        self._set_size(columns, lines)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as a dropped connection does."""
        for name in ("_slave", "_master"):
            if getattr(self, name) >= 0:
                os.close(getattr(self, name))
                setattr(self, name, -1)

    # -- the end -------------------------------------------------------------------

    def exit_status(self, deadline: float = DEADLINE) -> int:
        """Wait until the program exits and return its status: negative if a signal killed it."""
        end = time.monotonic() + deadline
        while self._process.poll() is None:
            assert time.monotonic() < end, f"the program did not end\n{self.text}"
            self._read_or_wait()
        while self._master >= 0 and self.read(0):
            pass
        return int(self._process.returncode)

    def _read_or_wait(self) -> None:
        if self._master >= 0:
            self.read(0.05)
            return
        try:
            self._process.wait(0.05)
        except subprocess.TimeoutExpired:
            return

    @property
    def stopped(self) -> bool:
        """True if the program is suspended, as by Ctrl+Z."""
        state = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        return state.rpartition(")")[2].split()[0] == "T"

    @property
    def modes(self) -> list[Any]:
        """The attributes of the terminal, as `termios` returns them."""
        return termios.tcgetattr(self._slave)

    def reset_modes(self) -> None:
        """Set the attributes from before the program started, as a shell does when a program is stopped."""
        termios.tcsetattr(self._slave, termios.TCSANOW, self._modes_before)

    def unrestored_modes(self) -> list[str]:
        """List the terminal modes that the program, which has exited or is suspended, did not restore."""
        left: list[str] = []
        for mode, usual in _MODES.items():
            switched = re.findall(rb"\x1b\[\?%d([hl])" % mode, bytes(self.output))
            if switched and (switched[-1] == b"h") is not usual:
                left.append(f"mode {mode}")
        if self.output.count(b"\x1b[>") > self.output.count(b"\x1b[<u"):
            left.append("kitty's keyboard protocol")
        if self.modes != self._modes_before:
            left.append("termios")
        return left

    def color_codes(self) -> list[str]:
        """List the SGR sequences that set a color."""
        found: list[str] = []
        for match in re.finditer(rb"\x1b\[([0-9;]*)m", bytes(self.output)):
            codes = match[1].decode().split(";")
            if any(code.isdigit() and int(code) in _COLOR_CODES for code in codes):
                found.append(match[1].decode())
        return found


# The private modes that programs switch; True if a mode is on by default.
_MODES = {7: True, 25: True, 1000: False, 1003: False, 1004: False, 1006: False, 1049: False, 2004: False, 2048: False}
_COLOR_CODES = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}


def encode_key(key: str) -> str:
    """Encode a key as a terminal without newer keyboard protocols does."""
    if key in KEYS:
        return KEYS[key]
    if key.startswith("ctrl+"):
        return chr(ord(key[-1].upper()) & 0x1F)
    return key


def _control_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
