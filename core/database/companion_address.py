"""Addresses of companion databases: an SQLite file, or a database on a server that a team shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from core.base.errors import ConfigurationError
from core.database.address import FileAddress, ServerAddress
from core.database.local_host import is_local
from core.database.postgresql_address import PostgresqlAddress

if TYPE_CHECKING:
    from core.database.tls import Tls

CompanionServer = ServerAddress | PostgresqlAddress
CompanionAddress = FileAddress | CompanionServer


@dataclass(frozen=True)
class CompanionSettings:
    """The names of the settings of a companion on a server, for hints."""

    url: str = "companion"
    password: str = "companion_password_from"  # noqa: S105 - the name of a setting
    tls: str = "companion_tls"
    authority: str = "companion_tls_ca"


CONFIGURED = CompanionSettings()
"""The names in the configuration file."""
EXAMPLE = "postgresql+psycopg://user@host:5432/database or mysql+pymysql://user@host:3306/database"
_MYSQL = ("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql")
_POSTGRESQL = ("postgresql", "postgresql+psycopg")
_SOCKET_OPTIONS = {"mysql": "unix_socket", "postgresql": "host"}


def is_url(text: str) -> bool:
    """Return True if a text is a URL, not the path of a file."""
    return "://" in text


def parse_companion_url(url: str, settings: CompanionSettings = CONFIGURED) -> CompanionServer:
    """Parse the URL of a companion on a server.

    Connections to another computer are encrypted and verified; local ones are encrypted if the server offers it.

    Args:
        url: The URL.
        settings: The names of the settings that a hint names.

    Raises:
        ConfigurationError: The URL is invalid or contains a password. The message never repeats the URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("isn't valid") from None
    if parts.password is not None or "@" in unquote(parts.path):
        raise ConfigurationError(
            "The companion's URL has a password, which doesn't belong there.",
            f"Leave it out, change it because it was exposed, and name its source in {settings.password}.",
        )
    if parts.scheme in _MYSQL:
        host, database, user, socket = _parts(parts, "mysql")
        return ServerAddress(host, port or 3306, database, user, socket, _default_tls(host, socket))
    if parts.scheme in _POSTGRESQL:
        host, database, user, socket = _parts(parts, "postgresql")
        return PostgresqlAddress(host, port or 5432, database, user, socket, _default_tls(host, socket))
    raise _invalid("has an unsupported scheme")


def companion_url(address: CompanionServer) -> str:
    """Return the URL of a companion on a server, as `parse_companion_url` reads it."""
    from urllib.parse import quote

    kind = "mysql" if isinstance(address, ServerAddress) else "postgresql"
    scheme = "mysql+pymysql" if kind == "mysql" else "postgresql+psycopg"
    user, database = quote(address.user, safe=""), quote(address.database, safe="")
    if address.socket:
        port = "" if kind == "mysql" or address.port == 5432 else f":{address.port}"
        return f"{scheme}://{user}@{port}/{database}?{_SOCKET_OPTIONS[kind]}={quote(address.socket)}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{scheme}://{user}@{host}:{address.port}/{database}"


def _parts(parts: SplitResult, kind: str) -> tuple[str, str, str, str]:
    """Return the host, the database, the user and the socket of a URL."""
    host, user, database = parts.hostname or "", unquote(parts.username or ""), unquote(parts.path).removeprefix("/")
    options = parse_qs(parts.query, keep_blank_values=True)
    socket = "".join(options.pop(_SOCKET_OPTIONS[kind], [])[:1])
    if options:
        raise _invalid(f"has unsupported options; only {_SOCKET_OPTIONS[kind]} is supported, for a socket")
    if not user or not database or not (host or socket):
        raise _invalid("needs a user, a host and a database")
    if not all(map(str.isprintable, (host, database, user, socket))):
        raise _invalid("contains characters that can't be printed")
    return host or "localhost", database, user, socket


def _default_tls(host: str, socket: str) -> Tls | None:
    from core.database.tls import Tls

    return None if is_local(host, socket) else Tls()


def _invalid(what: str) -> ConfigurationError:
    return ConfigurationError(f"The companion's URL {what}.", f"Write it as {EXAMPLE}.")
