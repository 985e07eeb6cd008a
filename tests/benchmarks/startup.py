"""Starting programs in turn, and measuring the time, the processor time and the memory until each picture."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.support.installed_program import READY, Home
from tests.support.pseudo_terminal import Terminal

ROUNDS = 15
PLAIN, DATABASE, EMBEDDED, DEMO = "plain", "plain + SQL", "embedded", "demo"

FIRST_PICTURE = r"(Enabled|API)[\s\S]*(Subscription|FHIR) interval[\s\S]*[Pp]ayment type"
"""The labels of the form: an admin knows where this is."""
_PLAIN_ROWS = r"Developer 12\b"
_KEYS = rf"Appointment Bridge[\s\S]*Insurance Mate[\s\S]*{READY}"
"""The rows of the keys, and the key bar of an open office, which is drawn last."""


@dataclass(frozen=True)
class Start:
    """One start of one program."""

    first_picture: float
    """The seconds from starting the process to the labels of the form."""
    keys: float
    """The seconds from starting the process to the rows of the table."""
    processor: float
    """The seconds of processor time that the process had used by then, on all its threads."""
    peak: float
    """The largest resident memory of the process until then, in MB of 1024 * 1024 bytes."""


Starts = dict[str, list[Start]]
"""The starts of each program, in the order of the rounds."""


def measure_starts(directory: Path, rounds: int = ROUNDS) -> Starts:
    """Start the plain program, the one with a database, an existing embedded practice and the demo in turn.

    A first round, which isn't counted, fills the caches of the system. The embedded practice has the keys of the demo.
    """
    home = Home(directory)
    home.make_practice(with_demo=True)
    colors = {"COLORTERM": "truecolor"}
    programs: dict[str, tuple[Callable[[], Terminal], str]] = {
        PLAIN: (lambda: home.start(module="tests.benchmarks.plain_app", env=colors), _PLAIN_ROWS),
        DATABASE: (lambda: home.start(module="tests.benchmarks.plain_database_app", env=colors), _PLAIN_ROWS),
        EMBEDDED: (lambda: home.start(env=colors), _KEYS),
        DEMO: (lambda: home.start("--demo", env=colors), _KEYS),
    }
    starts: Starts = {name: [] for name in programs}
    for number in range(rounds + 1):
        for name, (start, complete) in programs.items():
            measured = _measure(start, complete)
            if number:
                starts[name].append(measured)
    return starts


def ratio(starts: Starts, program: str, figure: str, base: str = PLAIN) -> float:
    """Return the median of a program's ratios to the plain program, or to another one, of the same rounds."""
    ratios: list[float] = [
        getattr(each, figure) / getattr(other, figure)
        for each, other in zip(starts[program], starts[base], strict=True)
    ]
    return median(ratios)


def peak(starts: Starts, program: str) -> float:
    """Return the median of the largest resident memory, in MB."""
    return median(each.peak for each in starts[program])


def table(starts: Starts) -> list[str]:
    """Return the medians, and the ratios to the plain program, as lines to print."""
    lines = [f"{'medians':<12}{'first picture ms':>20}{'keys ms':>16}{'processor ms':>16}{'peak MB':>10}"]
    for name, each in starts.items():
        cells = [
            f"{median(getattr(start, figure) for start in each) * 1000:.0f} ({ratio(starts, name, figure):.2f})"
            for figure in ("first_picture", "keys", "processor")
        ]
        lines.append(f"{name:<12}{cells[0]:>20}{cells[1]:>16}{cells[2]:>16}{peak(starts, name):>10.0f}")
    return lines


def _measure(start: Callable[[], Terminal], complete: str) -> Start:
    begin = time.perf_counter()
    with start() as terminal:
        terminal.wait_for(FIRST_PICTURE)
        first_picture = time.perf_counter() - begin
        terminal.wait_for(complete)
        keys = time.perf_counter() - begin
        return Start(first_picture, keys, _processor_seconds(terminal.pid), _peak(terminal.pid))


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    # utime and stime are fields 14 and 15 of proc(5); the text before them ends with field 2.
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
