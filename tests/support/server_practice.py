"""A practice on a database server, thrown away after the test, and a user of that server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

from tests.support.databases import Server, make_server_practice
from tests.support.installed_program import READY, Home, fill_in, go_to
from tests.support.pseudo_terminal import Terminal

USER, PASSWORD = "Admin", "correct horse"
"""A user of the test practice who may use API Setup; the password is stored as SHA3-512."""

SIGN_IN = "^  Sign in to Open Dental"


class ServerPractice:
    """A practice's database on the server for tests.

    Args:
        server: The server, and the user whom the tests themselves are.
        database: The name of the database.
    """

    def __init__(self, server: Server, database: str) -> None:
        self.server = server
        self.database = database

    def url(self, user: str | None = None) -> str:
        """The address for `--url`."""
        server = self.server
        return f"mysql+pymysql://{user or server.user}@{server.host}:{server.port}/{self.database}"

    def start(self, home: Home, *arguments: str, **env: str) -> Terminal:
        """Start the program on this practice; the database password comes from the environment."""
        return home.start("--url", self.url(), *arguments, env={"APISETUP_PASSWORD": self.server.password} | env)

    def signed_in(self, home: Home, *arguments: str) -> Terminal:
        """Start the program on this practice with a local registry, and sign in."""
        terminal = self.start(home, "--authority", "local", *arguments)
        sign_in(terminal)
        terminal.wait_for(READY)
        return terminal

    def rows(self, query: str) -> list[tuple[str | None, ...]]:
        """Read the practice with plain SQL; every value is text."""
        with self.server.connection(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def value(self, query: str) -> str | None:
        """Read one value with plain SQL."""
        return self.rows(query)[0][0]

    def execute(self, *statements: str) -> None:
        """Run statements in the practice, as another program would."""
        with self.server.connection(self.database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def logged(self) -> list[tuple[str | None, ...]]:
        """What the program wrote into the Audit Trail, oldest first: the kind and the text of each entry."""
        return self.rows("SELECT PermType, LogText FROM securitylog WHERE SecurityLogNum > 10 ORDER BY SecurityLogNum")

    def kill_connections(self) -> None:
        """End all connections to this database, as an administrator does."""
        with self.server.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s", (self.database,))
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {int(number)}")

    @property
    def writer_waits(self) -> bool:
        """Whether a statement that writes waits for a table that somebody else has locked."""
        with self.server.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = %s AND STATE LIKE 'Waiting for%%lock'",
                (self.database,),
            )
            return bool(cursor.fetchone() != ("0",))

    @contextmanager
    def user(self, password: str, rights: str = "ALL") -> Iterator[str]:
        """A user of the server with rights on this database, dropped at the end."""
        name = f"apisetup_{uuid4().hex[:8]}"
        self.server.execute(
            f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'",
            f"GRANT {rights} ON `{self.database}`.* TO '{name}'@'%'",
        )
        try:
            yield name
        finally:
            self.server.execute(f"DROP USER '{name}'@'%'")

    def over(self, port: int) -> ServerPractice:
        """The same practice over a line that ends at a port of this computer."""
        return ServerPractice(replace(self.server, host="127.0.0.1", port=port), self.database)

    def seen_by(self, user: str, password: str) -> ServerPractice:
        """The same practice for another user of the server."""
        return ServerPractice(replace(self.server, user=user, password=password), self.database)


@contextmanager
def new_practice(server: Server, version: str, engine: str) -> Iterator[ServerPractice]:
    """Make a practice in a new database, and drop it at the end."""
    database = f"apisetup_test_{uuid4().hex[:12]}"
    try:
        make_server_practice(server, database, version, engine)
        yield ServerPractice(server, database)
    finally:
        server.execute(f"DROP DATABASE IF EXISTS `{database}`")


def sign_in(terminal: Terminal, name: str = USER, password: str = PASSWORD) -> None:
    """Sign in to Open Dental."""
    terminal.wait_for(SIGN_IN)
    fill_in(terminal, "User name", name)
    go_to(terminal, "Password", key="enter")
    type_password(terminal, "Password", password)


def type_password(terminal: Terminal, label: str, password: str) -> None:
    """Type into a password field that has the focus, and press Enter."""
    terminal.type(password)
    terminal.wait_for(rf"^ +{re.escape(label)} +•{{{len(password)}}}$" if password else label)
    terminal.press("enter")
