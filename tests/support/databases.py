"""Sample practices to test on, and a reading of their rows in plain SQL that uses nothing of core."""

from __future__ import annotations

import re
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine

from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.companion.store import Companion
from core.database.address import Address, FileAddress, ServerAddress
from core.database.engines import file_engine, server_engine
from core.model.agreement import Agreement, default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_file_office, open_server_office
from core.practice.bootstrap import make_practice
from core.practice.inspection import inspect_database
from core.practice.practice import Practice, ReadOnly
from tests.support.opendental_columns import NEW, columns, ddl
from tests.support.practice_rows import ACCOUNT, registry_rows, rows
from tests.support.sealed_keys import key_file, write_key_file
from tests.support.server import Server, pymysql

NOW = datetime(2024, 11, 6, 14, 30, 15)
"""The time that the clock of every SQLite sample shows."""
COMPUTER = "server-1, 203.0.113.9"

_LARGEST_COUNTED = 1_000_000
"""A primary key above this was picked at random or by a test, and the server would continue to count from it."""
_NUMBERED_TABLES = {"securitylog", "securityloghash", "signalod", "apikey", "definition"}
"""The tables into which the program inserts rows."""

Cells = dict[str, str | None]
Rows = dict[str, dict[str, Cells]]
"""All rows by table and primary key, with every value as text."""


def runtime(clock: Callable[[], datetime] = lambda: NOW) -> RuntimeContext:
    """Return a runtime context that depends on nothing of this machine."""
    random = Random(7)  # noqa: S311 - the same numbers in every run
    return RuntimeContext(clock=clock, random=random, computer=COMPUTER, account=ACCOUNT)


def open_practice(engine: Engine, context: RuntimeContext, read_only: ReadOnly | None = None) -> Practice:
    """Open only a practice database, without an office; the caller disposes of the engine."""
    with engine.connect() as connection:
        profile = inspect_database(connection.execution_options(read_only=True))
    return Practice(engine, profile, context.clock, context.random, read_only=read_only)


class SamplePractice(ABC):
    """A practice with its companion.

    Attributes:
        version: The Open Dental version of the database.
        transactional: True if the tables support transactions.
        companion: The companion's file.
        address: The address under which the program opens the practice.
        password: The password of the database user.
    """

    version: str
    transactional: bool
    companion: Path
    address: Address
    password = Secret("")

    @abstractmethod
    def practice_rows(self) -> Rows:
        """Read all rows of the practice in plain SQL."""

    @abstractmethod
    def execute(self, statement: str, *values: object) -> None:
        """Change the practice in plain SQL, as another program would; `?` is the placeholder for a value."""

    @abstractmethod
    def restore(self) -> None:
        """Restore all rows of the practice and the companion."""

    @property
    def on_server(self) -> bool:
        """True if the practice is on a database server."""
        return isinstance(self.address, ServerAddress)

    @property
    def has_apikey(self) -> bool:
        """True if this version of Open Dental keeps a copy of the keys in the table `apikey`."""
        return self.version == NEW

    @property
    def license_kind(self) -> int:
        """The PermType under which accepting the license is logged."""
        return 258 if self.version == NEW else 8

    @property
    def companion_source(self) -> CompanionSource:
        """The companion, to be opened with a practice on a server."""
        return CompanionSource.file(self.companion)

    def all_rows(self) -> Rows:
        """Read all rows of the practice and the companion."""
        return self.practice_rows() | file_rows(self.companion)

    def open(
        self,
        authority: AuthorityName = AuthorityName.LOCAL,
        clock: Callable[[], datetime] = lambda: NOW,
        agreement: Agreement | None = None,
        password: Secret | None = None,
    ) -> Office:
        """Open the office; the caller closes it."""
        agreement, context = agreement or default_agreement(), runtime(clock)
        if isinstance(self.address, FileAddress):
            return open_file_office(self.address, agreement, context)
        password = password or self.password
        return open_server_office(self.address, password, self.companion_source, authority, agreement, context)

    @contextmanager
    def office(
        self,
        authority: AuthorityName = AuthorityName.LOCAL,
        clock: Callable[[], datetime] = lambda: NOW,
        agreement: Agreement | None = None,
    ) -> Iterator[Office]:
        """Open the office, and close it at the end."""
        with closing(self.open(authority, clock, agreement)) as office:
            yield office

    @contextmanager
    def practice(self, clock: Callable[[], datetime] = lambda: NOW) -> Iterator[Practice]:
        """Open only the practice database, without an office, and close it at the end."""
        if isinstance(self.address, FileAddress):
            engine = file_engine(self.address.path)
        else:
            engine = server_engine(self.address, self.password)
        try:
            yield open_practice(engine, runtime(clock))
        finally:
            engine.dispose()

    def value(self, table: str, key: int, column: str) -> str | None:
        """Read one value in plain SQL."""
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
        for journal in self.companion.parent.glob(f"{self.companion.name}-*"):
            journal.unlink()
        copy_private(self._template, self.companion)


