"""The offices that Open Dental's central manager knows: its table `centralconnection`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Integer, Text, column, select, table, text

from core.base.errors import NotAPractice
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.driver_errors import translate_errors
from core.database.engines import refuse_writes, server_engine

# What else the table has - MySqlPassword and OdPassword, both encrypted - is never asked for.
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

# Seen by a user with rights on some columns only, which reflecting the table would not be.
_COLUMNS_THERE = text(
    "SELECT LOWER(column_name) FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND LOWER(table_name) = 'centralconnection'"
)


@dataclass(frozen=True)
class CentralConnection:
    """One office in the central manager's list; each text may be empty."""

    number: int
    server: str
    """`host` or `host:port`."""
    database: str
    user: str
    service: str
    """The address of a Middle Tier, for offices that are reached by one."""
    note: str


def read_central_connections(address: ServerAddress, password: Secret) -> tuple[CentralConnection, ...]:
    """Read the list, in its order; this blocks, and writes nothing.

    Raises:
        NotAPractice: The database is none of a central manager.
        PracticeUnavailable: It cannot be read.
    """
    engine = refuse_writes(server_engine(address, password))
    try:
        with translate_errors(), engine.connect() as plain:
            connection = plain.execution_options(read_only=True)
            _require_columns(set(connection.scalars(_COLUMNS_THERE)))
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
        )
        for row in rows
    )


def _require_columns(there: set[str]) -> None:
    missing = [each.name for each in _CONNECTIONS.columns if each.name.lower() not in there]
    if missing:
        raise NotAPractice(
            "This database has no list of a central manager (table centralconnection), or hides it.",
            "Name the database of Open Dental's central manager, and a user who may read that table.",
        )
