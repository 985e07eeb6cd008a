"""Rows of the Audit Trail, read with their hashes and made into entries whose API keys are masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, String, select, type_coerce
from sqlalchemy.orm import Session

from core.audit.filter import Users
from core.model.audit_entry import AuditEntry, Genuineness
from core.model.key_text import mask
from core.opendental.column_types import server_time
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.log_sources import LOG_SOURCES
from core.opendental.permission_types import PERMISSIONS
from core.opendental.schema import SecurityLog, SecurityLogHash, UserOd

SHORTEST_KEY_TO_FIND = 8
# The vendor's own entry names the whole key.
_NAMED_KEY = re.compile(r"\b(New API key )(\S+)(?= added by )")

STORED_MOMENT = type_coerce(SecurityLog.log_date_time, String())
"""The time as the database holds it: `0000-00-00` and `0001-01-01` both read as no date, but stand at two places."""


StoredRow = Row[*tuple[Any, ...]]
"""One row of `select_rows`."""


def select_rows() -> Select[*tuple[Any, ...]]:
    """The columns of entries, once for each hash that an entry has; to be narrowed and put in order."""
    return _ROWS


_ROWS = select(
    SecurityLog.security_log_num,
    SecurityLog.perm_type,
    SecurityLog.user_num,
    STORED_MOMENT,
    SecurityLog.log_text,
    SecurityLog.pat_num,
    SecurityLog.comp_name,
    SecurityLog.log_source,
    SecurityLog.date_t_previous,
    SecurityLogHash.log_hash,
).outerjoin(SecurityLogHash, SecurityLogHash.security_log_num == SecurityLog.security_log_num)


def read_users(session: Session) -> Users:
    """All users, hidden ones too."""
    query = select(UserOd.user_num, UserOd.user_name)
    return Users({number: name or "" for number, name in session.execute(query).all()})


class EntryMapper:
    """Makes entries of rows.

    Args:
        users: The practice's users.
        keys: The clear text of the API keys that are to be masked wherever an entry names them.
    """

    def __init__(self, users: Users, keys: Iterable[str]) -> None:
        self.users = users
        # The longest first: a key may begin another one, which must not be left half masked.
        longest_first = sorted((key for key in keys if len(key) >= SHORTEST_KEY_TO_FIND), key=len, reverse=True)
        # Databases find a key in whatever letters it is written.
        self._keys = [(key.casefold(), re.compile(re.escape(key), re.IGNORECASE)) for key in longest_first]

    def entries(self, rows: Sequence[StoredRow]) -> list[AuditEntry]:
        """The entries of rows of `select_rows`, in the order of the rows."""
        hashes: dict[int, list[str]] = {}
        first: dict[int, StoredRow] = {}
        for row in rows:
            found = hashes.setdefault(row[0], [])
            first.setdefault(row[0], row)
            if row[9] is not None:
                found.append(row[9])
        return [self._entry(row, tuple(hashes[number])) for number, row in first.items()]

    def masked(self, text: str) -> str:
        """A text with every known or named API key in it masked."""
        folded = text.casefold()
        for key, pattern in self._keys:
            if key in folded:
                text = pattern.sub(lambda found: mask(found[0]), text)
        return _NAMED_KEY.sub(lambda match: f"{match[1]}{mask(match[2])}", text) if "New API key" in text else text

    def _entry(self, row: StoredRow, hashes: tuple[str, ...]) -> AuditEntry:
        number, perm_type, user_num, stored_moment, text, patient, computer, source, previous, *_ = row
        stored = text or ""
        moment = server_time(stored_moment)
        computed = log_hash(perm_type, user_num, moment, stored, patient, previous)
        shown = self.masked(stored)
        # By place, not by name: this is done for each row of a page, and of an export.
        return AuditEntry(
            number,
            None if moment == NO_DATE else moment,
            perm_type,
            PERMISSIONS.name(perm_type),
            user_num,
            self.users.name(user_num),
            computer or "",
            shown,
            shown != stored,
            LOG_SOURCES.name(source),
            patient,
            None if previous == NO_DATE else previous,
            _genuineness(computed, hashes),
            str(stored_moment),
            hashes,
            computed,
        )


def _genuineness(computed: str, hashes: tuple[str, ...]) -> Genuineness:
    """Where an entry has several hashes, one that does not match is enough for doubt."""
    if not hashes:
        return Genuineness.NO_HASH
    return Genuineness.GENUINE if all(each == computed for each in hashes) else Genuineness.ALTERED
