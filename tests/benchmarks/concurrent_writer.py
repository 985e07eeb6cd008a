"""Another program that adds entries to the Audit Trail, and notes how long each insert waits.

It is a process of its own: in a thread it would also wait for the interpreter, which the reader beside it keeps busy.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.big_practice import FIRST, MANY
from tests.support.pseudo_terminal import ROOT
from tests.support.server import Server

_PAUSE = 0.01
_GAPS = 20_000
"""The number of entries that are deleted first. MyISAM adds rows at the end of a table beside readers, but not while
there are gaps in it, and each insert fills one. At a hundred inserts a second these last for more than three minutes.
"""
_INSERT = (
    "INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource, DefNum,"
    " DefNumError) VALUES (43, 2, NOW(), 'Commlog edited.', 1, 'X', 0, 0, 0, 0)"
)


@dataclass(frozen=True)
class Waits:
    """How long inserts took.

    Attributes:
        seconds: Each of them, the shortest first.
        gaps_left: True if there were gaps in the table to the end.
    """

    seconds: tuple[float, ...]
    gaps_left: bool

    @property
    def longest(self) -> float:
        """The longest one."""
        return self.seconds[-1]

    def __str__(self) -> str:
        most = self.seconds[int(len(self.seconds) * 0.999)]
        return f"{self.longest * 1000:.1f} ms (99.9 %: {most * 1000:.1f} ms, {len(self.seconds)} inserts)"


def make_gaps(server: Server, database: str, remainder: int) -> None:
    """Delete entries all over the table, with their hashes.

    Args:
        server: The server.
        database: A practice with `MANY` entries.
        remainder: Each test that shares the practice deletes others: those whose number has this remainder, below 100.
    """
    every = MANY // _GAPS
    with server.connection(database) as connection, connection.cursor() as cursor:
        for table in ("securityloghash", "securitylog"):
            cursor.execute(
                f"DELETE FROM {table} WHERE SecurityLogNum >= {FIRST} AND SecurityLogNum % {every} = {remainder}"
            )


def waits_beside(server: Server, database: str, beside: Callable[[], object]) -> Waits:
    """Run something, and return how long the inserts of another process took meanwhile."""
    arguments = (sys.executable, "-m", __name__, server.host, str(server.port), server.user, database)
    environment = {**os.environ, "APISETUP_BENCH_PASSWORD": server.password}
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=ROOT
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        try:
            beside()
        finally:
            output, _ = writer.communicate()
    with server.connection(database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT DATA_FREE > 0 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
            " AND TABLE_NAME = 'securitylog'"
        )
        gaps_left = bool(int(cursor.fetchone()[0]))
    return Waits(tuple(sorted(json.loads(output))), gaps_left)


def _write(server: Server, database: str) -> list[float]:
    """Insert until standard input ends, and return the seconds of each insert."""
    seconds: list[float] = []
    with server.connection(database) as connection, connection.cursor() as cursor:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        # It becomes readable when it ends.
        while not select.select([sys.stdin], [], [], _PAUSE)[0]:
            began = time.perf_counter()
            cursor.execute(_INSERT)
            seconds.append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    host, port, user, name = sys.argv[1:]
    print(json.dumps(_write(Server(host, int(port), user, os.environ["APISETUP_BENCH_PASSWORD"]), name)))
