"""What holds for all tests: this machine's configuration and environment stay out of them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test an empty home and the same terminal."""
    for name in list(os.environ):
        ours = name.startswith("APISETUP_") and not name.startswith("APISETUP_TEST_")
        if ours or name.startswith(("XDG_", "SSH_")) or name in ("NO_COLOR", "COLORTERM"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "home"))
    monkeypatch.setenv("TERM", "xterm-256color")
