"""The installed command finds out if other programs' packages stand in the place of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def start(directory: Path, *path: Path, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Ask the command for its help, with these directories first on Python's path, and options for Python."""
    return subprocess.run(
        [sys.executable, *options, "-c", "import sys, apisetup; sys.exit(apisetup.main())", "--help"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
    )


def test_the_command_starts_beside_its_own_packages(tmp_path: Path) -> None:
    completed = start(tmp_path, ROOT)
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout.startswith("usage: apisetup")


@pytest.mark.parametrize("name", ["core", "tui"])
@pytest.mark.parametrize("form", ["{}/__init__.py", "{}.py", "{}/other.txt"])
def test_another_programs_package_of_the_same_name_is_named(tmp_path: Path, name: str, form: str) -> None:
    file = tmp_path / "foreign" / form.format(name)
    file.parent.mkdir(parents=True)
    file.write_text("raise SystemExit('the foreign package was imported')")
    completed = start(tmp_path, file.parents[form.count("/")], ROOT)
    if form.endswith(".txt"):
        # A directory without __init__.py only counts where no package is found.
        assert completed.returncode == 0
        return
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith(f"apisetup: Python finds another program's package {name} ")
    assert str(file) in completed.stderr
    assert "PYTHONPATH" in completed.stderr


def test_a_package_that_was_installed_over_ours_is_reported(tmp_path: Path) -> None:
    shutil.copy(ROOT / "apisetup.py", tmp_path)
    for name in ("core", "tui"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    # Without site-packages, where the checkout's own modules are known.
    completed = start(tmp_path, tmp_path, options=("-S",))
    assert (completed.returncode, completed.stdout) == (2, "")
    assert "The module tui.__main__ of apisetup is missing: another package was installed over it." in completed.stderr


READY = "print('ready', flush=True); import time; time.sleep(60)"
PROGRAMS = {
    "an import": READY,
    "a destructor during an import": f"class A:\n    def __del__(self): {READY}\nA()\ntime.sleep(60)",
    "the end of Python": f"import atexit\ndef wait(): {READY}\natexit.register(wait)\ndef main(): return 0",
}
"""Programs in place of ours, by where Python is when they are ready for a signal."""


@pytest.mark.parametrize("moment", PROGRAMS)
def test_an_interrupt_before_and_after_the_program_ends_it_quietly(tmp_path: Path, moment: str) -> None:
    shutil.copy(ROOT / "apisetup.py", tmp_path)
    for name in ("core", "tui"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "tui" / "__main__.py").write_text(PROGRAMS[moment])
    command = [sys.executable, "-S", "-c", "import sys, apisetup; sys.exit(apisetup.main())"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _output, errors = process.communicate()
    assert (process.returncode, errors) == (130, "")
