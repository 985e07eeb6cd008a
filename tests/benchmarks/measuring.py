"""Starting programs side by side, and counting their bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.support.installed_program import READY, Home
from tests.support.pseudo_terminal import Terminal

ROUNDS = 7
DOWNS = 5
IDLE_SECONDS = 5.0
ESCAPE_SECONDS = 1.0
"""Longer than the program waits for what may follow Esc."""
REPEAT_SECONDS = 0.1
"""The pause between two keys that repeat, at most."""

PLAIN, EMBEDDED, DEMO = "plain", "embedded", "demo"


@dataclass
class Figures:
    """The cost of one program, a figure for each round."""

    start_bytes: list[int] = field(default_factory=list)
    down: list[int] = field(default_factory=list)
    """Bytes for a Down key and all that follows it, such as details."""
    repeated: list[int] = field(default_factory=list)
    """Bytes for a Down key until the next one comes, while it is held down."""
    dialog: list[int] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)

    def median(self, name: str) -> float:
        """The median of one figure."""
        figures: list[float] = getattr(self, name)
        return median(figures)


def measured(directory: Path) -> dict[str, Figures]:
    """Run the programs in turn, as many times as there are rounds; a first turn only warms the machine up."""
    home = Home(directory)
    home.make_practice()
    colours = {"COLORTERM": "truecolor"}
    starts: dict[str, tuple[Callable[[], Terminal], str]] = {
        PLAIN: (lambda: home.start(module="tests.benchmarks.plain_app", env=colours), "Developer 12"),
        EMBEDDED: (lambda: home.start(env=colours), READY),
        DEMO: (lambda: home.start("--demo", env=colours), READY),
    }
    figures = {name: Figures() for name in starts}
    for number in range(ROUNDS + 1):
        for name, (start, complete) in starts.items():
            _measure(start, complete, figures[name] if number else Figures(), last=number == ROUNDS)
    return figures


def _measure(start: Callable[[], Terminal], complete: str, figures: Figures, *, last: bool) -> None:
    with start() as terminal:
        terminal.wait_for(complete)
        terminal.settle()
        figures.start_bytes.append(terminal.bytes_sent)
        for _ in range(DOWNS):
            figures.repeated.append(_bytes_for(terminal, "down", REPEAT_SECONDS))
            before = terminal.bytes_sent
            terminal.settle()
            figures.down.append(figures.repeated[-1] + terminal.bytes_sent - before)
        figures.dialog.append(_bytes_for(terminal, "i") + _bytes_for(terminal, "escape", ESCAPE_SECONDS))
        if last:
            before = terminal.bytes_sent
            terminal.read(IDLE_SECONDS)  # returns at the first byte
            figures.idle.append(terminal.bytes_sent - before)


def _bytes_for(terminal: Terminal, key: str, quiet: float = 0.3) -> int:
    before = terminal.bytes_sent
    terminal.press(key)
    terminal.settle(quiet)
    return terminal.bytes_sent - before


def table(figures: dict[str, Figures]) -> list[str]:
    """The medians, and the ratios to the plain application, as lines to print."""
    lines = [f"{'medians':<12}{'start bytes':>18}{'Down bytes':>18}{'dialog bytes':>18}{'idle bytes':>12}"]
    plain = figures[PLAIN]
    for name, each in figures.items():
        cells = [
            f"{each.median(what):,.0f} ({each.median(what) / plain.median(what):.2f})"
            for what in ("start_bytes", "down", "dialog")
        ]
        lines.append(f"{name:<12}" + "".join(f"{cell:>18}" for cell in cells) + f"{each.idle[0]:>12}")
    return lines
