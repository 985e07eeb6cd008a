"""What a connected database is: its versions, tables, engines and habits, read once after connecting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, Table, inspect, select, text

from core.base.errors import NotAPractice
from core.opendental.schema import OpenDental, Preference, ReplicationServer

_RANDOM_KEYS = (10_000, 2**63 - 1)
MIN_RANGE_SPAN = 999_999
_OPTIONAL = frozenset({"apikey", "replicationserver"})
_WRITTEN = (
    "program",
    "programproperty",
    "preference",
    "apikey",
    "securitylog",
    "securityloghash",
    "signalod",
    "userod",
)


@dataclass(frozen=True)
class TextColumn:
    """What a text column can hold."""

    bytes_at_most: int
    character_set: str


@dataclass(frozen=True)
class DatabaseProfile:
    """One practice database as it was found."""

    practice_title: str
    """Preference `PracticeTitle`; may be empty."""
    database_version: str
    """Preference `DataBaseVersion`, such as 24.3.10.0."""
    server: str
    """Product and version, as the server reports them."""
    host: str
    """The server's own name for its machine; empty for SQLite."""
    database: str
    user: str
    """The database user as the server knows it; empty for SQLite."""
    tls: str
    """The version of TLS that protects the line; empty where nothing does, as with SQLite."""
    sql_mode: str
    """Of our session, not the server's default."""
    character_set: str
    tables: frozenset[str]
    engines: tuple[tuple[str, str], ...]
    """Storage engine of each table that this program writes."""
    permission_at_most: int
    """The largest number that `securitylog.PermType` holds: 255, or 32767 from 24.3.1 on."""
    log_text: TextColumn
    random_keys: tuple[int, int] | None
    """The range of new primary keys where the practice asks for random ones."""

    @property
    def transactional(self) -> bool:
        """Whether every table that we write can be rolled back."""
        return all(engine.lower() in ("innodb", "sqlite") for _, engine in self.engines)

    @property
    def notes(self) -> tuple[str, ...]:
        """What an admin should know about this database, in plain words."""
        notes = []
        if "apikey" not in self.tables:
            notes.append("This version of Open Dental (before 21.4.1) keeps no copy of the API keys.")
        if self.permission_at_most < 258:
            notes.append("Before 24.3.1, accepting the license is logged as Setup.")
        if not self.transactional:
            notes.append("Tables without transactions (MyISAM): each change is logged before it is made.")
        if self.random_keys:
            notes.append("New rows get random primary keys, as this practice asks for.")
        return tuple(notes)


def inspect_database(connection: Connection) -> DatabaseProfile:
    """Find out what the connected database is.

    Raises:
        NotAPractice: It lacks tables, columns or the version that every Open Dental database has.
    """
    if connection.dialect.name == "sqlite":
        return _inspect_sqlite(connection)
    return _inspect_server(connection)


def _inspect_sqlite(connection: Connection) -> DatabaseProfile:
    inspector = inspect(connection)
    found = {name: {column["name"] for column in inspector.get_columns(name)} for name in inspector.get_table_names()}
    _require(found)
    version = connection.scalar(text("SELECT sqlite_version()"))
    database = connection.engine.url.database or ""
    return DatabaseProfile(
        practice_title=_preference(connection, "PracticeTitle"),
        database_version=_version(connection),
        server=f"SQLite {version}",
        host="",
        database=database,
        user="",
        tls="",
        sql_mode="",
        character_set="utf8mb4",
        tables=frozenset(found),
        engines=tuple((name, "SQLite") for name in _WRITTEN if name in found),
        permission_at_most=32767,
        log_text=TextColumn(bytes_at_most=65_535, character_set="utf8mb4"),
        random_keys=_random_keys(connection, found),
    )


