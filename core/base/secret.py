"""Secrets that print as `***`, and stay out of what a crash leaves behind."""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress


class Secret:
    """A password or key that never prints itself.

    Args:
        value: The clear text, got back only by `reveal()`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The clear text; every call is a place to be able to explain."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def exclude_from_core_dumps() -> None:
    """Have the system write no memory of this process into a file when it crashes, as far as the system lets one."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # A limit of 0 does not hold where core dumps are piped to a program; not being dumpable does.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


_PR_SET_DUMPABLE = 4
