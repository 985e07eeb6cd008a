"""The last change of a session: one unit of work, or several that were asked for with one question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from core.model.actor import Actor
from core.practice.made_change import LoggedChange, MadeChange


class SessionChanges:
    """Remembers the last change that was made here. Changes are recorded in the thread that writes them."""

    def __init__(self) -> None:
        self._last: tuple[MadeChange, ...] = ()
        self._together = 0
        self._lock = Lock()

    def record(self, change: MadeChange) -> None:
        """Remember a unit of work if it changed something, in place of the change before or together with it."""
        entries = tuple(each for each in change.entries if _is_change(each))
        if not entries:
            return
        made = MadeChange(change.actor, entries)
        with self._lock:
            self._last = (*self._last, made) if self._together > 1 else (made,)
            self._together += bool(self._together)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Remember all changes that are made in the block as one. Don't nest it."""
        with self._lock:
            self._together = 1
        try:
            yield
        finally:
            with self._lock:
                self._together = 0

    def last(self, actor: Actor) -> tuple[MadeChange, ...]:
        """Return the last change if this user made it: its units of work in the order in which they were made."""
        with self._lock:
            return self._last if all(each.actor == actor for each in self._last) else ()


def _is_change(entry: LoggedChange) -> bool:
    event = entry.event
    return event.changes_practice or event.changes_copy or event.changes_review
