"""A value that was read a moment ago and is good enough for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Reads a value again only when it is old.

    Args:
        read: Reads the value.
        max_age: The number of seconds for which a value is good enough.
        clock: The time in seconds, from any starting point, that never goes back.
    """

    def __init__(self, read: Callable[[], T], max_age: float, clock: Callable[[], float]) -> None:
        self._read = read
        self._max_age = max_age
        self._clock = clock
        self._last: tuple[float, T] | None = None

    def get(self) -> T:
        """Return the value as it was read last, or as it is now if that is too long ago."""
        last = self._last
        if last is not None and self._clock() - last[0] <= self._max_age:
            return last[1]
        return self.renew()

    def renew(self) -> T:
        """Read the value now."""
        # The age counts from before the reading, since the value may change while it's on its way.
        begun = self._clock()
        value = self._read()
        self._last = begun, value
        return value

    def forget(self) -> None:
        """Have the value read again when it's needed next."""
        self._last = None
