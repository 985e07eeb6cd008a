"""The table `centralconnection` of Open Dental's Central Manager: the offices it connects to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Connection, Integer, Text, column, select, table, text

from core.base.errors import NotAPractice
from core.database.driver_errors import translate_errors
from core.database.engines import refuse_writes, server_engine

if TYPE_CHECKING:
    from core.base.secret import Secret
    from core.database.address import ServerAddress

# The encrypted columns MySqlPassword and OdPassword are never read.
_CONNECTIONS = table(
    "centralconnection",
    column("CentralConnectionNum", BigInteger),
    column("ServerName", Text),
    column("DatabaseName", Text),
    column("MySqlUser", Text),
    column("ServiceURI", Text),
    column("Note", Text),
    column("ItemOrder", Integer),
)

_GROUPS = table("connectiongroup", column("ConnectionGroupNum", BigInteger), column("Description", Text))
_ATTACHED = table(
    "conngroupattach", column("ConnectionGroupNum", BigInteger), column("CentralConnectionNum", BigInteger)
)

# Works for a user who may read only some of the columns; reflecting the table would not.
_READABLE_COLUMNS = text(
    "SELECT LOWER(table_name), LOWER(column_name) FROM information_schema.columns WHERE table_schema = DATABASE()"
    " AND LOWER(table_name) IN ('centralconnection', 'connectiongroup', 'conngroupattach')"
)


@dataclass(frozen=True)
class CentralConnection:
    """A row of the table. Every string may be empty."""

    number: int
    """The primary key."""
    server: str
    """The database server, as `host` or `host:port`."""
    database: str
    user: str
    """The database user."""
    service: str
    """The URL of a Middle Tier service, for an office that is reached through one."""
    note: str
    groups: tuple[str, ...] = ()
    """The descriptions of the groups that it belongs to."""


def read_central_connections(address: ServerAddress, password: Secret) -> tuple[CentralConnection, ...]:
    """Read the connections, in the order the Central Manager lists them. Blocks, and writes nothing.

    Args:
        address: The Central Manager's own database.
        password: The password of the database user.

    Raises:
        NotAPractice: The database isn't one of a Central Manager.
        PracticeUnavailable: The database can't be read.
    """
    engine = refuse_writes(server_engine(address, password))
    try:
        with translate_errors(), engine.connect() as writable:
            connection = writable.execution_options(read_only=True)
            readable: dict[str, set[str]] = {}
            for name, readable_column in connection.execute(_READABLE_COLUMNS):
                readable.setdefault(str(name), set()).add(str(readable_column))
            _require_columns(readable.get(_CONNECTIONS.name, set()))
            groups = _read_groups(connection, readable)
            columns = _CONNECTIONS.columns
            rows = connection.execute(
                select(*columns).order_by(columns["ItemOrder"], columns["CentralConnectionNum"])
            ).all()
    finally:
        engine.dispose()
    return tuple(
        CentralConnection(
            number=int(row[0]),
            server=str(row[1] or "").strip(),
            database=str(row[2] or "").strip(),
            user=str(row[3] or "").strip(),
            service=str(row[4] or "").strip(),
            note=str(row[5] or "").strip(),
            groups=tuple(groups.get(int(row[0]), ())),
        )
        for row in rows
    )


def _read_groups(connection: Connection, readable: Mapping[str, set[str]]) -> dict[int, list[str]]:
    """Return the descriptions of the groups of each connection; none if this user can't read them."""
    for each in (_GROUPS, _ATTACHED):
        if any(column.name.lower() not in readable.get(each.name, ()) for column in each.columns):
            return {}
    attached, named = _ATTACHED.c, _GROUPS.c
    query = (
        select(attached.CentralConnectionNum, named.Description)
        .join_from(_ATTACHED, _GROUPS, named.ConnectionGroupNum == attached.ConnectionGroupNum)
        .order_by(named.Description)
    )
    groups: dict[int, list[str]] = {}
    for number, description in connection.execute(query):
        if str(description or "").strip():
            groups.setdefault(int(number), []).append(str(description).strip())
    return groups


def _require_columns(readable: set[str]) -> None:
    missing = [each.name for each in _CONNECTIONS.columns if each.name.lower() not in readable]
    if missing:
        raise NotAPractice(
            "This database has no list of a central manager (table centralconnection), or this user can't read it.",
            "Name the database of Open Dental's central manager and a user who can read that table.",
        )
