"""Doing the same for many offices, a few of them at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TypeVar

T = TypeVar("T")

_TURN_SECONDS = 0.001
"""Python's own turn is five times as long, and a dozen threads may take one before the screen does."""


def for_each(items: Iterable[T], work: Callable[[T], None], workers: int, stopped: Event) -> None:
    """Call a function for each item in several threads, and wait until all of them end.

    The threads don't keep the process from ending.

    Args:
        items: The items; the first ones come first.
        work: Handles one item. It should report errors itself.
        workers: The number of items that are handled at a time.
        stopped: Once it's set, no further item is begun.

    Raises:
        Exception: The first error that `work` raised; then no further item was begun.
    """
    waiting, lock = list(items)[::-1], Lock()
    errors: list[Exception] = []

    def run() -> None:
        while not stopped.is_set() and not errors:
            with lock:
                if not waiting:
                    return
                item = waiting.pop()
            try:
                work(item)
            except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
                errors.append(error)

    threads = [Thread(target=run, name="office", daemon=True) for _ in range(workers)]
    with _short_turns():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


@contextmanager
def _short_turns() -> Iterator[None]:
    """Have threads take short turns, so that the one that draws the screen and takes keys doesn't wait for many."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