class SampleServer(SamplePractice):
    """A practice on a server, with a companion copied from a template.

    Its own connection stays open for the whole test run: connecting costs more than most of what a test asks for.
    """

    def __init__(self, server: Server, database: str, version: str, engine: str, companion: Path) -> None:
        self.server = server
        self.database = database
        self.version = version
        self.transactional = engine == "InnoDB"
        self.password = Secret(server.password)
        self.address = ServerAddress(server.host, server.port, database, server.user)
        self._template = companion
        self.companion = companion
        self._connection: Any = None
        self._checksum_query = f"CHECKSUM TABLE {', '.join(columns(version))}"
        with self._cursor() as cursor:
            self._pristine_checksums = self._checksums(cursor)
        self._pristine = self.practice_rows()

    def practice_rows(self) -> Rows:
        with self._cursor() as cursor:
            return {table: self._table_rows(cursor, table) for table in columns(self.version)}

    def execute(self, statement: str, *values: object) -> None:
        with self._cursor() as cursor:
            cursor.execute(statement.replace("%", "%%").replace("?", "%s"), values)

    def use_directory(self, directory: Path) -> None:
        """Copy the companion to this directory and use that copy from now on."""
        self.companion = directory / "companion.sqlite3"
        copy_private(self._template, self.companion)

    def open_as(self, account: Account) -> Office:
        """Open the office as another database user; the caller closes it."""
        address = ServerAddress(self.server.host, self.server.port, self.database, account.user)
        password = Secret(account.password)
        return open_server_office(
            address, password, self.companion_source, AuthorityName.LOCAL, default_agreement(), runtime()
        )

    def restore(self) -> None:
        copy_private(self._template, self.companion)
        with self._cursor() as cursor:
            checksums = self._checksums(cursor)
            changed = {table for table, checksum in self._pristine_checksums.items() if checksums[table] != checksum}
            for table in changed:
                self._restore_table(cursor, table)
            # A random or large key moves the counter of its table even if its row was deleted or rolled back.
            for table in changed | (_NUMBERED_TABLES & set(self._pristine)):
                if self._counter(cursor, table) > _LARGEST_COUNTED:
                    cursor.execute(f"ALTER TABLE `{table}` AUTO_INCREMENT = 1")

    def close(self) -> None:
        """Close the sample's own connection."""
        if self._connection is not None and self._connection.open:
            self._connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        if self._connection is not None:
            try:
                self._connection.ping(reconnect=False)
            except pymysql.err.Error:
                # A test had the server close it.
                self._connection = None
        if self._connection is None:
            self._connection = self.server.connect(self.database)
        with self._connection.cursor() as cursor:
            yield cursor

    def _checksums(self, cursor: Any) -> dict[str, str | None]:
        cursor.execute(self._checksum_query)
        return {name.rpartition(".")[2]: checksum for name, checksum in cursor.fetchall()}

    def _table_rows(self, cursor: Any, table: str) -> dict[str, Cells]:
        key = self._primary_key(table)
        cursor.execute(f"SELECT * FROM `{table}` ORDER BY `{key}`")
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {row[key]: row for row in found}

    def _primary_key(self, table: str) -> str:
        return next(column.name for column in columns(self.version)[table] if column.primary)

    def _restore_table(self, cursor: Any, table: str) -> None:
        # All rows, not only the changed ones: a MyISAM table without ORDER BY gives them in the order of its file.
        cursor.execute(f"DELETE FROM `{table}`")
        insert_on_server(cursor, table, self._pristine[table].values())

    def _counter(self, cursor: Any, table: str) -> int:
        """Return the key that the next row would get; MySQL's `information_schema` would tell an old one."""
        cursor.execute(f"SHOW CREATE TABLE `{table}`")
        found = re.search(r"AUTO_INCREMENT=(\d+)", cursor.fetchone()[1])
        return int(found[1]) if found else 1


