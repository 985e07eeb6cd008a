"""Tests of `TerminalInput`: which keys, pastes and reports a terminal's characters become."""

from __future__ import annotations

import pytest
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser

from tui.platform.terminal_input import DEFAULT_ESCAPE_DELAY, TerminalInput, escape_delay

DELAY = 0.5

REPORTS = {
    "device attributes": "\x1b[?1;2c",
    "secondary device attributes": "\x1b[>0;276;0c",
    "device status": "\x1b[0n",
    "color scheme": "\x1b[?997;1n",
    "cursor position": "\x1b[24;80R",
    "cursor position like a key": "\x1b[1;2R",
    "window size": "\x1b[8;24;80t",
    "unknown mode": "\x1b[?1016;2$y",
    "kitty flags": "\x1b[?31u",
    "foreground": "\x1b]10;rgb:ffff/ffff/ffff\x07",
    "background": "\x1b]11;rgb:0000/0000/0000\x1b\\",
    "clipboard": f"\x1b]52;c;{'QUJD' * 1000}\x07",
    "version": "\x1bP>|XTerm(390)\x1b\\",
    "termcap": "\x1bP1+r544e=787465726d\x1b\\",
    "graphics": "\x1b_Gi=1;OK\x1b\\",
    "unknown function key": "\x1b[99~",
    "unknown function key with a modifier": "\x1b[99;5~",
    "unknown single shift": "\x1bOz",
    "unknown sequence": "\x1b[1;2;3z",
    "old mouse report": "\x1b[Mdo!",
    "a long sequence": f"\x1b[{'1;' * 40}A",
    "a number that is no character": "\x1b[99999999999u",
    "half of a surrogate pair": "\x1b[55296u",
    "a key event": "\x1b[97;1:3u",
    "alternate keys": "\x1b[97:65;2u",
    "size": "\x1b[48;24;80;384;640t",
    "size without pixels": "\x1b[48;24;80;0;0t",
    "size of nothing": "\x1b[48;0;0;0;0t",
    "enormous size": "\x1b[48;10000;10000;0;0t",
    "size with subparameters": "\x1b[48;5:1;5:1;0:1;0:1t",
    "size reports are supported": "\x1b[?2048;2$y",
    "mouse button": "\x1b[<0;3;3M",
    "mouse button released": "\x1b[<0;3;3m",
    "mouse wheel": "\x1b[<64;3;3M",
    "mouse outside of the terminal": "\x1b[<0;-3;99999M",
    "mouse report of rxvt": "\x1b[32;3;3M",
}


class Typist:
    """Sends characters to a `TerminalInput`, and collects the keys, pastes and other messages that come of it."""

    def __init__(self, *, mouse: bool = False) -> None:
        self.now = 100.0
        self.input = TerminalInput(XTermParser(), DELAY, lambda: self.now, mouse=mouse)
        self.seen: list[str] = []

    def send(self, text: str, after: float = 0.0) -> None:
        """Send text, this many seconds after the text before."""
        self.wait(after)
        for message in self.input.feed(text):
            self._collect(message)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        for message in self.input.tick():
            self._collect(message)

    def _collect(self, message: object) -> None:
        if isinstance(message, events.Key):
            self.seen.append(message.key)
        elif isinstance(message, events.Paste):
            self.seen.append(f"paste {message.text!r}")
        else:
            self.seen.append(type(message).__name__)


def keys_of(text: str) -> list[str]:
    typist = Typist()
    typist.send(text)
    typist.wait(DELAY)
    return typist.seen


