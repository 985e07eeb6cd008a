"""Programs without a terminal: whatever they do, they end, and so do the processes that they started."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from core.offices.detached_process import EndedProgram, ProgramStopped, run_detached
from tests.support.waiting import DEADLINE

CHILD = """
import os, sys, time
child = os.fork()
if child:
    with open("child.part", "w") as file:
        file.write(str(child))
    os.rename("child.part", "child")
else:
    time.sleep(600)
"""


def run(body: str, seconds: float = DEADLINE) -> EndedProgram:
    return run_detached([sys.executable, "-c", body], (), seconds)


def wait_until_ended(process: int) -> None:
    """Wait until a process runs no more. It's a zombie until its new parent reaps it."""
    status, end = Path(f"/proc/{process}/stat"), time.monotonic() + DEADLINE
    while status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end


@pytest.mark.parametrize(
    ("ending", "seconds", "reason"),
    [
        ("while child: print('x' * 1000)", DEADLINE, "printed more than 65,536 bytes and was stopped"),
        ("time.sleep(600)", 2, "did not end within 2 seconds"),
        ("os.close(1)\ntime.sleep(600)", 2, "did not end within 2 seconds"),
        ("", 2, "did not end within 2 seconds"),
    ],
)
def test_program_that_is_stopped_takes_its_children_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, seconds: float, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProgramStopped, match=reason) as stopped:
        run(f"{CHILD}\n{ending}", seconds)
    wait_until_ended(int((tmp_path / "child").read_text()))
    assert stopped.value.__cause__ is stopped.value.__context__ is None


def test_interrupted_program_takes_its_children_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    interrupt = f"if child: os.kill({os.getpid()}, {signal.SIGINT:d})\ntime.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        run(f"{CHILD}\n{interrupt}")
    wait_until_ended(int((tmp_path / "child").read_text()))


def test_child_that_lets_go_of_the_output_may_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As gpg-agent does, which a password manager starts.
    monkeypatch.chdir(tmp_path)
    ended = run(CHILD.replace("    time", "    os.close(1)\n    time") + "\nif child: print('hunter2')")
    assert ended == EndedProgram(0, b"hunter2\n")
    child = int((tmp_path / "child").read_text())
    try:
        assert Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "S"
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_program_of_another_account_that_cannot_be_killed_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As sudo is. It can't be imitated by an account that may kill everything.
    def refuse(*_arguments: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "killpg", refuse)
        patch.chdir(tmp_path)
        body = "import os, time; open('program', 'w').write(str(os.getpid())); os.rename('program', 'own')"
        with pytest.raises(ProgramStopped, match="did not end within 2 seconds"):
            run(f"{body}; time.sleep(600)", 2)
    own = int((tmp_path / "own").read_text())
    os.kill(own, signal.SIGKILL)
    wait_until_ended(own)


def test_output_of_a_program_is_not_in_its_representation() -> None:
    assert "hunter2" not in repr(run("print('hunter2')"))
