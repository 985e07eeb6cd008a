"""The hash that Open Dental stores with each audit entry to detect changes."""

from __future__ import annotations

import binascii
import hashlib
from datetime import datetime

NO_DATE = datetime(1, 1, 1)
NO_DATE_TEXT = "0001-01-01 00:00:00"


def log_hash(
    perm_type: int,
    user_num: int,
    log_date_time: datetime,
    log_text: str,
    pat_num: int,
    date_t_previous: datetime,
) -> str:
    """Compute the `LogHash` of a `securitylog` row.

    Pass the values as read back after the insert, because the server sets the time and may convert the text.

    The hash is the base64 of SHA-256 over the UTF-16LE bytes of all values, concatenated without separators. The time
    of the previous edit is included only if there is one. A NULL text hashes like an empty one.

    Args:
        perm_type: `PermType`.
        user_num: `UserNum`.
        log_date_time: `LogDateTime`; `NO_DATE` for an invalid time.
        log_text: `LogText`.
        pat_num: `PatNum`.
        date_t_previous: `DateTPrevious`; `NO_DATE` if the entry was never edited.
    """
    moment = format_for_hash(log_date_time)
    previous = "" if date_t_previous == NO_DATE else format_for_hash(date_t_previous)
    return hash_of_joined(f"{perm_type}{user_num}{moment}{log_text}{pat_num}{previous}")


def hash_of_joined(joined: str) -> str:
    """Compute the same hash from all values, concatenated, with times as `format_for_hash` returns them."""
    # A database holds no lone surrogates. If one is passed anyway, the hash doesn't match, but nothing fails.
    digest = hashlib.sha256(joined.encode("utf-16-le", "surrogatepass")).digest()
    return binascii.b2a_base64(digest, newline=False).decode("ascii")


def format_for_hash(moment: datetime) -> str:
    """Format a time as the hash does: `YYYY-MM-DD HH:MM:SS`, and `NO_DATE_TEXT` for any year before 1880."""
    if moment.year < 1880:
        return NO_DATE_TEXT
    return moment.isoformat(" ", "seconds")
