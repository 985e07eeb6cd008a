"""The service for the Audit Trail: its latest entries, each checked against its hash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.api_key import fingerprint_tag, mask
from core.audit_entry import AuditEntry, Genuineness
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.log_source import log_source_name
from core.opendental.permission_types import Permission, permission_name
from core.opendental.tables import Preference, SecurityLog, SecurityLogHash, UserOd
from core.practice import Practice

_DEFAULT_LIMIT = 500
_LARGEST_LIMIT = 5_000
_SHORTEST_KEY_TO_FIND = 8
# The vendor's own entry names the whole key.
_NAMED_KEY = re.compile(r"\b(New API key )([^\s*]+)(?= added by )")

_COLUMNS = (
    SecurityLog.security_log_num,
    SecurityLog.perm_type,
    SecurityLog.user_num,
    SecurityLog.log_date_time,
    SecurityLog.log_text,
    SecurityLog.pat_num,
    SecurityLog.comp_name,
    SecurityLog.log_source,
    SecurityLog.date_t_previous,
)


class AuditService:
    """Reads the Audit Trail.

    Args:
        practice: The open practice.
        known_keys: The clear text of the keys that are to be masked wherever an entry names them.
    """

    def __init__(self, practice: Practice, known_keys: Callable[[], Iterable[str]]) -> None:
        self._practice = practice
        self._known_keys = known_keys

    def latest(self) -> tuple[AuditEntry, ...]:
        """The latest entries, newest first; as many as the practice's preference for its own window says."""
        keys = self._keys_to_mask()
        with self._practice.read() as session:
            limit = _limit(session)
            newest = select(*_COLUMNS).order_by(SecurityLog.log_date_time.desc())
            # The index has the time only. So the time of the last entry wanted is found first, and the entries of one
            # second are put in order among the few that remain, not in the whole table.
            oldest = session.scalar(
                select(SecurityLog.log_date_time).order_by(SecurityLog.log_date_time.desc()).offset(limit - 1).limit(1)
            )
            if oldest is not None and oldest != NO_DATE:
                newest = newest.where(SecurityLog.log_date_time >= oldest)
            rows = session.execute(newest.order_by(SecurityLog.security_log_num.desc()).limit(limit)).all()
            return self._entries(session, rows, keys)

    def of_key(self, fingerprint: str, key: str) -> tuple[AuditEntry, ...]:
        """The entries that name a key, newest first, by its short fingerprint or - the vendor's own - by its text."""
        named = [SecurityLog.log_text.contains(f"{fingerprint_tag(fingerprint)} ", autoescape=True)]
        if len(key) >= _SHORTEST_KEY_TO_FIND:
            named.append(SecurityLog.log_text.contains(key, autoescape=True))
        query = (
            select(*_COLUMNS)
            .where(SecurityLog.perm_type == int(Permission.SETUP), or_(*named))
            .order_by(SecurityLog.log_date_time.desc(), SecurityLog.security_log_num.desc())
            .limit(_DEFAULT_LIMIT)
        )
        keys = self._keys_to_mask()
        with self._practice.read() as session:
            return self._entries(session, session.execute(query).all(), keys)

    def _keys_to_mask(self) -> list[str]:
        """The known keys, longest first: a key may begin another one, which must not be left half masked.

        They are read before the entries: on SQLite a reading inside another would wait for a writer who waits for it.
        """
        keys = [key for key in self._known_keys() if len(key) >= _SHORTEST_KEY_TO_FIND]
        return sorted(keys, key=len, reverse=True)

    def _entries(self, session: Session, rows: Sequence[Any], keys: list[str]) -> tuple[AuditEntry, ...]:
        hashes = _hashes(session, [row[0] for row in rows])
        users = _user_names(session, {row[2] for row in rows})
        return tuple(_entry(row, hashes.get(row[0], []), users, keys) for row in rows)


def _limit(session: Session) -> int:
    """Preference `AuditTrailEntriesDisplayed`, kept within reason."""
    query = select(Preference.value_string).where(Preference.pref_name == "AuditTrailEntriesDisplayed")
    text = (session.scalar(query.limit(1)) or "").strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        return _DEFAULT_LIMIT
    return min(int(text), _LARGEST_LIMIT)


def _hashes(session: Session, numbers: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(SecurityLogHash.security_log_num, SecurityLogHash.log_hash)
    for number, text in session.execute(query.where(SecurityLogHash.security_log_num.in_(numbers))).all():
        found.setdefault(number, []).append(text)
    return found


def _user_names(session: Session, numbers: set[int]) -> dict[int, str]:
    query = select(UserOd.user_num, UserOd.user_name).where(UserOd.user_num.in_(numbers))
    return {number: name or "" for number, name in session.execute(query).all()}


def _entry(row: Any, hashes: list[str], users: dict[int, str], keys: list[str]) -> AuditEntry:
    number, perm_type, user_num, moment, text, patient, computer, source, previous = row
    stored = text or ""
    expected = log_hash(perm_type, user_num, moment, stored, patient, previous)
    shown = _with_keys_masked(stored, keys)
    return AuditEntry(
        number=number,
        moment=_dated(moment),
        permission_number=perm_type,
        permission=permission_name(perm_type),
        user_num=user_num,
        user=_user(user_num, users),
        computer=computer or "",
        text=shown,
        text_masked=shown != stored,
        source=log_source_name(source),
        patient=patient,
        last_edit=_dated(previous),
        genuineness=_genuineness(expected, hashes),
    )


def _genuineness(expected: str, hashes: list[str]) -> Genuineness:
    """Where a row has several hashes, one that does not match is enough for doubt."""
    if not hashes:
        return Genuineness.NO_HASH
    return Genuineness.GENUINE if set(hashes) == {expected} else Genuineness.ALTERED


def _user(number: int, names: dict[int, str]) -> str:
    if number == 0:
        return ""
    return names.get(number, f"Unknown({number})")


def _dated(moment: datetime) -> datetime | None:
    return None if moment == NO_DATE else moment


def _with_keys_masked(text: str, keys: list[str]) -> str:
    for key in keys:
        text = text.replace(key, mask(key))
    return _NAMED_KEY.sub(lambda match: f"{match[1]}{mask(match[2])}", text)
