"""A process that cuts a developer off in a fleet of SQLite files, and kills itself on the way.

Arguments: the directory, the template, the names of the offices, and when it dies: `result N` after the result of
the Nth office, or `statement N` after the Nth statement.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

from core.fleet import cut_off
from tests.support.fault_injection import after_statement
from tests.support.fleets import SampleFleet, cut_off_plan, fleet_of_files

ROOT = Path(__file__).parents[2]


def run_killed(directory: Path, names: list[str], when: str, number: int) -> None:
    """Cut the developer off in a process of its own, which is killed."""
    arguments = [sys.executable, "-m", "tests.support.killed_fleet", str(directory), ",".join(names), when, str(number)]
    ended = subprocess.run(arguments, cwd=ROOT, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def main(directory: str, names: str, when: str, number: str) -> None:
    """Cut off, and die."""
    # One office after the other, so that the place where it dies is known.
    cut_off.AT_A_TIME = 1
    sample: SampleFleet = fleet_of_files(Path(directory), *names.split(","))
    fleet = sample.signed_in()
    change = sample.change(fleet, cut_off_plan(fleet))
    results: list[object] = []

    def on_result(result: object) -> None:
        results.append(result)
        if when == "result" and len(results) == int(number):
            _die()

    if when == "statement":
        with after_statement(int(number), lambda _connection: _die()):
            change.run(on_result, Event())
    change.run(on_result, Event())


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
