"""The digest of a whole audit entry, which seals are made of: in Python, and in the SQL of servers.

Open Dental's hash leaves out the number, the computer and the log source of an entry. The digest covers them too. It is
the SHA-256 of these values as UTF-8, with `|` between them:

    1, SecurityLogNum, PermType, UserNum, LogDateTime, PatNum, DateTPrevious, LogSource, DefNum, DefNumError,
    Open Dental's hash of the row (which covers the text) in hexadecimal, CompName

Times are numbers such as 20241104103000, and 0 for no date. `FKey` isn't covered: Open Dental sets it to 0 when what
it refers to is deleted.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, select

from core.opendental.column_types import server_time
from core.opendental.log_hash import log_hash
from core.opendental.log_hash_sql import HASH_IN_HEX
from core.opendental.schema import SECURITY_LOG

DIGEST_BYTES = 32
_log = SECURITY_LOG.c
DIGEST_COLUMNS: tuple[Column[Any], ...] = (
    _log.security_log_num,
    _log.perm_type,
    _log.user_num,
    _log.log_date_time,
    _log.pat_num,
    _log.date_t_previous,
    _log.log_source,
    _log.def_num,
    _log.def_num_error,
    _log.comp_name,
    _log.log_text,
)
"""The columns that `row_digest` takes, in this order."""


def row_digest(row: Sequence[object]) -> tuple[bytes, str]:
    """Return the digest of a row of `DIGEST_COLUMNS`, and the hash that Open Dental gives it."""
    number, perm_type, user, moment, patient, previous, *others, computer, text = row
    edited, written = server_time(previous), server_time(moment)
    computed = log_hash(int(str(perm_type)), int(str(user)), written, str(text or ""), int(str(patient)), edited)
    values = (number, perm_type, user, moment_number(written), patient, moment_number(edited), *others)
    return digest_of(values, computed, str(computer or "")), computed


def digest_of(values: Sequence[object], computed_hash: str, computer: str) -> bytes:
    """Return the digest of an entry.

    Args:
        values: The values from the number to `DefNumError`, times as `moment_number` returns them.
        computed_hash: The hash that Open Dental gives the entry, in base64.
        computer: `CompName`.
    """
    vendor = base64.b64decode(computed_hash).hex()
    joined = "|".join(("1", *map(str, values), vendor, computer))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).digest()


def moment_number(moment: datetime) -> int:
    """Return a time as a number such as 20241104103000; 0 for what means no date."""
    return int(f"{moment:%Y%m%d%H%M%S}") if moment.year >= 1880 else 0


def number_moment(number: int) -> datetime | None:
    """Return the time that `moment_number` turned into a number; None for no date."""
    return datetime.strptime(str(number), "%Y%m%d%H%M%S") if number else None


def _moment_sql(column: str) -> str:
    return f"IF({column} < '1880-01-01', 0, IFNULL(CAST({column} AS UNSIGNED), 0))"


HASH_FROM_STORED = (
    f"IF(securityloghash.LogHash IS NULL, {HASH_IN_HEX}, LOWER(HEX(FROM_BASE64(securityloghash.LogHash))))"
)
"""Open Dental's hash of an entry that is joined to its stored hash: the stored one, which must match; without one, the
computed one. Converting it takes less time than computing it once more."""


HEAD_SQL = (
    "1, securitylog.SecurityLogNum, securitylog.PermType, securitylog.UserNum,"
    f" {_moment_sql('securitylog.LogDateTime')}, securitylog.PatNum, {_moment_sql('securitylog.DateTPrevious')},"
    " securitylog.LogSource, securitylog.DefNum, securitylog.DefNumError"
)
"""The SQL of the values before Open Dental's hash."""
COMPUTER_SQL = "CONVERT(IFNULL(securitylog.CompName, '') USING utf8mb4)"


def digest_sql(vendor: str = HASH_IN_HEX, *, head: str = HEAD_SQL, computer: str = COMPUTER_SQL) -> str:
    """Return the SQL of the digest on a server, as bytes.

    Args:
        vendor: The SQL of Open Dental's hash of the row in hexadecimal.
        head: The SQL of the values before it.
        computer: The SQL of the computer's name.
    """
    return f"UNHEX(SHA2({joined_sql(head, vendor, computer)}, 256))"


def joined_sql(*values: str) -> str:
    """Return the SQL of values with `|` between them.

    They are joined as bytes, since a server takes long to convert characters: all but the computer's name are ASCII.
    """
    return f"CONCAT_WS(_binary'|', {', '.join(values)})"


def read_digests(connection: Connection, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return the digests of some entries, computed in Python, by their numbers."""
    rows = connection.execute(select(*DIGEST_COLUMNS).where(_log.security_log_num.in_(numbers))).all()
    return {int(row[0]): row_digest(row)[0] for row in rows}
