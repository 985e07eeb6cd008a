"""The test command says what failed, whatever failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = """
from textual.app import App
from textual.widgets import Static

class Small(App):
    def compose(self):
        yield Static("new")

def test_picture(snap_compare):
    assert snap_compare(Small())

def test_number():
    assert 1 == 2
"""


def test_a_differing_snapshot_hides_no_other_failure(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(TESTS)
    configuration = ROOT / "pyproject.toml"
    options = ("-n", "0", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", str(configuration))
    completed = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True
    )
    output = completed.stdout + completed.stderr
    assert "INTERNALERROR" not in output
    assert completed.returncode == 1
    assert "FAILED test_failing.py::test_picture" in output
    assert "FAILED test_failing.py::test_number" in output
    assert "2 failed" in output