@dataclass(frozen=True)
class Account:
    """A database user that one test has for itself."""

    user: str
    password: str


@contextmanager
def database_user(sample: SampleServer, *rights: str) -> Iterator[Account]:
    """Create a database user for a practice, and drop it at the end.

    Args:
        sample: The practice.
        rights: What to grant: `SELECT` on all tables, `SELECT ON userod` on one.
    """
    account = Account(sample.server.temporary_name(), "pass word")
    grants = [right.partition(" ON ") for right in rights]
    sample.server.execute(
        f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}'",
        *(f"GRANT {words} ON `{sample.database}`.{table or '*'} TO '{account.user}'@'%'" for words, _, table in grants),
    )
    try:
        yield account
    finally:
        sample.server.execute(f"DROP USER '{account.user}'@'%'")


def make_file_template(path: Path) -> None:
    """Make an SQLite practice as the program makes it, with the rows of the sample practice instead of its own."""
    write_key_file(path)
    engine = file_engine(path)
    make_practice(engine, ACCOUNT)
    Companion(engine, shared=True).prepare(lambda: NOW)
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, members in rows(NEW).items():
            names = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
            if names:
                connection.execute(f"DELETE FROM {table}")
                _insert_in_file(connection, table, ({k: v for k, v in row.items() if k in names} for row in members))
        _insert_registry(connection)


def make_companion_template(path: Path) -> None:
    """Make a companion with a few keys in its registry."""
    write_key_file(path)
    companion = Companion(file_engine(path), shared=False)
    companion.prepare(lambda: NOW)
    companion.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        _insert_registry(connection)


def make_server_practice(server: Server, database: str, version: str, engine: str) -> None:
    """Create a database with the rows of the sample practice and all columns that Open Dental has in its tables."""
    with server.connection() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8")
        cursor.execute(f"USE `{database}`")
        members = rows(version)
        for table, table_columns in columns(version).items():
            cursor.execute(ddl(table, table_columns, engine))
            insert_on_server(cursor, table, members.get(table, ()))


@contextmanager
def server_database(server: Server, version: str, engine: str) -> Iterator[str]:
    """Create a practice in a new database of this test's own, yield its name, and drop it at the end."""
    database = server.temporary_name()
    try:
        make_server_practice(server, database, version, engine)
        yield database
    finally:
        server.execute(f"DROP DATABASE IF EXISTS `{database}`")


def insert_on_server(cursor: Any, table: str, members: Iterable[Mapping[str, object]]) -> None:
    """Insert rows; a column that a row does not name gets the default of a blank `sql_mode`."""
    by_names: dict[tuple[str, ...], list[tuple[object, ...]]] = {}
    for row in members:
        by_names.setdefault(tuple(row), []).append(tuple(row.values()))
    for names, values in by_names.items():
        listed = ", ".join(f"`{name}`" for name in names)
        marks = ", ".join("%s" for _ in names)
        cursor.executemany(f"INSERT INTO `{table}` ({listed}) VALUES ({marks})", values)


def copy_private(template: Path, path: Path) -> None:
    """Copy an SQLite file and its key file with the mode that the program gives its own."""
    for source, target in ((template, path), (key_file(template), key_file(path))):
        if source.exists():
            shutil.copyfile(source, target)
            target.chmod(0o600)


def file_rows(path: Path) -> Rows:
    """Read all rows of all tables of an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: {
                str(row["our_key"]): {name: _text(row[name]) for name in row.keys() if name != "our_key"}  # noqa: SIM118
                for row in connection.execute(f"SELECT {_row_key(connection, table)} AS our_key, * FROM {table}")
            }
            for table in tables
        }


def _row_key(connection: sqlite3.Connection, table: str) -> str:
    """Return the column of the primary key, since a row that is deleted and put back gets another `rowid`."""
    keys = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})") if row["pk"]]
    return str(keys[0]) if len(keys) == 1 else "rowid"


def _insert_in_file(connection: sqlite3.Connection, table: str, members: Iterable[Mapping[str, object]]) -> None:
    for row in members:
        marks = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def _insert_registry(connection: sqlite3.Connection) -> None:
    for table, members in registry_rows().items():
        _insert_in_file(connection, table, members)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
