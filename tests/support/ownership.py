"""Files of other accounts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

STRANGER = 54_321
"""The number of an account that is neither root nor the one that runs the tests."""


def give_to_stranger(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Make a file belong to an account that is neither root nor the one that the program runs as.

    Only root can give a file away. Anybody else keeps the file, and the program takes itself for another account.
    """
    if os.getuid() == 0:
        os.chown(path, STRANGER, -1)
    else:
        patch.setattr(os, "getuid", lambda: STRANGER)


def give_to_root(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Make a file belong to root, while the program runs as another account."""
    if os.getuid() != 0:
        pytest.skip("only root can make a file of root's")
    os.chown(path, 0, -1)
    patch.setattr(os, "getuid", lambda: STRANGER)
