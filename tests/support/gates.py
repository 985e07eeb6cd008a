"""Answers that are held back until a test lets them go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from tests.support.waiting import DEADLINE

_WRITES = ("save", "accept", "add", "set_status", "begin", "apply_list")


class Gate:
    """Holds one call of a service back until it is opened.

    Args:
        monkeypatch: Puts it in place of the method.
        service: Whose method.
        method: A method that writes is held back before it does, any other one when it has its answer.
        hold: Which call, from 1 on; 0 holds none back and only counts.
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
        """Let it go."""
        self._open.set()


class Gates(Protocol):
    """Makes gates; the fixture `gate` does."""

    def __call__(self, service: type[object], method: str, hold: int = 1) -> Gate:
        """Make one."""
        ...
