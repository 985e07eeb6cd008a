"""Addresses of practice databases: a server's database or an SQLite file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from core.base.errors import ConfigurationError
from core.database.local_host import is_local

if TYPE_CHECKING:
    from core.database.tls import Tls

EXAMPLE = "mysql+pymysql://user@host:3306/opendental"


@dataclass(frozen=True)
class ServerAddress:
    """The address of a MySQL or MariaDB database, without the password."""

    host: str
    port: int
    database: str
    user: str
    socket: str = ""
    """The path of a Unix socket; if set, host and port are ignored."""
    tls: Tls | None = None
    """The TLS settings of a connection whose server is verified; None for one whose server isn't."""
    tls_off: bool = False
    """True if the connection isn't encrypted even if it could be; needs `tls` to be None."""
    server_public_key: Path | None = None
    """A PEM file with the server's public RSA key, for the password on an unencrypted connection."""

    @property
    def label(self) -> str:
        """The address as shown to an admin."""
        location = self.socket or f"{self.host}:{self.port}"
        return f"{self.database} on {location} as {self.user}"

    @property
    def place(self) -> tuple[object, ...]:
        """The server and the database, whoever connects and however."""
        server = (self.socket,) if self.socket else (self.host.lower(), self.port)
        return (*server, self.database)

    @property
    def is_local(self) -> bool:
        """True if the connection stays on this computer."""
        return is_local(self.host, self.socket)

    @property
    def is_verified(self) -> bool:
        """True if nobody else can answer in the server's place, who would be sent the password."""
        return self.tls is not None or bool(self.socket)

    @property
    def tls_if_offered(self) -> bool:
        """True if the connection uses TLS if the server offers it, without verifying the server.

        With a public key, the password isn't entrusted to a server that only might be the right one.
        """
        return self.is_local and not self.is_verified and not self.tls_off and self.server_public_key is None


@dataclass(frozen=True)
class FileAddress:
    """The address of an SQLite file."""

    path: Path

    @property
    def label(self) -> str:
        """The address as shown to an admin."""
        return str(self.path)


Address = ServerAddress | FileAddress


def parse_address(url: str) -> Address:
    """Parse a URL such as `mysql+pymysql://user@host:3306/opendental` or `sqlite:////path/file`.

    Connections to another computer are encrypted and verified; local ones are encrypted if the server offers it.

    Raises:
        ConfigurationError: The URL is invalid or contains a password. The message never repeats the URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError:
        raise ConfigurationError("The address after --url is not valid.", f"Write it as {EXAMPLE}.") from None
    if parts.password is not None or "@" in unquote(parts.path):
        raise ConfigurationError(
            "A password in the address would appear in process lists and shell history, so apisetup rejects it.",
            "Leave it out: apisetup prompts for it, or reads it from the environment variable APISETUP_PASSWORD.",
        )
    if parts.scheme == "sqlite":
        return _parse_file_address(parts.path)
    if parts.scheme in ("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"):
        return _parse_server_address(parts.hostname, port, parts.path, parts.username, parts.query)
    raise ConfigurationError("The address after --url has an unsupported scheme.", f"Write it as {EXAMPLE}.")


def _parse_file_address(path: str) -> FileAddress:
    # As in SQLAlchemy's URLs, three slashes precede a relative path and four an absolute one.
    name = unquote(path).removeprefix("/")
    if not name or "\0" in name:
        raise ConfigurationError(
            "The address doesn't name an SQLite file.", "Write it as sqlite:////full/path/file.db."
        )
    return FileAddress(Path(name))


def _parse_server_address(host: str | None, port: int, path: str, user: str | None, query: str) -> ServerAddress:
    database = unquote(path).removeprefix("/")
    options = parse_qs(query, keep_blank_values=True)
    socket = "".join(options.pop("unix_socket", [])[:1])
    if options:
        raise ConfigurationError(
            "The address has unsupported options. Only unix_socket is supported.",
            f"Write it as {EXAMPLE}.",
        )
    if not user or not database or not (host or socket):
        raise ConfigurationError("The address needs a user, a host and a database.", f"Write it as {EXAMPLE}.")
    if not all(map(str.isprintable, (host or "", database, unquote(user), socket))):
        raise ConfigurationError(
            "The address contains characters that can't be printed, such as a line break or an escape sequence.",
            f"Write it as {EXAMPLE}.",
        )
    host = host or "localhost"
    # Imported here, because an SQLite practice has none.
    from core.database.tls import Tls

    tls = None if is_local(host, socket) else Tls()
    return ServerAddress(host, port, database, unquote(user), socket, tls)
