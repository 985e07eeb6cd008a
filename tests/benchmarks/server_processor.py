"""The processor time of a server's connections, which other programs disturb less than they disturb the clock."""

from __future__ import annotations

from pathlib import Path

from tests.support.server import Server


def processor_seconds(server: Server, database: str) -> float:
    """Return the processor seconds of the connections to a database so far.

    It's 0 unless the server is a MariaDB on this computer.
    """
    with server.connection("mysql") as connection, connection.cursor() as cursor:
        if not server.is_mariadb:
            return 0.0
        cursor.execute("SELECT TID FROM information_schema.PROCESSLIST WHERE DB = %s", (database,))
        threads = [int(row[0]) for row in cursor.fetchall()]
    return sum(_seconds(thread) for thread in threads)


def _seconds(thread: int) -> float:
    # A thread has an entry of its own there, although no listing shows it.
    times = Path(f"/proc/{thread}/schedstat")
    if (Path(f"/proc/{thread}/comm")).exists() and times.exists():
        return int(times.read_text(encoding="ascii").split()[0]) / 1e9
    return 0.0
