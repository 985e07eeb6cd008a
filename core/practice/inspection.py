"""The profile of a connected database: versions, tables, storage engines and settings, read once after connecting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, select, text

from core.base.errors import NotAPractice
from core.opendental.permission_types import Permission
from core.opendental.schema import OPEN_DENTAL, PREFERENCE, REPLICATION_SERVER
from core.opendental.versions import parse_version

_DEFAULT_RANDOM_KEYS = (10_000, 2**63 - 1)
"""Open Dental's range for random primary keys, unless a replication server has a range of its own."""
MIN_RANGE_SPAN = 999_999
"""The smallest range of a replication server that Open Dental uses."""
_OPTIONAL_TABLES = frozenset({"apikey", "replicationserver"})
_OPTIONAL_COLUMNS = frozenset({"definition.ItemValue", "definition.ItemColor"})
"""Columns that embedded practices made by earlier versions of this program lack."""
_SINCE = {Permission.DEF_EDIT: (21, 4), Permission.API_SUBSCRIPTION: (22, 1)}
"""The versions that brought a permission type; before them, the same is recorded as Setup."""
_PREFERENCES = ("PracticeTitle", "DataBaseVersion", "RandomPrimaryKeys")
_COLUMNS_OF_FILE = (
    "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
    " WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)
_COLUMNS_OF_TABLE = (
    "SELECT LOWER(table_name), column_name, LOWER(column_type), character_octet_length, character_set_name"
    " FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = :table"
)
_ENGINE_OF_TABLE = (
    "SELECT LOWER(table_name), '', engine, 0, ''"
    " FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :table"
)
_WRITTEN_TABLES = (
    "program",
    "programproperty",
    "preference",
    "apikey",
    "securitylog",
    "securityloghash",
    "signalod",
    "userod",
    "definition",
    "apisubscription",
)


@dataclass(frozen=True)
class TextColumn:
    """The capacity of a text column."""

    bytes_at_most: int
    """The column's length in bytes."""
    character_set: str
    """The server's name of the character set, such as `utf8mb3`."""


@dataclass(frozen=True)
class DatabaseNote:
    """A property of a database that an admin should know."""

    id: str
    """A stable identifier for programs, such as `transactions`."""
    sentence: str


@dataclass(frozen=True)
class DatabaseProfile:
    """The properties of a practice database, as read after connecting."""

    practice_title: str
    """The preference `PracticeTitle`; may be empty."""
    database_version: str
    """The preference `DataBaseVersion`, such as 24.3.10.0."""
    server: str
    """The product and version that the server reports, such as `MariaDB 10.11.6`."""
    host: str
    """The host name that the server reports (`@@hostname`); empty for SQLite."""
    database: str
    """The name of the database, or the path of the SQLite file."""
    user: str
    """The account that the server authenticated (`CURRENT_USER()`), such as `apisetup@%`; empty for SQLite."""
    tls: str
    """The TLS version of the connection; empty if it isn't encrypted, and for SQLite."""
    sql_mode: str
    """The SQL mode of this session, not the server's default; empty for SQLite."""
    character_set: str
    """The default character set of the database."""
    tables: frozenset[str]
    """The names of the tables that this program uses, in lower case on a server."""
    engines: tuple[tuple[str, str], ...]
    """Pairs of table and storage engine, for each table that this program writes."""
    permission_at_most: int
    """The largest number that `securitylog.PermType` can hold: 255, or 32767 since Open Dental 24.3.1."""
    log_text: TextColumn
    """The capacity of `securitylog.LogText`."""
    random_keys: tuple[int, int] | None
    """The range of new primary keys, inclusive, if the practice uses random ones; otherwise None."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """The columns of these tables, as far as the database user may see them: all in a file, on a server only ours."""

    @property
    def transactional(self) -> bool:
        """True if changes to every table that this program writes can be rolled back."""
        return all(engine.lower() in ("innodb", "sqlite") for _, engine in self.engines)

    @property
    def without_transactions(self) -> bool:
        """True if no table that this program writes knows transactions, so that none needs to be begun."""
        return not any(engine.lower() in ("innodb", "sqlite") for _, engine in self.engines)

    def is_at_least(self, *version: int) -> bool:
        """Return True if the database belongs to this version of Open Dental or a later one."""
        return parse_version(self.database_version) >= version

    def has_column(self, table: str, column: str) -> bool:
        """Return True if a table has a column, and the database user may see it."""
        return column.lower() in {name.lower() for name in self.columns.get(table, ())}

    def recorded_as(self, permission: Permission) -> Permission:
        """Return the permission type under which this version records what a later one records as `permission`."""
        exists = self.is_at_least(*_SINCE.get(permission, ()))
        return permission if exists and permission <= self.permission_at_most else Permission.SETUP

    def required_permission(self, permission: Permission) -> Permission:
        """Return the permission that a user needs here for what needs `permission` in the newest version.

        An embedded practice has no window in which somebody could grant others than those it began with.
        """
        if permission is Permission.DEF_EDIT and not self.host:
            return Permission.SETUP
        return permission if self.is_at_least(*_SINCE.get(permission, ())) else Permission.SETUP

    @property
    def hides_key_copy(self) -> bool:
        """True if the practice has the table `apikey`, which came in 21.4.1, and the database user can't read it."""
        return bool(self.host) and "apikey" not in self.tables and self.is_at_least(21, 4, 1)

    @property
    def notes(self) -> tuple[DatabaseNote, ...]:
        """Properties of the database that an admin should know."""
        notes = []
        if self.hides_key_copy:
            sentence = "The database user can't read the table apikey: keys that only it has aren't listed or masked."
            notes.append(DatabaseNote("key-copy", sentence))
        elif "apikey" not in self.tables:
            sentence = "This version of Open Dental (before 21.4.1) keeps no copy of the API keys."
            notes.append(DatabaseNote("key-copy", sentence))
        if self.permission_at_most < 258:
            notes.append(DatabaseNote("license-log", "Before 24.3.1, accepting the license is logged as Setup."))
        if not self.transactional:
            sentence = "Tables without transactions (MyISAM): each change is logged before it is made."
            notes.append(DatabaseNote("transactions", sentence))
        if self.random_keys:
            notes.append(DatabaseNote("primary-keys", "New rows get random primary keys, as set in this practice."))
        return tuple(notes)


@dataclass(frozen=True)
class _Column:
    """A column of a server's table."""

    table: str
    column: str
    type: str
    octets: int
    """The length of a text column in bytes; 0 for others."""
    character_set: str


def inspect_database(connection: Connection) -> DatabaseProfile:
    """Read the profile of the connected database.

    Raises:
        NotAPractice: The database lacks tables, columns or the version number that every Open Dental database has.
    """
    if connection.dialect.name == "sqlite":
        return _inspect_sqlite(connection)
    return _inspect_server(connection)


def _inspect_sqlite(connection: Connection) -> DatabaseProfile:
    columns: dict[str, set[str]] = {}
    for table, column in connection.execute(text(_COLUMNS_OF_FILE)).all():
        columns.setdefault(str(table), set()).add(str(column))
    _require_schema(columns)
    version = connection.scalar(text("SELECT sqlite_version()"))
    database = connection.engine.url.database or ""
    preferences = _read_preferences(connection)
    return DatabaseProfile(
        practice_title=preferences.get("PracticeTitle", ""),
        database_version=_require_version(preferences),
        server=f"SQLite {version}",
        host="",
        database=database,
        user="",
        tls="",
        sql_mode="",
        character_set="utf8mb4",
        tables=frozenset(columns),
        engines=tuple((table, "SQLite") for table in _WRITTEN_TABLES if table in columns),
        permission_at_most=32767,
        log_text=TextColumn(bytes_at_most=65_535, character_set="utf8mb4"),
        random_keys=_read_random_keys(connection, columns, preferences),
        columns={name: tuple(sorted(names)) for name, names in columns.items()},
    )


def _inspect_server(connection: Connection) -> DatabaseProfile:
    session = connection.execute(
        text("SELECT VERSION(), @@hostname, DATABASE(), CURRENT_USER(), @@SESSION.sql_mode, @@character_set_database")
    ).one()
    version, host, database, user, sql_mode, character_set = (str(value or "") for value in session)
    rows, engines = _read_tables(connection)
    in_order: dict[str, list[str]] = {}
    for row in rows:
        in_order.setdefault(row.table, []).append(row.column)
    columns = {table: set(names) for table, names in in_order.items()}
    _require_schema(columns)
    log_columns = {row.column.lower(): row for row in rows if row.table == "securitylog"}
    log_text = log_columns["logtext"]
    preferences = _read_preferences(connection)
    return DatabaseProfile(
        practice_title=preferences.get("PracticeTitle", ""),
        database_version=_require_version(preferences),
        server=_format_product(version),
        host=host,
        database=database,
        user=user,
        tls=_read_tls_version(connection),
        sql_mode=sql_mode,
        character_set=character_set,
        tables=frozenset(columns),
        engines=tuple((table, engines[table]) for table in _WRITTEN_TABLES if table in engines),
        permission_at_most=_max_value(log_columns["permtype"].type),
        log_text=TextColumn(log_text.octets, log_text.character_set),
        random_keys=_read_random_keys(connection, columns, preferences),
        columns={table: tuple(names) for table, names in in_order.items()},
    )


def _read_tables(connection: Connection) -> tuple[list[_Column], dict[str, str]]:
    """Read the columns of our tables, and the storage engine of each one, in one statement."""
    names = {f"table{number}": name for number, name in enumerate(_names_of_tables())}
    rows = connection.execute(text(_tables_query(names)), names).all()
    columns = [
        _Column(str(table), str(column), str(type_), int(octets or 0), str(character_set or ""))
        for table, column, type_, octets, character_set in rows
        if column
    ]
    return columns, {str(table): str(engine) for table, column, engine, *_ in rows if not column}


def _tables_query(parameters: Iterable[str]) -> str:
    """Return the statement that reads the tables that these parameters name.

    Each table has a SELECT of its own. MariaDB looks up one named table, but opens all tables of the database for a
    list of names, and those of all databases for a join of the two views.
    """
    both = (_COLUMNS_OF_TABLE, _ENGINE_OF_TABLE)
    return " UNION ALL ".join(each.replace(":table", f":{name}") for name in parameters for each in both)


def _read_tls_version(connection: Connection) -> str:
    """Read the negotiated TLS version from the server; return an empty text if the connection isn't encrypted."""
    row = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_version'")).one_or_none()
    return str(row[1] or "") if row is not None else ""


def _require_schema(columns: dict[str, set[str]]) -> None:
    """Refuse a database that lacks a mapped table or column.

    Args:
        columns: The columns of each table of the database.
    """
    marks = [name for name in ("preference", "securitylog") if name not in columns]
    if marks:
        raise NotAPractice(
            f"This is not an Open Dental database: it has no table {' and no table '.join(marks)}.",
            "Check the database's name, and that the database user may read it.",
        )
    missing = [
        name
        for table in OPEN_DENTAL.sorted_tables
        if table.name in columns or table.name not in _OPTIONAL_TABLES
        for name in _missing_names(table, columns)
    ]
    if missing:
        raise NotAPractice(
            f"This Open Dental database has no, or the database user can't read: {', '.join(missing)}.",
            "Grant the rights that 'apisetup grants' prints, or finish the update in Open Dental.",
        )


def _names_of_tables() -> list[str]:
    """Return the names of all tables that this program uses, those that a practice may lack among them."""
    # Imported here, because a file is asked for all its tables.
    from core.opendental.optional_tables import OPTIONAL, SERVICE_TABLES

    tables = (*OPEN_DENTAL.sorted_tables, *OPTIONAL.sorted_tables, *SERVICE_TABLES.sorted_tables)
    return [table.name for table in tables]


def _missing_names(table: Table, columns: dict[str, set[str]]) -> list[str]:
    if table.name not in columns:
        return [table.name]
    existing = {name.lower() for name in columns[table.name]}
    missing = [f"{table.name}.{column.name}" for column in table.columns if column.name.lower() not in existing]
    return [name for name in missing if name not in _OPTIONAL_COLUMNS]


def _require_version(preferences: Mapping[str, str]) -> str:
    version = preferences.get("DataBaseVersion", "")
    if not version:
        raise NotAPractice(
            "This database has no Open Dental version (preference DataBaseVersion).",
            "Open it in Open Dental once, or choose another database.",
        )
    return version


def _read_preferences(connection: Connection) -> dict[str, str]:
    """Read the preferences of the profile in one statement; of several rows with one name the first counts."""
    query = select(PREFERENCE.c.pref_name, PREFERENCE.c.value_string).where(PREFERENCE.c.pref_name.in_(_PREFERENCES))
    rows = connection.execute(query.order_by(PREFERENCE.c.pref_num.desc())).all()
    # The server compares names without regard to case.
    names = {name.lower(): name for name in _PREFERENCES}
    return {names[name.lower()]: value or "" for name, value in rows}


def _format_product(version: str) -> str:
    """Return product and version in short: `MariaDB 10.11.6` for `10.11.6-MariaDB-0+deb12u1`."""
    product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    # MariaDB before 11.0 may prefix its version with 5.5.5- for the sake of replication.
    return f"{product} {version.removeprefix('5.5.5-').split('-')[0]}"


def _max_value(column_type: str) -> int:
    if column_type.startswith("tinyint"):
        return 255 if "unsigned" in column_type else 127
    return 32_767


def _read_random_keys(
    connection: Connection, columns: Mapping[str, set[str]], preferences: Mapping[str, str]
) -> tuple[int, int] | None:
    """Read the range for random primary keys, as Open Dental does; return None if keys are auto-incremented."""
    if preferences.get("RandomPrimaryKeys") != "1":
        return None
    if connection.dialect.name == "sqlite" or "replicationserver" not in columns:
        return _DEFAULT_RANDOM_KEYS
    server_id = connection.scalar(text("SELECT @@server_id"))
    ranges = connection.execute(
        select(REPLICATION_SERVER.c.range_start, REPLICATION_SERVER.c.range_end).where(
            REPLICATION_SERVER.c.server_id == server_id
        )
    ).all()
    for start, end in ranges:
        if end - start >= MIN_RANGE_SPAN:
            return start, end
    return _DEFAULT_RANDOM_KEYS
