"""Practices to test on, and an independent reading of them: plain SQL, without anything of core."""

from __future__ import annotations

import os
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.companion.store import Companion
from core.database.address import Address, FileAddress, ServerAddress
from core.database.engines import file_engine
from core.model.agreement import Agreement, default_agreement
from core.model.api_key import AuthorityName
from core.office.office import Office, open_file_office, open_server_office
from core.practice.bootstrap import make_practice
from tests.support.opendental_columns import NEW, columns, ddl
from tests.support.practice_rows import ACCOUNT, registry_rows, rows

# Not imported by statement, since it comes without types.
pymysql: Any = import_module("pymysql")
converters: Any = import_module("pymysql.converters")

NOW = datetime(2024, 11, 6, 14, 30, 15)
"""The clock of every SQLite practice here."""
COMPUTER = "server-1, 203.0.113.9"

_RANDOM_KEYS = 1_000_000
"""A primary key above this one was picked at random; the server would count on from it."""

Cells = dict[str, str | None]
Rows = dict[str, dict[str, Cells]]
"""All rows by table and primary key, every value as text."""


@dataclass(frozen=True)
class Server:
    """The database server that tests may create databases on."""

    host: str
    port: int
    user: str
    password: str

    @contextmanager
    def connection(self, database: str | None = None) -> Iterator[Any]:
        """A connection of the tests' own; it reads every value as text, and writes as Open Dental does."""
        as_text = {kind: encode for kind, encode in converters.conversions.items() if not isinstance(kind, int)}
        connection = pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=database,
            charset="utf8mb4",
            autocommit=True,
            conv=as_text,
            sql_mode="",
            ssl_disabled=True,
        )
        with closing(connection):
            yield connection

    def execute(self, *statements: str) -> None:
        """Run statements without a database."""
        with self.connection() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def runtime(clock: Callable[[], datetime] = lambda: NOW) -> RuntimeContext:
    """What an office takes from outside: nothing of this machine."""
    random = Random(7)  # noqa: S311 - the same numbers in every run
    return RuntimeContext(clock=clock, random=random, computer=COMPUTER, account=ACCOUNT)


class SamplePractice(ABC):
    """One practice with its companion.

    Attributes:
        version: The Open Dental version of its database.
        transactional: Whether its tables can be rolled back.
        companion: The file of the companion.
    """

    version: str
    transactional: bool
    companion: Path
    address: Address
    password = Secret("")

    @abstractmethod
    def practice_rows(self) -> Rows:
        """All rows of the practice, read by plain SQL."""

    @abstractmethod
    def execute(self, statement: str, *values: object) -> None:
        """Change the practice by plain SQL, as another program would; `?` stands for a value."""

    @abstractmethod
    def restore(self) -> None:
        """Bring back all rows as they were at first."""

    @property
    def on_server(self) -> bool:
        """Whether this is a server's practice."""
        return isinstance(self.address, ServerAddress)

    @property
    def has_apikey(self) -> bool:
        """Whether its Open Dental keeps a copy of the keys."""
        return self.version == NEW

    @property
    def license_kind(self) -> int:
        """The number under which accepting the license is logged."""
        return 258 if self.version == NEW else 8

    def all_rows(self) -> Rows:
        """The practice's rows and the companion's."""
        return self.practice_rows() | file_rows(self.companion)

    def open(
        self,
        authority: AuthorityName = AuthorityName.LOCAL,
        clock: Callable[[], datetime] = lambda: NOW,
        agreement: Agreement | None = None,
        password: Secret | None = None,
    ) -> Office:
        """The open office; whoever asks for it closes it."""
        agreement, around = agreement or default_agreement(), runtime(clock)
        if isinstance(self.address, FileAddress):
            return open_file_office(self.address, agreement, around)
        return open_server_office(self.address, password or self.password, self.companion, authority, agreement, around)

    @contextmanager
    def office(
        self,
        authority: AuthorityName = AuthorityName.LOCAL,
        clock: Callable[[], datetime] = lambda: NOW,
        agreement: Agreement | None = None,
    ) -> Iterator[Office]:
        """The open office, closed at the end."""
        with closing(self.open(authority, clock, agreement)) as office:
            yield office

    def value(self, table: str, key: int, column: str) -> str | None:
        """One value by plain SQL."""
        return self.practice_rows()[table][str(key)][column]


class SampleFile(SamplePractice):
    """An SQLite practice, copied from a template; its companion is the same file."""

    version = NEW
    transactional = True

    def __init__(self, template: Path, path: Path) -> None:
        self._template = template
        self.companion = path
        self.address = FileAddress(path)
        self.restore()

    def practice_rows(self) -> Rows:
        return file_rows(self.companion)

    def execute(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.companion)) as connection, connection:
            connection.execute(statement, values)

    def restore(self) -> None:
        for left in self.companion.parent.glob(f"{self.companion.name}-*"):
            left.unlink()
        shutil.copyfile(self._template, self.companion)


