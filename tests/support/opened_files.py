"""Counting how often a file is opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_watched: dict[str, list[str]] = {}
"""The modes of the `open` calls that were counted, by the real path of the file."""


@contextmanager
def count_opens(path: Path) -> Iterator[list[str]]:
    """Record the mode of each `open` of a file in this process, whatever function or library calls it."""
    if not _hook_installed:
        # An audit hook can't be removed, so it is installed only once.
        sys.addaudithook(_record_open)
        _hook_installed.append(True)
    name = os.path.realpath(path)
    _watched[name] = []
    try:
        yield _watched[name]
    finally:
        del _watched[name]


_hook_installed: list[bool] = []


def _record_open(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _watched and isinstance(arguments[0], str | os.PathLike):
        modes = _watched.get(os.path.realpath(arguments[0]))
        if modes is not None:
            modes.append(str(arguments[1]))
