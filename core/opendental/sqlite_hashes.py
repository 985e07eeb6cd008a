"""SQL that computes audit hashes and digests in SQLite, by functions that are registered on each connection.

Python takes longer to read a time than to hash an entry. So SQLite itself tells which times are written as they are
hashed: valid ones, from 1880 on, to the second.
"""

from __future__ import annotations

import binascii
import hashlib
import sqlite3
from typing import Any

from core.opendental.column_types import server_time
from core.opendental.log_hash import NO_DATE_TEXT, hash_of_joined, log_hash

_HASH, _HASH_OF_TEXT, _DIGESTS = "apisetup_log_hash", "apisetup_text_hash", "apisetup_digests"

_MOMENT, _PREVIOUS = "securitylog.LogDateTime", "securitylog.DateTPrevious"
_NEVER_EDITED = f"{_PREVIOUS} = '{NO_DATE_TEXT}'"


def _is_usual(time: str) -> str:
    return f"({time} >= '1880' AND datetime({time}) = {time})"


def _as_number(time: str) -> str:
    return f"strftime('%Y%m%d%H%M%S', {time})"


_USUAL = (
    f"{_is_usual(_MOMENT)} AND ({_NEVER_EDITED} OR {_is_usual(_PREVIOUS)}) AND typeof(securitylog.LogText) != 'blob'"
)

HASH = f"""
CASE WHEN {_USUAL}
THEN {_HASH_OF_TEXT}(securitylog.PermType || securitylog.UserNum || {_MOMENT} || ifnull(securitylog.LogText, '')
    || securitylog.PatNum || CASE WHEN {_NEVER_EDITED} THEN '' ELSE {_PREVIOUS} END)
ELSE {_HASH}(securitylog.PermType, securitylog.UserNum, {_MOMENT}, securitylog.LogText, securitylog.PatNum, {_PREVIOUS})
END
""".strip()
"""Open Dental's hash of a row of `securitylog`."""

_HEAD = " || '|' || ".join(
    (
        "1",
        "securitylog.SecurityLogNum",
        "securitylog.PermType",
        "securitylog.UserNum",
        _as_number(_MOMENT),
        "securitylog.PatNum",
        f"CASE WHEN {_NEVER_EDITED} THEN 0 ELSE {_as_number(_PREVIOUS)} END",
        "securitylog.LogSource",
        "securitylog.DefNum",
        "securitylog.DefNumError",
        "''",
    )
)


def digests_sql(vendor: str = HASH) -> str:
    """Return the SQL of the digests of some rows of `securitylog`, one after the other; NULL if a time isn't usual.

    Args:
        vendor: The SQL of Open Dental's hash of a row.
    """
    return f"{_DIGESTS}(CASE WHEN {_USUAL} THEN {_HEAD} END, {vendor}, securitylog.CompName)"


def register_functions(connection: sqlite3.Connection) -> None:
    """Register the SQL functions on an SQLite connection."""
    connection.create_function(_HASH, 6, _hash_stored_values, deterministic=True)
    connection.create_function(_HASH_OF_TEXT, 1, _hash_joined, deterministic=True)
    # The stub wants methods that take and return integers.
    digests: Any = _Digests
    connection.create_aggregate(_DIGESTS, 3, digests)


def _hash_joined(joined: str | None) -> str:
    return hash_of_joined(joined) if joined is not None else ""


def _hash_stored_values(perm_type: int, user: int, moment: str, text: str | None, patient: int, previous: str) -> str:
    return log_hash(perm_type, user, server_time(moment), text or "", patient, server_time(previous))


class _Digests:
    """Joins the digests of rows."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._usual = True

    def step(self, head: str | None, vendor: str, computer: str | None) -> None:
        """Append the digest of a row."""
        if head is None:
            self._usual = False
            return
        try:
            hashed = binascii.a2b_base64(vendor).hex()
        except (binascii.Error, ValueError):
            hashed = ""
        joined = f"{head}{hashed}|{computer or ''}".encode("utf-8", "surrogatepass")
        self._digests += hashlib.sha256(joined).digest()

    def finalize(self) -> bytes | None:
        """Return the digests; None if one is missing."""
        return bytes(self._digests) if self._usual else None