@pytest.mark.parametrize("sequence", [each for each in ANSI_SEQUENCES_KEYS if not each.endswith("R")])
def test_keys_are_those_of_textual(sequence: str) -> None:
    expected = [message.key for message in XTermParser().feed(sequence) if isinstance(message, events.Key)]
    if sequence not in ("\x1b", "\x1b\x1b") and expected != ["<ignore>"]:
        assert keys_of(sequence) == expected


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("aé日", ["a", "é", "日"]),
        ("\x1b[A\x1bOP\x1b[[B", ["up", "f1", "f2"]),
        ("\x1b[27u\x1b[121;5u\x1b[27;5;121~", ["escape", "ctrl+y", "ctrl+y"]),
        ("\x1bx\x1bX", ["alt+x"]),
        ("\x1b", ["escape"]),
        ("\x1b\x1b", ["escape", "escape"]),
        ("\x1b\x1b[A", ["escape", "up"]),
        ("\x1b[I\x1b[O", ["AppFocus", "AppBlur"]),
        ("\x1b[?2026;1$y", ["TerminalSupportsSynchronizedOutput"]),
        ("\x1b[1\r", ["enter"]),
    ],
)
def test_other_keys_and_reports_that_textual_asked_for_arrive(text: str, keys: list[str]) -> None:
    assert keys_of(text) == keys


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("sequence", ["\x1b[B", "\x1b[1;5B", "\x1bOB", "\x1b[15~"])
def test_a_key_whose_characters_arrive_one_by_one_is_one_key(sequence: str, pause: float) -> None:
    typist = Typist()
    for character in sequence:
        typist.send(character, after=pause)
    typist.wait(DELAY)
    assert typist.seen == keys_of(sequence)
    assert len(typist.seen) == 1


@pytest.mark.parametrize("pause", [0.0, 0.3])
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_a_report_that_nobody_asked_for_is_dropped(report: str, pause: float) -> None:
    typist = Typist()
    typist.send("a")
    for character in report if len(report) < 100 else [report]:
        typist.send(character, after=pause)
    typist.send("b")
    typist.wait(DELAY)
    assert typist.seen == ["a", "b"]


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_a_report_that_breaks_off_is_dropped(report: str) -> None:
    for length in range(2, min(len(report), 40)):
        typist = Typist()
        typist.send(report[:length])
        typist.wait(DELAY)
        typist.send("b\x1b[B")
        assert typist.seen == ["b", "down"]


@pytest.mark.parametrize("beginning", ["\x1b[1;", "\x1bO", "\x1b]10;rgb", "\x1bP1"])
def test_another_sequence_ends_one_that_is_incomplete(beginning: str) -> None:
    assert keys_of(f"{beginning}\x1b[A") == ["up"]


def test_mouse_reports_arrive_if_the_mouse_is_on() -> None:
    typist = Typist(mouse=True)
    typist.send("\x1b[48;24;80;0;0t\x1b[<0;3;3M\x1b[<0;3;3m\x1b[<64;3;3M\x1b[<35;4;3M")
    assert typist.seen == ["MouseDown", "MouseUp", "MouseScrollUp", "MouseMove"]


def test_escape_acts_after_the_delay_at_most() -> None:
    typist = Typist()
    typist.send("\x1b")
    assert typist.input.remaining == DELAY
    typist.wait(DELAY - 0.01)
    assert typist.seen == []
    typist.wait(0.01)
    assert typist.seen == ["escape"]
    assert typist.input.remaining is None


def test_silence_does_not_extend_the_delay() -> None:
    typist = Typist()
    typist.send("\x1b")
    typist.send("", after=DELAY - 0.01)
    typist.send("", after=0.01)
    assert typist.seen == ["escape"]


def test_a_paste_arrives_unchanged() -> None:
    text = "do it\r\n\tby \x1b[31mtoday\x1b[0m \x1b]0;x\x07 ~\x1b[20 é"
    typist = Typist()
    for piece in ("\x1b[20", f"0~{text[:20]}", f"{text[20:]}\x1b[2", "01~x"):
        typist.send(piece, after=0.3)
    assert typist.seen == [f"paste {text!r}", "x"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", DEFAULT_ESCAPE_DELAY),
        ("25", 0.025),
        ("1000", 1.0),
        ("0", DEFAULT_ESCAPE_DELAY),
        ("x", DEFAULT_ESCAPE_DELAY),
    ],
)
def test_the_delay_can_be_set(monkeypatch: pytest.MonkeyPatch, text: str, seconds: float) -> None:
    monkeypatch.setenv("ESCDELAY", text)
    assert escape_delay() == seconds


def test_a_paste_whose_end_was_lost_ends_after_a_silence() -> None:
    typist = Typist()
    typist.send("\x1b[200~abc")
    typist.wait(2.0)
    assert typist.seen == []
    typist.wait(1.5)
    assert [each for each in typist.seen if "abc" in each]
    typist.send("q")
    assert "q" in typist.seen[-1]
