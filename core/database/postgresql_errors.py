"""The errors of PostgreSQL and its driver, and what they mean for an admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.base.errors import (
    ApiSetupError,
    ConnectionLost,
    InsecureConnection,
    LoginRefused,
    NoSuchDatabase,
    NotAPractice,
    NotPermitted,
    PracticeUnavailable,
    ServerUnreachable,
    StatementStopped,
    StorageFailed,
)

_Meaning = tuple[type[ApiSetupError], str, str]

# Codes and their classes, as in appendix A of PostgreSQL's manual.
_BY_STATE: Mapping[str, _Meaning] = {
    "28": (LoginRefused, "The server refuses this database user or its password.", "Check both."),
    "3D": (NoSuchDatabase, "The server has no database with that name.", "Check the name, or create the database."),
    "42501": (NotPermitted, "The database user isn't allowed to do this.", "Ask the server's administrator."),
    "42P01": (NotAPractice, "A table is missing.", "Restore the database from a backup."),
    "42703": (NotAPractice, "A column is missing.", "Restore the database from a backup."),
    "25006": (NotPermitted, "The server is read-only, as a replica is.", "Connect to the main server."),
    "53100": (StorageFailed, "The server's disk is full.", "Free some space on the server, then try again."),
    "53300": (ServerUnreachable, "The server has too many connections.", "Try again in a moment."),
    "55P03": (PracticeUnavailable, "Another program holds a lock on this.", "Try again in a moment."),
    "40": (PracticeUnavailable, "Another program made a change at the same moment.", "Try again."),
    "57014": (StatementStopped, "A statement was stopped on the server, or took too long.", "Try again."),
    "57P": (ConnectionLost, "The server closed the connection.", "Try again when the server answers."),
    "08": (ConnectionLost, "The connection to the database server was lost.", "Try again when the server answers."),
    "25P03": (ConnectionLost, "The server closed an idle connection.", "Try again."),
    "XX001": (StorageFailed, "Data on the server is damaged.", "Restore the database from a backup."),
}
# A failed attempt to connect has no code, only the words of libpq or of the server.
_BY_WORDS: Mapping[str, _Meaning] = {
    "password authentication failed": _BY_STATE["28"],
    "no password supplied": _BY_STATE["28"],
    "authentication failed": _BY_STATE["28"],
    "role ": _BY_STATE["28"],
    "no pg_hba.conf entry": (
        LoginRefused,
        "The server accepts no such connection from this computer.",
        "Have its pg_hba.conf allow this user and database from here, encrypted.",
    ),
    "does not exist": _BY_STATE["3D"],
    "server does not support SSL": (
        InsecureConnection,
        "The server doesn't support encrypted connections, so nothing was sent to it.",
        "Turn on TLS on the server, or use an SSH tunnel to 127.0.0.1.",
    ),
    "certificate": (
        InsecureConnection,
        "The server's certificate can't be verified.",
        "Name its certificate authority's file.",
    ),
    "SSL": (InsecureConnection, "The encrypted connection to the server failed.", "Check the TLS settings."),
    "too many": _BY_STATE["53300"],
    "timeout expired": (
        ServerUnreachable,
        "The server doesn't answer.",
        "Check the host's name, the port, the firewall and the server.",
    ),
    "could not translate host name": (
        ServerUnreachable,
        "The server's host name can't be resolved.",
        "Check its spelling and this computer's DNS.",
    ),
    "failed to resolve host": (
        ServerUnreachable,
        "The server's host name can't be resolved.",
        "Check its spelling and this computer's DNS.",
    ),
    "closed the connection": _BY_STATE["08"],
    "the connection is": _BY_STATE["08"],
    "consuming input failed": _BY_STATE["08"],
    "connection failed": (
        ServerUnreachable,
        "No PostgreSQL server answers.",
        "Check the host's name, the port, the firewall and the server.",
    ),
}


def is_postgresql_error(error: BaseException | None) -> bool:
    """Return True for an error of the driver, which needn't be installed."""
    return type(error).__module__.partition(".")[0] == "psycopg"


def postgresql_error(error: Any, *, disconnected: bool) -> ApiSetupError:
    """Return the error that an error of the driver means, with the server's own words.

    Args:
        error: The driver's error.
        disconnected: True if SQLAlchemy considers the connection lost.
    """
    state = error.sqlstate or ""
    # The details of an error may contain values.
    words = " ".join((error.diag.message_primary or str(error)).split()).rstrip(".")
    meaning = next((_BY_STATE[part] for part in (state, state[:3], state[:2]) if part in _BY_STATE), None)
    if meaning is None and not state:
        meaning = next((each for phrase, each in _BY_WORDS.items() if phrase in words), None)
    if meaning is None and disconnected:
        meaning = _BY_STATE["08"]
    if meaning is None:
        kind: type[ApiSetupError] = PracticeUnavailable
        return kind(f"The server reports: {words}{f' ({state})' if state else ''}.", "Ask the server's administrator.")
    kind, sentence, hint = meaning
    return kind(f"{sentence} The server says: {words}{f' ({state})' if state else ''}.", hint)
