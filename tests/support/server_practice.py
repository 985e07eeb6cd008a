"""A practice in a database of its own on the server, opened by the installed program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.support.databases import server_database
from tests.support.installed_program import READY, READY_READ_ONLY, Home, fill_in, go_to
from tests.support.pseudo_terminal import Terminal
from tests.support.server import Server

USER, PASSWORD = "Admin", "correct horse"
"""A user of the practice who has the permission for API Setup; the password is stored as SHA3-512."""

SIGN_IN = "─ Sign in to Open Dental"


class ServerPractice:
    """A practice on the test server.

    Args:
        server: The server, with the user as whom the program and the test connect.
        database: The name of the practice's database.
    """

    def __init__(self, server: Server, database: str) -> None:
        self.server = server
        self.database = database

    def url(self, user: str | None = None) -> str:
        """Return the address for `--url`."""
        server = self.server
        return f"mysql+pymysql://{user or server.user}@{server.host}:{server.port}/{self.database}"

    def start(self, home: Home, *arguments: str, **env: str) -> Terminal:
        """Start the program on this practice, with the database password in the environment."""
        return home.start("--url", self.url(), *arguments, env={"APISETUP_PASSWORD": self.server.password} | env)

    def start_signed_in(self, home: Home, *arguments: str) -> Terminal:
        """Start the program on this practice with a local registry, and sign in."""
        terminal = self.start(home, "--authority", "local", *arguments)
        sign_in(terminal)
        terminal.wait_for(READY_READ_ONLY if "--read-only" in arguments else READY)
        return terminal

    def rows(self, query: str) -> list[tuple[str | None, ...]]:
        """Read rows of the practice in plain SQL, with every value as text."""
        with self.server.connection(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def value(self, query: str) -> str | None:
        """Read one value in plain SQL, as text."""
        return self.rows(query)[0][0]

    def execute(self, *statements: str) -> None:
        """Run statements in the practice, as another program would."""
        with self.server.connection(self.database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def audit_entries(self) -> list[tuple[str | None, ...]]:
        """Read the kind and text of each audit entry that the program wrote, oldest first."""
        return self.rows("SELECT PermType, LogText FROM securitylog WHERE SecurityLogNum > 10 ORDER BY SecurityLogNum")

    def kill_connections(self) -> None:
        """End all connections to this database, as an administrator would."""
        with self.server.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s", (self.database,))
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {int(number)}")

    @property
    def has_waiting_writer(self) -> bool:
        """True if a statement waits for a lock on a table of this database."""
        with self.server.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = %s AND STATE LIKE 'Waiting for%%lock'",
                (self.database,),
            )
            return bool(cursor.fetchone() != ("0",))

    @contextmanager
    def user(self, password: str, rights: str = "ALL") -> Iterator[str]:
        """Create a user of the server with rights on this database, and drop it at the end."""
        name = self.server.temporary_name()
        self.server.execute(
            f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'",
            f"GRANT {rights} ON `{self.database}`.* TO '{name}'@'%'",
        )
        try:
            yield name
        finally:
            self.server.execute(f"DROP USER '{name}'@'%'")

    def through_port(self, port: int) -> ServerPractice:
        """Return the same practice, reached through a local port."""
        return ServerPractice(replace(self.server, host="127.0.0.1", port=port), self.database)

    def as_user(self, user: str, password: str) -> ServerPractice:
        """Return the same practice, opened as another user of the server."""
        return ServerPractice(replace(self.server, user=user, password=password), self.database)


@contextmanager
def new_practice(server: Server, version: str, engine: str) -> Iterator[ServerPractice]:
    """Make a practice in a new database, and drop it at the end."""
    with server_database(server, version, engine) as database:
        yield ServerPractice(server, database)


def sign_in(terminal: Terminal, name: str = USER, password: str = PASSWORD) -> None:
    """Sign in to Open Dental."""
    terminal.wait_for(SIGN_IN)
    fill_in(terminal, "User name", name)
    go_to(terminal, "Password", key="enter")
    type_password(terminal, "Password", password)


def type_password(terminal: Terminal, label: str, password: str) -> None:
    """Type into a password field that has the focus, and press Enter."""
    terminal.type(password)
    terminal.wait_for(rf"^ *{re.escape(label)} +•{{{len(password)}}}$" if password else label)
    terminal.press("enter")
