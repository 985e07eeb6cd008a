"""The error numbers of MySQL and MariaDB, and what they mean for an admin."""

from __future__ import annotations

from dataclasses import dataclass

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
from core.database.server_words import presentable

USE_TLS = 'Use --tls verify, or tls = "verify" for an office in the configuration file.'
GRANT = "Run 'apisetup grants' for the script that grants what apisetup needs."

# As listed in MySQL's and MariaDB's error references, and in PyMySQL's `constants/CR.py`.
WRONG_PASSWORD = 1045
_READ_ONLY = (1036, 1792, 1836, 1874)
_STARTED_WITH_OPTION = 1290
_CONNECTION_LOST = (0, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2014, 2055, 4031)


@dataclass(frozen=True)
class _Meaning:
    kind: type[ApiSetupError]
    sentence: str
    hint: str
    says_all: bool = False
    """True if the server's own words would add nothing."""


_LOGIN_REFUSED = _Meaning(
    LoginRefused,
    "The server refuses this database user or its password.",
    "This is the password of the database user, not of an Open Dental user.",
)
_NEEDS_TLS = _Meaning(InsecureConnection, "The server accepts only encrypted connections.", USE_TLS)
_ACCOUNT_LOCKED = _Meaning(
    LoginRefused,
    "The account of this database user is locked.",
    "The server's administrator can unlock it: ALTER USER … ACCOUNT UNLOCK.",
)
_TOO_MANY_FAILURES = _Meaning(
    LoginRefused,
    "The server blocks this database user after too many wrong passwords.",
    "Wait, or ask the server's administrator to unblock it. Then check the password.",
)
_PASSWORD_EXPIRED = _Meaning(
    LoginRefused,
    "The password of this database user has expired.",
    "Have it changed on the server: ALTER USER … IDENTIFIED BY …. Then use the new one here.",
)
_HOST_NOT_ALLOWED = _Meaning(
    LoginRefused,
    "The server accepts no connections from this computer.",
    "Have the database user created for this computer's address, or connect through an SSH tunnel.",
)
_HOST_BLOCKED = _Meaning(
    LoginRefused,
    "The server blocks this computer after too many failed connections.",
    "Have it unblocked on the server: FLUSH HOSTS, or mysqladmin flush-hosts.",
)
_NO_SUCH_DATABASE = _Meaning(
    NoSuchDatabase,
    "The server has no database with that name, or this user has no access to it.",
    "Check the name. It is case-sensitive on most servers.",
)
_NOT_PERMITTED = _Meaning(NotPermitted, "The database user isn't allowed to do this.", GRANT)
_SERVER_READ_ONLY = _Meaning(
    NotPermitted,
    "The server is read-only, as a replica is.",
    "Connect to the server that the practice writes to.",
)
_FORBIDDEN_BY_OPTION = _Meaning(
    NotPermitted,
    "The server was started with an option that forbids this.",
    "Ask the server's administrator.",
)
_MISSING_SCHEMA = _Meaning(
    NotAPractice,
    "A table or column that Open Dental has is missing here.",
    "Finish the update in Open Dental, then retry.",
)
_LOCKED = _Meaning(
    PracticeUnavailable, "Another program holds a lock on this.", "Try again in a moment.", says_all=True
)
_DISK_FULL = _Meaning(StorageFailed, "The server's disk is full.", "Free some space on the server, then try again.")
_TABLE_DAMAGED = _Meaning(
    StorageFailed,
    "A table on the server is damaged.",
    "Repair it with Open Dental's Database Maintenance or by REPAIR TABLE.",
)
_TOO_MANY_CONNECTIONS = _Meaning(ServerUnreachable, "The server has too many connections.", "Try again in a moment.")
_TIMED_OUT = _Meaning(
    StatementStopped,
    "The server stopped a statement that took too long.",
    "Choose fewer days. apisetup check names missing indexes, which make statements slow. If the server's own limit is"
    " short, have max_statement_time (MySQL: max_execution_time) raised.",
)
_INTERRUPTED = _Meaning(StatementStopped, "A statement was stopped on the server.", "Try again.")
_OLD_PLUGIN = _Meaning(
    LoginRefused,
    "The server wants to check the password in a way that apisetup doesn't support.",
    "Have another authentication plugin set for the database user: caching_sha2_password or mysql_native_password.",
)
_ABORTED = _Meaning(ConnectionLost, "The server closed the connection.", "Try again when the server answers.")

_MEANINGS = {
    **dict.fromkeys((WRONG_PASSWORD, 1698), _LOGIN_REFUSED),
    **dict.fromkeys((1251, 1275, 1524, 2059, 2061), _OLD_PLUGIN),
    3159: _NEEDS_TLS,
    **dict.fromkeys((3118, 4151), _ACCOUNT_LOCKED),
    **dict.fromkeys((3955, 4150), _TOO_MANY_FAILURES),
    **dict.fromkeys((1820, 1862), _PASSWORD_EXPIRED),
    1130: _HOST_NOT_ALLOWED,
    1129: _HOST_BLOCKED,
    **dict.fromkeys((1044, 1049), _NO_SUCH_DATABASE),
    **dict.fromkeys((1142, 1143, 1227, 1370), _NOT_PERMITTED),
    **dict.fromkeys(_READ_ONLY, _SERVER_READ_ONLY),
    _STARTED_WITH_OPTION: _FORBIDDEN_BY_OPTION,
    **dict.fromkeys((1054, 1146), _MISSING_SCHEMA),
    **dict.fromkeys((1205, 1213), _LOCKED),
    **dict.fromkeys((1021, 1114), _DISK_FULL),
    **dict.fromkeys((126, 127, 144, 145, 1034, 1194, 1195), _TABLE_DAMAGED),
    **dict.fromkeys((1040, 1203, 1226), _TOO_MANY_CONNECTIONS),
    **dict.fromkeys((1969, 3024), _TIMED_OUT),
    1317: _INTERRUPTED,
    1184: _ABORTED,
}


def server_error(code: int, message: str, *, connecting: bool, disconnected: bool = False) -> ApiSetupError:
    """Return the error that an error number means, with the server's own words.

    Args:
        code: The error number of the server or of PyMySQL; 0 if there is none.
        message: The message that came with it.
        connecting: True if it came while the connection was made.
        disconnected: True if SQLAlchemy considers the connection lost.
    """
    words = presentable(code, message, connecting=connecting)
    meaning = _meaning(code, message)
    if meaning is None and (disconnected or code in _CONNECTION_LOST):
        return connection_lost()
    if meaning is None:
        return PracticeUnavailable(
            f"The server reports error {code}: {words}." if words else f"The server reports error {code}.",
            "If this persists, ask the server's administrator.",
        )
    quote = "" if meaning.says_all else _quote(words, code)
    return meaning.kind(f"{meaning.sentence}{quote}", meaning.hint)


def connection_lost() -> ConnectionLost:
    """Return the error for a connection that was lost after it had been made."""
    return ConnectionLost("The connection to the database server was lost.", "Try again when the server answers.")


def statement_timed_out() -> StatementStopped:
    """Return the error for a statement whose answer didn't come in time, so that the driver closed the connection."""
    return StatementStopped(
        "The server did not respond in time, so the connection was closed.",
        "Try again. If this persists, run apisetup check.",
    )


def _meaning(code: int, message: str) -> _Meaning | None:
    if code == _STARTED_WITH_OPTION and "read" in message.lower() and "only" in message.lower():
        return _SERVER_READ_ONLY
    return _MEANINGS.get(code)


def _quote(words: str, code: int) -> str:
    return f" The server says: {words} ({code})." if words else ""
