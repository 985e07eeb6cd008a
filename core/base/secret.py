"""Secrets that print as `***` and are kept out of core dumps."""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress

DATABASE_PASSWORD_VARIABLE = "APISETUP_PASSWORD"  # noqa: S105 - the name of a variable
OPEN_DENTAL_PASSWORD_VARIABLE = "APISETUP_OD_PASSWORD"  # noqa: S105
SECRET_VARIABLES = frozenset({DATABASE_PASSWORD_VARIABLE, OPEN_DENTAL_PASSWORD_VARIABLE})
"""The environment variables of this program that hold secrets; no process that it starts inherits them."""


class Secret:
    """A password or key that never prints its value.

    Args:
        value: The clear text; only `reveal()` returns it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the clear text. Every call needs a good reason."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def exclude_from_core_dumps() -> None:
    """Disable core dumps of this process, as far as the operating system allows it."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Linux ignores a limit of 0 where it pipes core dumps to a program. A process that isn't dumpable is safe.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


_PR_SET_DUMPABLE = 4
