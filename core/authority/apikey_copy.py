"""The practice's own table of keys, which is a copy of what an authority said."""

from __future__ import annotations

from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.change import Change
from core.fitting import fit_characters
from core.opendental.tables import ApiKeyRow
from core.practice import Practice


def copied_keys(practice: Practice) -> dict[str, str]:
    """The keys of `apikey` and the developers' names; empty where this version of Open Dental has no such table."""
    if ApiKeyRow.__tablename__ not in practice.shape.tables:
        return {}
    with practice.read() as session:
        return _keys(session)


def add_to_copy(practice: Practice, change: Change, keys: dict[str, str]) -> None:
    """Put keys that are missing there into the copy; the others stay as they are."""
    if ApiKeyRow.__tablename__ not in practice.shape.tables:
        return
    there = _keys(change.session)
    for key, developer in keys.items():
        if key not in there:
            name = fit_characters(developer, 255, practice.shape.log_text.character_set)
            change.attempt(
                partial(change.insert, ApiKeyRow.api_key_num, cust_api_key=key, dev_name=name),
                partial(_remove, key=key),
            )


def _keys(session: Session) -> dict[str, str]:
    query = select(ApiKeyRow.cust_api_key, ApiKeyRow.dev_name).order_by(ApiKeyRow.api_key_num)
    return dict(session.execute(query).all())


def _remove(session: Session, *, key: str) -> None:
    # The server may compare without regard to case; only the row that is the same to the letter is meant.
    query = select(ApiKeyRow.api_key_num, ApiKeyRow.cust_api_key).where(ApiKeyRow.cust_api_key == key)
    numbers = [number for number, text in session.execute(query).all() if text == key]
    session.execute(delete(ApiKeyRow).where(ApiKeyRow.api_key_num.in_(numbers)))
