"""Service calls that are held back until a test releases them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from tests.support.waiting import DEADLINE

_WRITES = ("save", "accept", "add", "set_status", "begin", "apply_list")


class Gate:
    """Holds back one call of a service's method until the gate is opened.

    A method that writes is held back before it writes; any other method after it has its result.

    Args:
        monkeypatch: Replaces the method.
        service: The class of the service.
        method: The name of the method.
        hold: The number of the call to hold back, from 1; with 0, calls are only counted.

    Attributes:
        entered: Set when the call is held back.
        left: Set when the call has returned.
        calls: The number of calls so far.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, service: type[object], method: str, hold: int = 1) -> None:
        self.entered = threading.Event()
        self.left = threading.Event()
        self.calls = 0
        self._open = threading.Event()
        original: Callable[..., Any] = getattr(service, method)

        def held(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls != hold:
                return original(*args, **kwargs)
            answer = original(*args, **kwargs) if self.reads_first else None
            self.entered.set()
            assert self._open.wait(DEADLINE)
            try:
                return answer if self.reads_first else original(*args, **kwargs)
            finally:
                self.left.set()

        self.reads_first = method not in _WRITES
        monkeypatch.setattr(service, method, held)

    def open(self) -> None:
        """Release the call."""
        self._open.set()


class Gates(Protocol):
    """The type of the fixture `gate`, which makes gates."""

    def __call__(self, service: type[object], method: str, hold: int = 1) -> Gate:
        """Make a gate."""
        ...
