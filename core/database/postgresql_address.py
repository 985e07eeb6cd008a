"""Addresses of databases on PostgreSQL, which companions may be on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.database.local_host import is_local

if TYPE_CHECKING:
    from core.database.tls import Tls


@dataclass(frozen=True)
class PostgresqlAddress:
    """The address of a PostgreSQL database, without the password. Practices are never on one."""

    host: str
    port: int
    database: str
    user: str
    socket: str = ""
    """The directory of a Unix socket; if set, the host is ignored."""
    tls: Tls | None = None
    """The TLS settings of a connection whose server is verified; None for one whose server isn't."""
    tls_off: bool = False
    """True if the connection isn't encrypted even if it could be; needs `tls` to be None."""

    @property
    def label(self) -> str:
        """The address as shown to an admin."""
        return f"{self.database} on {self.socket or self.host}:{self.port} as {self.user}"

    @property
    def place(self) -> tuple[object, ...]:
        """The server and the database, whoever connects and however."""
        server = (self.socket,) if self.socket else (self.host.lower(), self.port)
        return (*server, self.database)

    @property
    def is_local(self) -> bool:
        """True if the connection stays on this computer."""
        return is_local(self.host, self.socket)
