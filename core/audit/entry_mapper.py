"""The mapping from rows of the Audit Trail and their hashes to entries with masked API keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, String, cast, null, select, type_coerce

from core.audit.filter import Users
from core.model.audit_entry import AuditEntry, HashStatus
from core.model.key_text import mask
from core.opendental.column_types import server_time
from core.opendental.log_hash import NO_DATE, format_for_hash, hash_of_joined
from core.opendental.log_sources import LOG_SOURCES
from core.opendental.permission_types import PERMISSIONS
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH

SHORTEST_KEY_TO_FIND = 8
"""The minimum length of an API key that is searched for in texts; shorter ones are not masked either."""
# Open Dental's own entry about a new key contains the whole key.
_NEW_KEY = re.compile(r"\b(New API key )(\S+)(?= added by )")

STORED_MOMENT = type_coerce(SECURITY_LOG.c.log_date_time, String())
"""The time of an entry as stored in the database.

`0000-00-00` and `0001-01-01` are both read as "no date", but differ in the order of the entries.
"""


StoredRow = Row[*tuple[Any, ...]]
"""One row of `select_rows`."""


def select_rows() -> Select[*tuple[Any, ...]]:
    """Return the query for entries, without conditions and order.

    An entry has one row for each of its hashes, and one row if it has no hash.
    """
    return _ROWS


def select_unhashed_rows() -> Select[*tuple[Any, ...]]:
    """Return the query for entries without their hashes, with the same columns and one row for each entry."""
    return _UNHASHED_ROWS


def with_hash(row: StoredRow, stored: str | None) -> Sequence[Any]:
    """Return a row of `select_unhashed_rows` with a hash, as `select_rows` would return it."""
    return (*row[:_HASH], stored, *row[_HASH + 1 :])


_BEFORE_HASH = (
    SECURITY_LOG.c.security_log_num,
    SECURITY_LOG.c.perm_type,
    SECURITY_LOG.c.user_num,
    # A server returns the time as text, which Python reads in a tenth of the time that it takes to write it.
    cast(SECURITY_LOG.c.log_date_time, String()),
    SECURITY_LOG.c.log_text,
    SECURITY_LOG.c.pat_num,
    SECURITY_LOG.c.comp_name,
    SECURITY_LOG.c.log_source,
    SECURITY_LOG.c.date_t_previous,
)
_AFTER_HASH = (SECURITY_LOG.c.f_key, SECURITY_LOG.c.def_num, SECURITY_LOG.c.def_num_error)
_HASH = len(_BEFORE_HASH)
_ROWS: Select[*tuple[Any, ...]] = select(*_BEFORE_HASH, SECURITY_LOG_HASH.c.log_hash, *_AFTER_HASH).outerjoin(
    SECURITY_LOG_HASH, SECURITY_LOG_HASH.c.security_log_num == SECURITY_LOG.c.security_log_num
)
_UNHASHED_ROWS: Select[*tuple[Any, ...]] = select(*_BEFORE_HASH, null(), *_AFTER_HASH)


class EntryMapper:
    """Converts rows to entries, with the names of users and with API keys masked.

    Args:
        users: The practice's users.
        keys: The API keys in clear text that are masked wherever they occur in a text.
    """

    def __init__(self, users: Users, keys: Iterable[str]) -> None:
        self.users = users
        # Longest first: a key may be the beginning of another one, which must not be left half masked.
        longest_first = sorted((key for key in keys if len(key) >= SHORTEST_KEY_TO_FIND), key=len, reverse=True)
        # Keys are masked regardless of case, since databases also find them regardless of case.
        self._keys = [(key.casefold(), re.compile(re.escape(key), re.IGNORECASE)) for key in longest_first]

    def entries(self, rows: Sequence[Sequence[Any]]) -> list[AuditEntry]:
        """Convert rows of `select_rows` to entries, in the order of the rows."""
        hashes: dict[int, list[str]] = {}
        first_rows: dict[int, Sequence[Any]] = {}
        for row in rows:
            number, stored = row[0], row[_HASH]
            if number not in hashes:
                first_rows[number], hashes[number] = row, []
            if stored is not None:
                hashes[number].append(stored)
        return [self._entry(row, tuple(hashes[number])) for number, row in first_rows.items()]

    def mask_keys(self, text: str) -> str:
        """Return the text with API keys masked: the known ones, and any in the words of Open Dental's own entry."""
        folded = text.casefold()
        for key, pattern in self._keys:
            if key in folded:
                text = pattern.sub(lambda match: mask(match[0]), text)
        return _NEW_KEY.sub(lambda match: f"{match[1]}{mask(match[2])}", text) if "New API key" in text else text

    def _entry(self, row: Sequence[Any], hashes: tuple[str, ...]) -> AuditEntry:
        number, perm_type, user_num, stored_moment, stored_text, patient, computer, source, previous, *rest = row
        _, f_key, definition, definition_error = rest
        stored = stored_text or ""
        moment, moment_text = server_time(stored_moment), str(stored_moment)
        formatted = moment_text if _is_as_hashed(moment_text, moment) else format_for_hash(moment)
        last_edit = None if previous == NO_DATE else previous
        edited = format_for_hash(previous) if last_edit else ""
        computed = hash_of_joined(f"{perm_type}{user_num}{formatted}{stored}{patient}{edited}")
        masked = self.mask_keys(stored)
        # Without the constructor, which takes longer, and this runs for each entry of a page or an export.
        return AuditEntry._make(
            (
                number,
                None if moment == NO_DATE else moment,
                perm_type,
                PERMISSIONS.name(perm_type),
                user_num,
                self.users.name(user_num),
                computer or "",
                masked,
                masked != stored,
                LOG_SOURCES.name(source),
                patient,
                last_edit,
                HashStatus.MATCHES if hashes == (computed,) else _hash_status(computed, hashes),
                moment_text,
                hashes,
                computed,
                f_key,
                definition,
                definition_error,
                source,
            )
        )


def _is_as_hashed(text: str, moment: datetime) -> bool:
    """Return True if the hash has a valid time as it is stored: in whole seconds, and not one that means no date."""
    return len(text) == 19 and text[4::3] == "-- ::" and moment.year >= 1880


def _hash_status(computed: str, hashes: tuple[str, ...]) -> HashStatus:
    """Compare the computed hash with the stored ones; an entry is altered if any of them doesn't match."""
    if not hashes:
        return HashStatus.NO_HASH
    return HashStatus.MATCHES if all(each == computed for each in hashes) else HashStatus.ALTERED