def _inspect_server(connection: Connection) -> DatabaseProfile:
    facts = connection.execute(
        text("SELECT VERSION(), @@hostname, DATABASE(), CURRENT_USER(), @@SESSION.sql_mode, @@character_set_database")
    ).one()
    version, host, database, user, sql_mode, character_set = (str(fact or "") for fact in facts)
    columns = connection.execute(
        text(
            "SELECT LOWER(table_name), column_name, LOWER(column_type), character_octet_length, character_set_name"
            " FROM information_schema.columns WHERE table_schema = DATABASE()"
        )
    ).all()
    found: dict[str, set[str]] = {}
    for table_name, column_name, *_ in columns:
        found.setdefault(str(table_name), set()).add(str(column_name))
    _require(found)
    engines = connection.execute(
        text("SELECT LOWER(table_name), engine FROM information_schema.tables WHERE table_schema = DATABASE()")
    ).all()
    log_columns = {str(row[1]).lower(): row for row in columns if row[0] == "securitylog"}
    perm_type, log_text = str(log_columns["permtype"][2]), log_columns["logtext"]
    return DatabaseProfile(
        practice_title=_preference(connection, "PracticeTitle"),
        database_version=_version(connection),
        server=_product(version),
        host=host,
        database=database,
        user=user,
        tls=_tls(connection),
        sql_mode=sql_mode,
        character_set=character_set,
        tables=frozenset(found),
        engines=tuple((str(name), str(engine)) for name, engine in engines if name in _WRITTEN),
        permission_at_most=_largest(perm_type),
        log_text=TextColumn(int(log_text[3] or 0), str(log_text[4] or "")),
        random_keys=_random_keys(connection, found),
    )


def _tls(connection: Connection) -> str:
    """The version of TLS, as the server says it was negotiated."""
    row = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_version'")).one_or_none()
    return str(row[1] or "") if row is not None else ""


def _require(found: dict[str, set[str]]) -> None:
    """Refuse a database that lacks a table or column of ours."""
    if "preference" not in found or "securitylog" not in found:
        raise NotAPractice(
            "This is not an Open Dental database: it has no tables preference and securitylog.",
            "Check the database's name, and that the database user may read it.",
        )
    missing = [
        name
        for table in _mapped_tables()
        if table.name in found or table.name not in _OPTIONAL
        for name in _missing(table, found)
    ]
    if missing:
        raise NotAPractice(
            f"This Open Dental database lacks, or hides from the database user: {', '.join(missing)}.",
            "Grant the rights that the README lists, or finish the update in Open Dental.",
        )


def _mapped_tables() -> Iterable[Table]:
    return cast("Iterable[Table]", OpenDental.metadata.sorted_tables)


def _missing(table: Table, found: dict[str, set[str]]) -> list[str]:
    if table.name not in found:
        return [table.name]
    there = {name.lower() for name in found[table.name]}
    return [f"{table.name}.{column.name}" for column in table.columns if column.name.lower() not in there]


def _version(connection: Connection) -> str:
    version = _preference(connection, "DataBaseVersion")
    if not version:
        raise NotAPractice(
            "This database does not say which version of Open Dental it belongs to (preference DataBaseVersion).",
            "Open it in Open Dental once, or choose another database.",
        )
    return version


def _preference(connection: Connection, name: str) -> str:
    query = select(Preference.value_string).where(Preference.pref_name == name).limit(1)
    return connection.scalar(query) or ""


def _product(version: str) -> str:
    """`10.11.6-MariaDB-0+deb12u1` as `MariaDB 10.11.6`."""
    product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    # Old MariaDB servers put a 5.5.5- before their version, for replication's sake.
    return f"{product} {version.removeprefix('5.5.5-').split('-')[0]}"


def _largest(column_type: str) -> int:
    if column_type.startswith("tinyint"):
        return 255 if "unsigned" in column_type else 127
    return 32_767


def _random_keys(connection: Connection, found: dict[str, set[str]]) -> tuple[int, int] | None:
    """The range for random primary keys; None where the server numbers new rows itself."""
    if _preference(connection, "RandomPrimaryKeys") != "1":
        return None
    if connection.dialect.name == "sqlite" or "replicationserver" not in found:
        return _RANDOM_KEYS
    server_id = connection.scalar(text("SELECT @@server_id"))
    ranges = connection.execute(
        select(ReplicationServer.range_start, ReplicationServer.range_end).where(
            ReplicationServer.server_id == server_id
        )
    ).all()
    for start, end in ranges:
        if end - start >= MIN_RANGE_SPAN:
            return start, end
    return _RANDOM_KEYS
