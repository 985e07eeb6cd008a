"""The classes that a screen has at a size of the terminal, as Textual sets them when the size changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from textual.geometry import Size

Breakpoints: TypeAlias = Sequence[tuple[int, str]] | None
"""The classes by the smallest width or height at which a screen has them, in ascending order."""


def size_classes(size: Size, horizontal: Breakpoints, vertical: Breakpoints) -> list[str]:
    """Return the class of a width and that of a height, as far as a screen has any."""
    return [*_fitting(size.width, horizontal), *_fitting(size.height, vertical)]


def _fitting(length: int, breakpoints: Breakpoints) -> list[str]:
    return [name for minimum, name in breakpoints or () if minimum <= length][-1:]
