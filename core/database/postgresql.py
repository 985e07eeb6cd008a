"""Engines for PostgreSQL, on which a team may keep the companion database.

The driver, psycopg, is an optional dependency. It is imported with the first engine.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from core.base.errors import ConfigurationError
from core.base.file_status import file_status
from core.base.secret import Secret
from core.database.companion_address import CONFIGURED, CompanionSettings
from core.database.engines import CONNECT_SECONDS, READ_SECONDS, with_listeners
from core.database.local_host import plain_host
from core.database.postgresql_address import PostgresqlAddress
from core.database.tls import Tls

DRIVER = "postgresql+psycopg"
"""The name of the dialect in a URL."""

# A wait for a lock is shorter than a statement may take, and an idle transaction would hold up all other programs.
_SESSION = (
    f"SET statement_timeout = '{READ_SECONDS}s'; SET lock_timeout = '10s';"
    " SET idle_in_transaction_session_timeout = '60s'"
)
_SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_KNOWS_SYSTEM_AUTHORITIES = 16_00_00
"""The version of libpq since which `sslrootcert=system` stands for the authorities that the system trusts."""


def postgresql_engine(address: PostgresqlAddress, password: Secret, settings: CompanionSettings = CONFIGURED) -> Engine:
    """Create an engine for a PostgreSQL server. It connects on first use.

    Args:
        address: The database, and the TLS settings of the connection.
        password: The password of the database user.
        settings: The names of the settings that a hint names.

    Raises:
        ConfigurationError: psycopg isn't installed, or a TLS file can't be used.
    """
    try:
        import psycopg
    except ImportError as error:
        raise ConfigurationError(
            "The companion is on a PostgreSQL server, which needs the Python package psycopg; it isn't installed.",
            "Install apisetup with it: uv tool install 'apisetup[postgresql]', or pip install 'psycopg[binary]'.",
        ) from error
    url = URL.create(
        DRIVER,
        username=address.user,
        host=address.socket or plain_host(address.host),
        port=address.port,
        database=address.database,
    )
    engine = create_engine(
        url,
        pool_size=2,
        max_overflow=2,
        pool_pre_ping=True,
        hide_parameters=True,
        # As with MySQL, reads need no transaction, and changes begin one.
        isolation_level="AUTOCOMMIT",
        connect_args={
            # An empty password has libpq look for one in the user's files.
            "password": password.reveal() or None,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "apisetup",
            "client_encoding": "utf8",
            "keepalives_idle": READ_SECONDS,
            "tcp_user_timeout": READ_SECONDS * 1000,
            # Prepared statements don't work through every connection pooler.
            "prepare_threshold": None,
            **_tls_options(address, psycopg.pq.version(), settings),
        },
    )

    @event.listens_for(engine, "connect")
    def _prepare_session(connection: Any, _record: object) -> None:
        connection.execute(_SESSION)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("BEGIN")

    return with_listeners(engine)


def _tls_options(address: PostgresqlAddress, libpq: int, settings: CompanionSettings) -> dict[str, str]:
    """Return the connection options for the TLS settings of an address, and a version of libpq."""
    if address.tls is None:
        # A local server is not verified, as with MySQL.
        return {"sslmode": "disable" if address.tls_off or address.socket else "prefer"}
    # Raises an error that names the file which can't be used.
    address.tls.context()
    options = {"sslmode": "verify-full", "sslrootcert": _authorities(address.tls, libpq, settings)}
    if address.tls.certificate is not None:
        options["sslcert"] = str(address.tls.certificate)
        options["sslkey"] = str(address.tls.key or address.tls.certificate)
    return options


def _authorities(tls: Tls, libpq: int, settings: CompanionSettings) -> str:
    if tls.authority is not None:
        return str(tls.authority)
    # The library within psycopg's own package may look for the system's file where that of another system is.
    for file in (ssl.get_default_verify_paths().cafile, _SYSTEM_AUTHORITIES):
        if file and file_status(Path(file)) is not None:
            return file
    if libpq >= _KNOWS_SYSTEM_AUTHORITIES:
        return "system"
    raise ConfigurationError(
        "The certificate authorities that this system trusts can't be found.",
        f"Name their file in {settings.authority}.",
    )
