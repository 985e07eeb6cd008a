"""Directories that this account may not enter, even if the tests run as root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65_534


@contextmanager
def forbidden(directory: Path) -> Iterator[None]:
    """Make a directory that the process may not enter; root drops its privileges for the block."""
    directory.chmod(0)
    effective = os.geteuid()
    if effective == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(effective)
        directory.chmod(0o700)
