"""Compiled statements that all engines of a kind share."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, column, literal, select, table

from core.database.address import ServerAddress
from core.database.engines import file_engine, server_engine
from core.database.statement_cache import STATEMENTS, StatementCache
from tests.support.databases import SampleServer

PREFERENCE = table("preference", column("PrefName"), column("ValueString"))


@pytest.fixture(autouse=True)
def empty() -> None:
    """Empty the cache, which earlier tests may have filled up."""
    STATEMENTS.clear()


def value(engine: Engine, number: int, label: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(literal(number).label(label))).scalar_one())


def compiled(engine: Engine, number: int, label: str) -> int:
    """Run a statement, and return how many statements were compiled for it."""
    before = len(STATEMENTS)
    assert value(engine, number, label) == number
    return len(STATEMENTS) - before


def test_a_statement_is_compiled_once_for_all_files(tmp_path: Path) -> None:
    engines = [file_engine(tmp_path / f"{number}.sqlite3") for number in range(3)]
    assert [compiled(engine, number, "once_for_files") for number, engine in enumerate(engines)] == [1, 0, 0]


def test_a_server_has_statements_of_its_own(server_sample: SampleServer, tmp_path: Path) -> None:
    label = f"once_{server_sample.database[-8:]}"
    file = file_engine(tmp_path / "a.sqlite3")
    assert isinstance(server_sample.address, ServerAddress)
    servers = [server_engine(server_sample.address, server_sample.password) for _ in range(2)]
    try:
        assert [compiled(engine, 5, label) for engine in (file, *servers)] == [1, 1, 0]
        name = PREFERENCE.c.PrefName
        with closing(servers[1].connect()) as connection:
            titles = [
                connection.execute(select(PREFERENCE.c.ValueString).where(name == each)).scalar()
                for each in ("PracticeTitle", "DataBaseVersion", "PracticeTitle")
            ]
        assert titles[0] == titles[2] != titles[1]
    finally:
        for engine in servers:
            engine.dispose()


def test_the_statements_that_were_not_used_for_the_longest_time_go_first(tmp_path: Path) -> None:
    cache, dialect = StatementCache(at_most=2), file_engine(tmp_path / "a.sqlite3").dialect
    cache[dialect, "a"], cache[dialect, "b"] = 1, 2
    assert cache[dialect, "a"] == 1
    cache[dialect, "c"] = 3
    assert [cache.get((dialect, each)) for each in "abc"] == [1, None, 3]
    assert len(cache) == 2
