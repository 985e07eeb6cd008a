"""The hash by which Open Dental knows an audit entry as genuine."""

from __future__ import annotations

import base64
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
    """The `LogHash` of one `securitylog` row, to be taken from the row as it is read back.

    It is the base64 of SHA-256 over the UTF-16LE bytes of the values joined with nothing between them. The date of
    the previous edit belongs to it only where there is one. `NO_DATE` stands for every date that is none. A NULL
    text hashes as an empty one.
    """
    previous = "" if date_t_previous == NO_DATE else hashed_date(date_t_previous)
    joined = f"{perm_type}{user_num}{hashed_date(log_date_time)}{log_text}{pat_num}{previous}"
    # A lone surrogate cannot come from a database; should one come all the same, the hash just does not match.
    digest = hashlib.sha256(joined.encode("utf-16-le", "surrogatepass")).digest()
    return base64.b64encode(digest).decode("ascii")


def hashed_date(moment: datetime) -> str:
    """A time as the hash spells it; everything before 1880 is no date."""
    if moment.year < 1880:
        return NO_DATE_TEXT
    return moment.isoformat(" ", "seconds")
