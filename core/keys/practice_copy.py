"""The practice's table `apikey`, a copy of the list of an authority."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select

from core.database.column_text import fit_to_length
from core.model.actor import Actor
from core.model.api_key import ApiKey, KeyFields
from core.model.key_text import fingerprint, fingerprint_tag, mask
from core.model.logged_event import AuditEvent
from core.opendental.key_status import KeyStatus
from core.opendental.schema import API_KEY
from core.practice.practice import Practice
from core.practice.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from core.model.event_values import CopyChange, KeyNames

_MAX_NAMED = 20
"""The number of keys that an audit entry about the copy names."""
_BATCH = 500


def has_copy(practice: Practice) -> bool:
    """Return True if this version of Open Dental has the table; it came in 21.4.1."""
    return API_KEY.name in practice.profile.tables


@dataclass(frozen=True)
class CopiedKey:
    """A row of the copy."""

    number: int
    key: str
    developer: str


def read_copy(practice: Practice) -> list[CopiedKey]:
    """Return the rows of the copy; none if this version of Open Dental has no such table."""
    if not has_copy(practice):
        return []
    with practice.read() as connection:
        return _rows(connection)


def copied_keys(practice: Practice) -> dict[str, str]:
    """Return the developers' names by key."""
    return {row.key: row.developer for row in read_copy(practice)}


def copied_key(key: str, developer: str, masked: str) -> ApiKey:
    """Return a key that only the practice's copy has; its status is unknown."""
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


def add_to_copy(practice: Practice, work: UnitOfWork, keys: Mapping[str, str]) -> None:
    """Add keys to the copy that it lacks; rows that it has stay as they are."""
    if not has_copy(practice):
        return
    there = {row.key for row in _rows(work.connection)}
    for key, developer in keys.items():
        if key not in there:
            _insert(work, key, _fitted(practice, developer))


def remove_from_copy(practice: Practice, work: UnitOfWork, identity: str) -> None:
    """Remove all rows of a key, given by its fingerprint, from the copy."""
    if has_copy(practice):
        _delete(work, [row for row in _rows(work.connection) if fingerprint(row.key) == identity])


@dataclass(frozen=True)
class CopyDifferences:
    """The differences between the practice's copy and a list of keys."""

    missing: Mapping[str, str]
    """The developers' names by the keys' fingerprints, for the keys that the copy lacks."""
    duplicates: int
    """The number of rows for keys that the copy has already."""


def compare_copy(copy: Iterable[CopiedKey], keys: Mapping[str, str]) -> CopyDifferences:
    """Compare the copy of a practice that has one with a list of keys; keys that only the copy has don't count.

    Args:
        copy: The rows of the copy.
        keys: The developers' names by the keys' fingerprints.
    """
    rows = [fingerprint(row.key) for row in copy]
    missing = {key: developer for key, developer in keys.items() if key not in rows}
    return CopyDifferences(missing, len(rows) - len(set(rows)))


def exclusive_copy(practice: Practice) -> AbstractContextManager[None]:
    """Let no other program add keys to the copy or renew it during the block."""
    return practice.exclusive("apikey", with_transactions=True)


def replace_copy(
    practice: Practice,
    actor: Actor,
    keys: Mapping[str, str] | Callable[[], Mapping[str, str]],
    event: Callable[[CopyChange], AuditEvent],
    *,
    untouched: Collection[str] = (),
) -> None:
    """Make the copy equal to a list of keys; an audit entry names what was added and removed, if anything was.

    Missing keys are added first and surplus ones removed last. A reader in between, or after a killed process, never
    misses a key that the list has.

    Args:
        practice: The open practice.
        actor: Who asked for the list.
        keys: The developers' names by key, or a function that reads them while no other program changes the copy.
        event: The event of the audit entry.
        untouched: Texts that headquarters lists and that can't be keys. Open Dental's own window copies them, too, so
            their rows stay; they aren't added from here, since the column may not be able to hold them.
    """
    if not has_copy(practice):
        return
    with exclusive_copy(practice):
        _replace(practice, actor, keys if isinstance(keys, Mapping) else keys(), event, untouched)


def _replace(
    practice: Practice,
    actor: Actor,
    keys: Mapping[str, str],
    event: Callable[[CopyChange], AuditEvent],
    untouched: Collection[str],
) -> None:
    with practice.read() as connection:
        rows = [row for row in _rows(connection) if row.key not in untouched]
    wanted = {key: _fitted(practice, developer) for key, developer in keys.items()}
    kept: dict[str, CopiedKey] = {}
    for row in rows:
        if wanted.get(row.key) == row.developer:
            kept.setdefault(row.key, row)
    missing = {key: developer for key, developer in wanted.items() if key not in kept}
    surplus = [row for row in rows if kept.get(row.key) is not row]
    if not missing and not surplus:
        return
    gone = [row.key for row in surplus if row.key not in wanted]
    from core.model.event_values import CopyChange

    with practice.unit_of_work(actor, event(CopyChange(_key_names(missing), _key_names(gone)))) as work:
        for key, developer in missing.items():
            _insert(work, key, developer)
        _delete(work, surplus)


def _rows(connection: Connection) -> list[CopiedKey]:
    query = select(API_KEY.c.api_key_num, API_KEY.c.cust_api_key, API_KEY.c.dev_name).order_by(API_KEY.c.api_key_num)
    return [CopiedKey(*row) for row in connection.execute(query).all()]


def _fitted(practice: Practice, developer: str) -> str:
    return fit_to_length(developer, 255, practice.profile.log_text.character_set)


def _insert(work: UnitOfWork, key: str, developer: str) -> None:
    work.run_compensated(
        partial(work.insert, API_KEY.c.api_key_num, cust_api_key=key, dev_name=developer),
        partial(_remove, key=key, developer=developer),
    )


def _remove(connection: Connection, *, key: str, developer: str) -> None:
    # The server may compare without regard to case; only the row that is the same to the letter is meant.
    query = select(API_KEY.c.api_key_num, API_KEY.c.cust_api_key, API_KEY.c.dev_name)
    found = connection.execute(query.where(API_KEY.c.cust_api_key == key)).all()
    numbers = [number for number, text, name in found if (text, name) == (key, developer)]
    connection.execute(delete(API_KEY).where(API_KEY.c.api_key_num.in_(numbers)))


def _delete(work: UnitOfWork, rows: list[CopiedKey]) -> None:
    for begin in range(0, len(rows), _BATCH):
        some = rows[begin : begin + _BATCH]
        statement = delete(API_KEY).where(API_KEY.c.api_key_num.in_([row.number for row in some]))
        work.run_compensated(partial(work.connection.execute, statement), partial(_put_back, rows=some))


def _put_back(connection: Connection, *, rows: list[CopiedKey]) -> None:
    numbers = select(API_KEY.c.api_key_num).where(API_KEY.c.api_key_num.in_([row.number for row in rows]))
    there = set(connection.scalars(numbers))
    missing = [
        {"api_key_num": row.number, "cust_api_key": row.key, "dev_name": row.developer}
        for row in rows
        if row.number not in there
    ]
    if missing:
        connection.execute(insert(API_KEY), missing)


def _key_names(keys: Iterable[str]) -> KeyNames:
    from core.model.event_values import KeyName, KeyNames

    names = [KeyName(mask(key), fingerprint_tag(fingerprint(key))) for key in keys]
    return KeyNames(tuple(names[:_MAX_NAMED]), max(0, len(names) - _MAX_NAMED))
