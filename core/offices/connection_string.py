"""Connection strings of MySQL's .NET driver, which Open Dental takes from the node `ConnectionString`."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ALIASES = {
    "server": ("server", "host", "data source", "datasource", "address", "addr", "network address"),
    "port": ("port",),
    "database": ("database", "initial catalog"),
    "user": ("user id", "userid", "uid", "user name", "username", "user"),
    "password": ("password", "pwd"),
    "protocol": ("protocol", "connection protocol", "connectionprotocol"),
    "certificate": ("sslca", "ssl-ca", "cacertificatefile", "ca certificate file"),
}
_NAMES = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}

# A value in quotes may contain semicolons and its own quotation mark twice. A doubled = belongs to the name.
_PAIR = re.compile(
    r"""[\s;]*
    (?P<name>(?:[^=;]|==)+)=(?!=)\s*
    (?:"(?P<double>(?:[^"]|"")*)"\s*|'(?P<single>(?:[^']|'')*)'\s*|(?P<bare>(?:[^;"'\s][^;]*)?))
    (?:;|$)""",
    re.VERBOSE,
)


def parse_connection_string(text: str) -> dict[str, str]:
    """Return the settings of a connection string that matter here, by the names in `_ALIASES`.

    As in .NET, names are compared without their case, and the last of several equal ones counts.

    Raises:
        ValueError: The text isn't a connection string. The message doesn't contain it, since it may have a password.
    """
    return {_NAMES[name]: value for name, value in _pairs(text) if name in _NAMES}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(text.rstrip("; \t\r\n\0"))
    while position < end:
        match = _PAIR.match(text, position, end)
        if match is None:
            raise ValueError("not a connection string")
        position = match.end()
        yield match["name"].replace("==", "=").strip().casefold(), _value(match)


def _value(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return match["double"].replace('""', '"')
    if match["single"] is not None:
        return match["single"].replace("''", "'")
    return match["bare"].strip()
