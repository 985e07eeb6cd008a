"""Several cases in one test, for tests whose set-up costs much more than a case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def case(*values: object) -> Iterator[None]:
    """Name the case in the report if the block fails."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in the case {', '.join(map(repr, values))}")
        raise
