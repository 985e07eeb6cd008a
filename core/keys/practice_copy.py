"""The practice's own table of keys, which is a copy of what an authority said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.database.column_text import fit_to_length
from core.model.actor import Actor
from core.model.api_key import ApiKey, KeyFields, audit_mask, fingerprint, mask
from core.opendental.key_status import KeyStatus
from core.opendental.permission_types import Permission
from core.opendental.schema import ApiKeyRow
from core.practice.practice import Practice
from core.practice.unit_of_work import Change

_NAMED = 20
"""How many keys an audit entry about the copy names."""
_AT_ONCE = 500


def has_copy(practice: Practice) -> bool:
    """Whether this version of Open Dental keeps a copy."""
    return ApiKeyRow.__tablename__ in practice.profile.tables


def copied_keys(practice: Practice) -> dict[str, str]:
    """The keys of `apikey` and the developers' names; empty where this version of Open Dental has no such table."""
    if not has_copy(practice):
        return {}
    with practice.read() as session:
        return {row.key: row.developer for row in _rows(session)}


def copied_key(key: str, developer: str, masked: str) -> ApiKey:
    """A key of which only the practice's copy tells."""
    return ApiKey(
        fingerprint=fingerprint(key),
        masked=masked,
        developer=developer,
        status=KeyStatus.UNKNOWN,
        fields=KeyFields(),
        date_disabled=None,
        added=None,
        license=None,
        known=False,
    )


def add_to_copy(practice: Practice, change: Change, keys: Mapping[str, str]) -> None:
    """Put keys that are missing there into the copy; the others stay as they are."""
    if not has_copy(practice):
        return
    there = {row.key for row in _rows(change.session)}
    for key, developer in keys.items():
        if key not in there:
            _insert(change, key, _fitted(practice, developer))


def replace_copy(practice: Practice, actor: Actor, keys: Mapping[str, str]) -> None:
    """Make the copy equal to a list of keys; an entry says what was added and removed, if anything was.

    What is missing is added first and what is too much removed last, so that whoever reads in between, or finds what a
    killed process left, never misses a key that the list has.

    Args:
        practice: The open practice.
        actor: Who asked for the list.
        keys: The keys with the developers' names.
    """
    if not has_copy(practice):
        return
    with practice.read() as session:
        rows = _rows(session)
    wanted = {key: _fitted(practice, developer) for key, developer in keys.items()}
    kept: dict[str, _Row] = {}
    for row in rows:
        if wanted.get(row.key) == row.developer:
            kept.setdefault(row.key, row)
    missing = {key: developer for key, developer in wanted.items() if key not in kept}
    surplus = [row for row in rows if kept.get(row.key) is not row]
    if not missing and not surplus:
        return
    entry = f"API keys: copy made equal to headquarters' list: {_worded(missing, [row.key for row in surplus])}"
    with practice.change(actor, Permission.SETUP, entry) as change:
        for key, developer in missing.items():
            _insert(change, key, developer)
        _delete(change, surplus)


@dataclass(frozen=True)
class _Row:
    number: int
    key: str
    developer: str


def _rows(session: Session) -> list[_Row]:
    query = select(ApiKeyRow.api_key_num, ApiKeyRow.cust_api_key, ApiKeyRow.dev_name).order_by(ApiKeyRow.api_key_num)
    return [_Row(*row) for row in session.execute(query).all()]


def _fitted(practice: Practice, developer: str) -> str:
    return fit_to_length(developer, 255, practice.profile.log_text.character_set)


def _insert(change: Change, key: str, developer: str) -> None:
    change.run_compensated(
        partial(change.insert, ApiKeyRow.api_key_num, cust_api_key=key, dev_name=developer),
        partial(_remove, key=key, developer=developer),
    )


def _remove(session: Session, *, key: str, developer: str) -> None:
    # The server may compare without regard to case; only the row that is the same to the letter is meant.
    query = select(ApiKeyRow.api_key_num, ApiKeyRow.cust_api_key, ApiKeyRow.dev_name)
    found = session.execute(query.where(ApiKeyRow.cust_api_key == key)).all()
    numbers = [number for number, text, name in found if (text, name) == (key, developer)]
    session.execute(delete(ApiKeyRow).where(ApiKeyRow.api_key_num.in_(numbers)))


def _delete(change: Change, rows: list[_Row]) -> None:
    for begin in range(0, len(rows), _AT_ONCE):
        some = rows[begin : begin + _AT_ONCE]
        statement = delete(ApiKeyRow).where(ApiKeyRow.api_key_num.in_([row.number for row in some]))
        change.run_compensated(partial(change.session.execute, statement), partial(_put_back, rows=some))


def _put_back(session: Session, *, rows: list[_Row]) -> None:
    numbers = select(ApiKeyRow.api_key_num).where(ApiKeyRow.api_key_num.in_([row.number for row in rows]))
    there = set(session.scalars(numbers))
    session.add_all(
        ApiKeyRow(api_key_num=row.number, cust_api_key=row.key, dev_name=row.developer)
        for row in rows
        if row.number not in there
    )
    session.flush()


def _worded(missing: Mapping[str, str], removed: Iterable[str]) -> str:
    phrases = []
    if missing:
        phrases.append(f"added {_named(missing)}")
    if gone := [key for key in removed if key not in missing]:
        phrases.append(f"removed {_named(gone)}")
    return "; ".join(phrases) or "rows that stood there twice removed"


def _named(keys: Iterable[str]) -> str:
    names = [audit_mask(mask(key), fingerprint(key)) for key in keys]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
