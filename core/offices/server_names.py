"""Names of database servers as Open Dental's workstations write them, and which mean something else from here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from core.database.local_host import is_local

DEFAULT_PORT = 3306
_OWN_COMPUTER = (".", "(local)")


@dataclass(frozen=True)
class ServerName:
    """The name of a database server in a workstation's file or in the Central Manager's list.

    Attributes:
        text: The name as it's written there.
        host: The host in it; may mean something else from here.
        port: The port in it.
        is_own_computer: True if the name means the computer that it's written on.
    """

    text: str
    host: str
    port: int = DEFAULT_PORT
    is_own_computer: bool = False

    @property
    def is_relative(self) -> bool:
        """True if only somebody who knows that computer can say what the server is called from here."""
        return self.is_own_computer or re.search(r"[\\/;]", self.text) is not None

    @property
    def meaning(self) -> str:
        """The reason why the name isn't used as it is, as the end of a sentence that begins with the name."""
        if self.is_own_computer:
            return "refers to the computer where it was entered"
        return "is a name that only Windows or Open Dental understands"

    def called(self, name: str) -> ServerName:
        """Return the server under the name it has from here: `host` or `host:port`, else with the same port."""
        host, port = _split_host_and_port(name)
        return ServerName(name, host, self.port if port is None else port)


HostFinder = Callable[[ServerName], str | None]
"""Returns what a server is called from here, as `host` or `host:port`; None to use its name as it is, or if that means
something else here, to leave it out."""


def parse_server_name(text: str) -> ServerName:
    """Parse what Open Dental takes as the name of a server.

    That is `host` or `host:port`. It becomes part of a connection string, so some offices add `;port=3307`. Windows
    names, such as `.` or one that begins with two backslashes, also occur.
    """
    name, *options = (part.strip() for part in text.split(";"))
    host, port = _split_host_and_port(name)
    for option in options:
        match = re.fullmatch(r"(?i)port\s*=\s*([0-9]{1,5})", option)
        port = int(match[1]) if match is not None else port
    return ServerName(text.strip(), host, DEFAULT_PORT if port is None else port, _is_own_computer(host))


def _split_host_and_port(name: str) -> tuple[str, int | None]:
    """Split `host`, `host:port`, or an IPv6 address with or without brackets; leave anything else as it is."""
    match = re.fullmatch(r"\[(.+)\](?::([0-9]{1,5}))?|([^:]+):([0-9]{1,5})", name.strip())
    if match is None:
        return name.strip(), None
    port = match[2] or match[4]
    return match[1] or match[3], int(port) if port else None


def _is_own_computer(host: str) -> bool:
    if host.casefold() in _OWN_COMPUTER or not host or is_local(host, ""):
        return True
    try:
        # 0.0.0.0 and :: lead to the computer itself, too.
        return ip_address(host).is_unspecified
    except ValueError:
        return False
