"""The input from a terminal, split into keys, pastes and reports before Textual's parser sees it.

Textual's parser takes an escape sequence that it doesn't know, or whose pieces arrive too slowly, for typed text. Then
a slow connection turns an arrow key into Esc and two letters, and a terminal's late answer to another program is typed
into a text field. So only whole sequences that Textual knows are passed on; all others are dropped whole. So are
reports that this program didn't ask for: a terminal may still be in a mode that another program has set.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from enum import Enum, auto

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import SPECIAL_SEQUENCES, XTermParser
from textual.message import Message

ESC = "\x1b"
_STRING_ENDS = "\x07\x18\x1a"
"""BEL, and the two control characters that break off a sequence."""
_PASTE_START = "\x1b[200~"
_PASTE_END = "\x1b[201~"
_PASTE_SECONDS = 3.0
"""The silence after which a paste counts as complete although its end did not arrive."""
_LONGEST_KNOWN = 32
"""Textual's parser gives up on longer sequences and takes them for text."""
DEFAULT_ESCAPE_DELAY = 0.5
"""Seconds. As long as in readline."""

# The forms that Textual recognizes besides the ones in its tables.
_KITTY_KEY = re.compile(r"\x1b\[\d+(?:;\d*(?:;[\d:]*)?)?u")
_FUNCTIONAL_KEY = re.compile(r"\x1b\[(?P<code>\d+);\d*(?:;[\d:]*)?(?P<end>[~ABCDEFHPQRS])")
_CURSOR_REPORT = re.compile(r"\x1b\[\d+;\d+R")
_MODIFIED_KEY = re.compile(r"\x1b\[27;\d+;\d+~")
_MODE_REPORT = re.compile(r"\x1b\[\?2026;\d\$y")
_SGR_MOUSE = re.compile(r"\x1b\[<\d+;-?\d+;-?\d+[Mm]")


def escape_delay() -> float:
    """Return the longest pause within an escape sequence in seconds: `ESCDELAY` milliseconds, as for ncurses."""
    text = os.environ.get("ESCDELAY", "")
    return int(text) / 1000 if text.isdecimal() and int(text) > 0 else DEFAULT_ESCAPE_DELAY


class _State(Enum):
    """The kinds of sequence that the characters so far may begin."""

    GROUND = auto()
    ESCAPE = auto()
    """Esc, or any of the sequences below."""
    CONTROL = auto()
    """A control sequence: `ESC [`, parameters, and a final character."""
    SINGLE_SHIFT = auto()
    """`ESC O`, perhaps parameters, and one character."""
    STRING = auto()
    """`ESC ]`, `ESC P`, `ESC _`, `ESC ^` or `ESC X`, and any text until BEL or `ESC \\`."""
    STRING_ESCAPE = auto()
    """The same after an ESC, which may be the first half of the terminator."""
    MOUSE = auto()
    """`ESC [ M` and three characters, an old form of mouse report."""
    PASTE = auto()


