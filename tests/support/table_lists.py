"""Reading the columns of a server's tables in a way that is fast where a database has only the tables of a practice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from core.practice import inspection


@contextmanager
def listed_tables() -> Iterator[None]:
    """Have the inspection name all tables in one list.

    The program asks for each table on its own, because a real database has hundreds of others, which a list would open.
    For each of these questions, MariaDB creates a temporary table on the disk: most of what an office costs to open.
    The answer is the same, and `tests/core/practice/test_inspection.py` asks as the program does.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection, "_tables_query", _query)
        yield


@contextmanager
def single_tables() -> Iterator[None]:
    """Have the inspection ask for each table on its own, as the program does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection, "_tables_query", _single_tables)
        yield


_single_tables = inspection._tables_query


def _query(parameters: Iterable[str]) -> str:
    listed = f" IN ({', '.join(f':{name}' for name in parameters)})"
    both = (inspection._COLUMNS_OF_TABLE, inspection._ENGINE_OF_TABLE)
    return " UNION ALL ".join(each.replace(" = :table", listed) for each in both)
