"""A terminal to test the program in: a pseudo-terminal with an emulated screen.

It answers none of the questions a program may ask its terminal; the program must not need the answers. Everything waits
for a condition with a deadline, never for a time.
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
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

DEADLINE = 20.0
"""Seconds after which a condition that has not come true has failed; generous, because tests run side by side."""

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
# Kitty's keyboard protocol and questions, which pyte would draw as text; and the beginning of a sequence that goes on.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=?][0-9;]*u|\x1b\[\?[0-9;]*\$p")
_UNFINISHED = re.compile(rb"\x1b(?:\[[<>=?]?[0-9;]*\$?)?$")


class EndOfOutput(Exception):
    """The program has ended, or at least closed the terminal."""


class Terminal:
    """One program in one terminal.

    Args:
        command: The program and its arguments.
        columns: The width of the terminal.
        lines: The height of the terminal.
        env: Variables besides the few that every program gets.
        signals: Whether the program belongs to the terminal and gets its signals, such as the one for a hang-up.
    """

    def __init__(
        self,
        *command: str,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        signals: bool = True,
    ) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.screen = pyte.Screen(columns, lines)
        self.output = bytearray()
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""
        self._master, self._slave = pty.openpty()
        self._set_size(columns, lines)
        self._modes_before = termios.tcgetattr(self._slave)
        self._process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})},
            cwd=ROOT,
            start_new_session=True,
            preexec_fn=_control_terminal if signals else None,
        )

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
        """How many bytes the program has sent so far, as far as they were read."""
        return len(self.output)

    @property
    def text(self) -> str:
        """The text on the screen, line by line, without the blanks at the ends."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def pid(self) -> int:
        """The number of the program's process."""
        return self._process.pid

    def read(self, timeout: float) -> bool:
        """Read what the program sends within so many seconds, and tell whether it sent anything."""
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
        data = self._held + data
        unfinished = _UNFINISHED.search(data)
        self._held = unfinished.group() if unfinished else b""
        data = data[: len(data) - len(self._held)]
        # pyte knows no alternate screen: the ordinary one is taken to be empty.
        data = data.replace(b"\x1b[?1049l", b"\x1b[H\x1b[2J")
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))

    def wait_until(self, condition: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
        """Read until a condition is true."""
        end = time.monotonic() + deadline
        while not condition():
            if time.monotonic() > end or (self._process.poll() is not None and not self.read(0.1)):
                raise AssertionError(f"never came true: {what}\n{self.text}")
            self.read(0.1)

    def wait_for(self, pattern: str, deadline: float = DEADLINE) -> re.Match[str]:
        """Read until a regular expression is found on the screen."""
        self.wait_until(lambda: self.find(pattern) is not None, pattern, deadline)
        found = self.find(pattern)
        assert found is not None
        return found

    def wait_for_no(self, pattern: str, deadline: float = DEADLINE) -> None:
        """Read until a regular expression is no longer found on the screen."""
        self.wait_until(lambda: self.find(pattern) is None, f"no {pattern}", deadline)

    def find(self, pattern: str) -> re.Match[str] | None:
        """Find a regular expression on the screen as it is now."""
        return re.search(pattern, self.text, re.MULTILINE)

    def settle(self, quiet: float = 0.3, deadline: float = DEADLINE) -> None:
        """Read until the program has sent nothing for so many seconds."""
        end = time.monotonic() + deadline
        while self.read(quiet):
            assert time.monotonic() < end, f"the program never stopped sending\n{self.text}"

    # -- what the user does ------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys, named as in Textual."""
        self.type("".join(encoded(key) for key in keys))

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._master, text.encode())

    def paste(self, text: str) -> None:
        """Paste a text, as a terminal does that was asked to mark pasted text."""
        self.type(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal larger or smaller."""
        self.screen.resize(lines, columns)
        self._set_size(columns, lines)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Take the terminal away, as a connection that drops does."""
        for name in ("_slave", "_master"):
            if getattr(self, name) >= 0:
                os.close(getattr(self, name))
                setattr(self, name, -1)

    # -- the end -------------------------------------------------------------------

    def exit_status(self, deadline: float = DEADLINE) -> int:
        """Wait for the end of the program and give its exit status; it is negative when a signal killed it."""
        end = time.monotonic() + deadline
        while self._process.poll() is None:
            assert time.monotonic() < end, f"the program did not end\n{self.text}"
            self._read_or_wait()
        while self._master >= 0 and self.read(0):
            pass
        return self._process.returncode

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
        """Whether the program is suspended, as by Ctrl+Z."""
        state = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        return state.rpartition(")")[2].split()[0] == "T"

    def unrestored(self) -> list[str]:
        """Name what the program, which has ended or is suspended, left otherwise in the terminal than it was."""
        left: list[str] = []
        for mode, usual in _MODES.items():
            switched = re.findall(rb"\x1b\[\?%d([hl])" % mode, bytes(self.output))
            if switched and (switched[-1] == b"h") is not usual:
                left.append(f"mode {mode}")
        if self.output.count(b"\x1b[>") > self.output.count(b"\x1b[<u"):
            left.append("kitty's keyboard protocol")
        if termios.tcgetattr(self._slave) != self._modes_before:
            left.append("termios")
        return left

    def colours(self) -> list[str]:
        """List the SGR sequences that set a colour."""
        found: list[str] = []
        for match in re.finditer(rb"\x1b\[([0-9;]*)m", bytes(self.output)):
            codes = match[1].decode().split(";")
            if any(code.isdigit() and int(code) in _COLOUR_CODES for code in codes):
                found.append(match[1].decode())
        return found


# The private modes that programs switch, and whether they are usually on.
_MODES = {7: True, 25: True, 1000: False, 1003: False, 1004: False, 1006: False, 1049: False, 2004: False, 2048: False}
_COLOUR_CODES = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}


def encoded(key: str) -> str:
    """Encode a key as a terminal does that knows no newer protocol."""
    if key in KEYS:
        return KEYS[key]
    if key.startswith("ctrl+"):
        return chr(ord(key[-1].upper()) & 0x1F)
    return key


def _control_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