class TerminalInput:
    """Turns what a terminal sends into Textual's messages.

    Args:
        parser: Textual's parser. It gets plain text, and whole sequences that it knows.
        delay: The longest pause within an escape sequence in seconds. After a longer one, Esc counts as the key.
        clock: Returns the time in seconds.
        mouse: The terminal was asked for mouse reports. Otherwise they are dropped.
    """

    def __init__(
        self,
        parser: XTermParser,
        delay: float = DEFAULT_ESCAPE_DELAY,
        clock: Callable[[], float] = time.monotonic,
        *,
        mouse: bool = False,
    ) -> None:
        self._parser = parser
        self._delay = delay
        self._clock = clock
        self._mouse = mouse
        self._state = _State.GROUND
        self._sequence = ""
        self._pasted: list[str] = []
        self._deadline: float | None = None

    @property
    def remaining(self) -> float | None:
        """The seconds until `tick` must be called; None if there is nothing to wait for."""
        return None if self._deadline is None else max(0.0, self._deadline - self._clock())

    def feed(self, data: str) -> Iterator[Message]:
        """Yield the messages of text that has arrived."""
        yield from self.tick()
        if not data:
            return
        for character in data:
            yield from self._read(character)
        self._deadline = None
        if self._state is not _State.GROUND:
            waits = _PASTE_SECONDS if self._state is _State.PASTE else self._delay
            self._deadline = self._clock() + waits

    def tick(self) -> Iterator[Message]:
        """Yield the key of an Esc that no sequence followed in time, and drop an incomplete sequence."""
        if self._deadline is None or self._clock() < self._deadline:
            return
        self._deadline = None
        state = self._state
        self._reset()
        if state is _State.ESCAPE:
            yield events.Key("escape", ESC)
        elif state is _State.PASTE:
            # Its end was lost on the line. Without this, every later key would count as pasted.
            text = "".join(self._pasted)
            self._pasted.clear()
            yield events.Paste(text.replace("\x00", ""))

    def close(self) -> None:
        """Tell Textual's parser that nothing more will come."""
        for _message in self._parser.feed(""):
            pass

    def _reset(self) -> str:
        sequence, self._sequence, self._state = self._sequence, "", _State.GROUND
        return sequence

    def _read(self, character: str) -> Iterator[Message]:
        if self._state is _State.GROUND:
            yield from self._read_ground(character)
        elif self._state is _State.PASTE:
            yield from self._read_paste(character)
        elif self._state is _State.ESCAPE:
            yield from self._read_escape(character)
        elif self._state is _State.STRING:
            self._read_string(character)
        elif self._state is _State.STRING_ESCAPE:
            yield from self._read_string_escape(character)
        else:
            yield from self._read_control(character)

    def _read_ground(self, character: str) -> Iterator[Message]:
        if character == ESC:
            self._state, self._sequence = _State.ESCAPE, ESC
        else:
            yield from self._parser.feed(character)

    def _read_escape(self, character: str) -> Iterator[Message]:
        if character == ESC:
            yield events.Key("escape", ESC)
            return
        states = {"[": _State.CONTROL, "O": _State.SINGLE_SHIFT} | dict.fromkeys("]P_^X", _State.STRING)
        self._sequence += character
        if character in states:
            self._state = states[character]
            return
        sequence = self._reset()
        if sequence in ANSI_SEQUENCES_KEYS:
            yield from self._parser.feed(sequence)
        else:
            yield from self._alt(character)

    def _read_string(self, character: str) -> None:
        if character == ESC:
            self._state = _State.STRING_ESCAPE
        elif character in _STRING_ENDS:
            self._reset()

    def _read_string_escape(self, character: str) -> Iterator[Message]:
        self._reset()
        if character != "\\":
            # The string was never ended, and this is another sequence.
            yield from self._read_ground(ESC)
            yield from self._read_escape(character)

    def _read_control(self, character: str) -> Iterator[Message]:
        if not " " <= character <= "~" and self._state is not _State.MOUSE:
            # It can't be part of the sequence, which is therefore broken off.
            self._reset()
            yield from self._read_ground(character)
            return
        self._sequence += character
        if self._is_complete(character):
            yield from self._dispatch(self._reset())

    def _is_complete(self, character: str) -> bool:
        """Return True if a character ends the current control or single-shift sequence."""
        if self._state is _State.MOUSE:
            return len(self._sequence) == 6
        if self._sequence == "\x1b[M":
            self._state = _State.MOUSE
            return False
        if self._sequence == "\x1b[[":  # the function keys of the Linux console: one more character follows
            return False
        if self._state is _State.SINGLE_SHIFT:
            return not (character.isdecimal() or character == ";")
        return character >= "@" or (character == "$" and self._sequence in ANSI_SEQUENCES_KEYS)  # rxvt ends some with $

    def _dispatch(self, sequence: str) -> Iterator[Message]:
        if sequence == _PASTE_START:
            self._state = _State.PASTE
        elif sequence != _PASTE_END and (_is_known(sequence) or (self._mouse and _is_mouse_report(sequence))):
            yield from self._parser.feed(sequence)

    def _read_paste(self, character: str) -> Iterator[Message]:
        self._pasted.append(character)
        if character != "~" or "".join(self._pasted[-len(_PASTE_END) :]) != _PASTE_END:
            return
        text = "".join(self._pasted[: -len(_PASTE_END)])
        self._pasted.clear()
        self._reset()
        yield events.Paste(text.replace("\x00", ""))

    def _alt(self, character: str) -> Iterator[Message]:
        # Private, but the public way to the same event is to let Textual's parser wait for more of the sequence.
        yield from self._parser._sequence_to_key_events(character, alt=True)


def _is_known(sequence: str) -> bool:
    """Return True if Textual's parser understands a whole sequence, and doesn't take a number in it for a letter."""
    if len(sequence) > _LONGEST_KNOWN or _CURSOR_REPORT.fullmatch(sequence):
        return False
    if any(not _is_character(int(number)) for number in re.findall(r"\d+", sequence)):
        return False
    if sequence in ANSI_SEQUENCES_KEYS or sequence in SPECIAL_SEQUENCES:
        return True
    if found := _FUNCTIONAL_KEY.fullmatch(sequence):
        return f"{found['code']}{found['end']}" in FUNCTIONAL_KEYS or bool(_MODIFIED_KEY.fullmatch(sequence))
    return any(form.fullmatch(sequence) for form in (_KITTY_KEY, _MODE_REPORT))


def _is_mouse_report(sequence: str) -> bool:
    return len(sequence) <= _LONGEST_KNOWN and bool(_SGR_MOUSE.fullmatch(sequence))


def _is_character(number: int) -> bool:
    """Return True if there is a character with this number. Textual's parser fails on other numbers of keys."""
    return number < 0xD800 or 0xE000 <= number <= 0x10FFFF