class SampleServer(SamplePractice):
    """A practice on a server, with a companion copied from a template."""

    def __init__(self, server: Server, database: str, version: str, engine: str, companion: Path) -> None:
        self.server = server
        self.database = database
        self.version = version
        self.transactional = engine == "InnoDB"
        self.password = Secret(server.password)
        self.address = ServerAddress(server.host, server.port, database, server.user)
        self._template = companion
        self.companion = companion
        self._pristine = self.practice_rows()

    def practice_rows(self) -> Rows:
        with self.server.connection(self.database) as connection, connection.cursor() as cursor:
            return {
                table: _server_rows(cursor, table, next(member.name for member in members if member.primary))
                for table, members in columns(self.version).items()
            }

    def execute(self, statement: str, *values: object) -> None:
        with self.server.connection(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(statement.replace("%", "%%").replace("?", "%s"), values)

    def use(self, directory: Path) -> None:
        """Keep the companion in this directory from now on."""
        self.companion = directory / "companion.sqlite3"
        shutil.copyfile(self._template, self.companion)

    def open_as(self, account: Account) -> Office:
        """The office as another database user opens it; whoever asks for it closes it."""
        address = ServerAddress(self.server.host, self.server.port, self.database, account.user)
        password = Secret(account.password)
        return open_server_office(
            address, password, self.companion, AuthorityName.LOCAL, default_agreement(), runtime()
        )

    def restore(self) -> None:
        shutil.copyfile(self._template, self.companion)
        now = self.practice_rows()
        with self.server.connection(self.database) as connection, connection.cursor() as cursor:
            for table, members in self._pristine.items():
                if now[table] != members:
                    cursor.execute(f"DELETE FROM `{table}`")
                    if any(int(key) > _RANDOM_KEYS for key in now[table]):
                        cursor.execute(f"ALTER TABLE `{table}` AUTO_INCREMENT = 1")
                    insert_on_server(cursor, table, members.values())


@dataclass(frozen=True)
class Account:
    """A database user of one test's own."""

    user: str
    password: str


@contextmanager
def database_user(sample: SampleServer, *rights: str) -> Iterator[Account]:
    """A database user who has these rights on a practice, each with its table where it is not for all of them."""
    account = Account(f"apisetup_{uuid4().hex[:12]}", "pass word")
    sample.server.execute(f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}'")
    try:
        for right in rights:
            words, _, table = right.partition(" ON ")
            sample.server.execute(f"GRANT {words} ON `{sample.database}`.{table or '*'} TO '{account.user}'@'%'")
        yield account
    finally:
        sample.server.execute(f"DROP USER '{account.user}'@'%'")


def make_file_template(path: Path) -> None:
    """An SQLite practice as the program makes it, with the test practice's rows in place of its first ones."""
    engine = file_engine(path)
    make_practice(engine, ACCOUNT)
    Companion(engine, shared=True).prepare(lambda: NOW)
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, members in rows(NEW).items():
            there = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
            if there:
                connection.execute(f"DELETE FROM {table}")
                _insert_in_file(connection, table, ({k: v for k, v in row.items() if k in there} for row in members))
        _insert_registry(connection)


def make_companion_template(path: Path) -> None:
    """A companion with a few keys in its registry."""
    companion = Companion(file_engine(path), shared=False)
    companion.prepare(lambda: NOW)
    companion.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        _insert_registry(connection)


def make_server_practice(server: Server, database: str, version: str, engine: str) -> None:
    """A database with all columns that Open Dental has in the tables of interest, and the test practice's rows."""
    with server.connection() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8")
        cursor.execute(f"USE `{database}`")
        members = rows(version)
        for table, found in columns(version).items():
            cursor.execute(ddl(table, found, engine))
            insert_on_server(cursor, table, members.get(table, ()))


def insert_on_server(cursor: Any, table: str, members: Iterable[Mapping[str, object]]) -> None:
    """Insert rows; columns that are not named get what a blank sql_mode gives them."""
    for row in members:
        names = ", ".join(f"`{name}`" for name in row)
        samples = ", ".join("%s" for _ in row)
        cursor.execute(f"INSERT INTO `{table}` ({names}) VALUES ({samples})", tuple(row.values()))


def file_rows(path: Path) -> Rows:
    """All rows of all tables of an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: {
                str(row["our_key"]): {name: _text(row[name]) for name in row.keys() if name != "our_key"}  # noqa: SIM118
                for row in connection.execute(f"SELECT rowid AS our_key, * FROM {table}")
            }
            for table in tables
        }


def server_of_environment() -> Server:
    """The server that `APISETUP_TEST_MYSQL` names, as `user:password@host:port`."""
    named = os.environ.get("APISETUP_TEST_MYSQL", "root@127.0.0.1:3306")
    account, _, sample = named.rpartition("@")
    user, _, password = account.partition(":")
    host, _, port = sample.partition(":")
    return Server(host, int(port or 3306), user, password)


def _server_rows(cursor: Any, table: str, key: str) -> dict[str, Cells]:
    cursor.execute(f"SELECT * FROM `{table}` ORDER BY `{key}`")
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row[key]: row for row in found}


def _insert_in_file(connection: sqlite3.Connection, table: str, members: Iterable[Mapping[str, object]]) -> None:
    for row in members:
        samples = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({samples})", tuple(row.values()))


def _insert_registry(connection: sqlite3.Connection) -> None:
    for table, members in registry_rows().items():
        _insert_in_file(connection, table, members)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
