"""Compiled statements, shared by all engines of a kind.

SQLAlchemy keeps them for each engine. A program that opens two hundred offices has two hundred engines, and compiling
the same statements for each one took a third of its time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from threading import Lock
from typing import Any

AT_MOST = 600
"""The number of statements that are kept; those that weren't used for the longest time go first."""


class StatementCache(MutableMapping[Any, Any]):
    """Compiled statements by SQLAlchemy's keys, the first part of which is a dialect.

    Each engine has a dialect of its own. Here, all count as one that compile a statement to the same SQL.
    """

    def __init__(self, at_most: int = AT_MOST) -> None:
        self._at_most = at_most
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Any, default: Any = None) -> Any:
        """Return a compiled statement; the default if it isn't there."""
        shared = _shared(key)
        with self._lock:
            found = self._kept.get(shared)
            if found is None:
                return default
            self._kept.move_to_end(shared)
            return found

    def __getitem__(self, key: Any) -> Any:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: Any, compiled: Any) -> None:
        with self._lock:
            self._kept[_shared(key)] = compiled
            while len(self._kept) > self._at_most:
                self._kept.popitem(last=False)

    def __delitem__(self, key: Any) -> None:
        with self._lock:
            del self._kept[_shared(key)]

    def __iter__(self) -> Iterator[Any]:
        with self._lock:
            return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forget all statements."""
        with self._lock:
            self._kept.clear()


STATEMENTS = StatementCache()
"""The statements of all engines of this process."""


def _shared(key: Any) -> Any:
    dialect, *rest = key
    kind = (type(dialect), dialect.server_version_info, getattr(dialect, "is_mariadb", False))
    return (kind, *rest)
