"""The orders in which the key list can be sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from core.opendental.key_status import KeyStatus
from tui.widgets.key_columns import CHANGE, OWNER, REVIEW

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.key_note import KeyNote

_STATUSES = (
    KeyStatus.ENABLED,
    KeyStatus.ENABLED_READ_ONLY,
    KeyStatus.DISABLED_BY_CUSTOMER,
    KeyStatus.DISABLED_BY_DEVELOPER,
    KeyStatus.DISABLED_BY_HQ,
    KeyStatus.UNKNOWN,
)


@dataclass(frozen=True)
class KeyOrder:
    """An order of keys.

    Args:
        column: The index of the column that it sorts by.
        value: Returns what is compared.
        descending: The largest value comes first.
    """

    column: int
    value: Callable[[ApiKey], Any]
    descending: bool = False

    def sorted(self, keys: Iterable[ApiKey]) -> list[ApiKey]:
        """Return the keys in this order; keys with the same value come by developer."""
        by_developer = sorted(keys, key=_developer)
        return sorted(by_developer, key=self.value, reverse=self.descending)


def _developer(key: ApiKey) -> str:
    return key.developer.casefold()


def _status(key: ApiKey) -> int:
    """Return the place of a key's status: those that let a developer in come first."""
    return len(_STATUSES) if key.gone else _STATUSES.index(key.status)


def _added(key: ApiKey) -> tuple[bool, datetime | None]:
    """Return when a key was added; keys of which that isn't known come last."""
    return key.added is not None, key.added


def _agreement(key: ApiKey) -> date:
    """Return the day of the agreement; keys without one come first, because they need attention."""
    return key.fields.agreement_since or date.min


ORDERS = (
    KeyOrder(0, _developer),
    KeyOrder(1, lambda key: key.masked.lstrip("*").casefold()),
    KeyOrder(2, _status),
    KeyOrder(4, _added, descending=True),
    KeyOrder(5, _agreement),
)
"""The orders, by the columns of the key list. The first one is that of a list that was just opened."""
_NEVER = datetime(1, 1, 1)


def orders(
    last_change: Callable[[ApiKey], datetime | None], note_of: Callable[[ApiKey], KeyNote | None]
) -> tuple[KeyOrder, ...]:
    """Return the orders with those by what isn't known of the keys alone, in the order of the columns.

    The newest change comes first, a key without an owner, and the earliest review date.

    Args:
        last_change: Returns the time of a developer's last change; None if there is none, or it isn't known.
        note_of: Returns the notes on a key; None if they aren't known.
    """

    def owner(key: ApiKey) -> str:
        note = note_of(key)
        return note.owner.casefold() if note is not None else ""

    def review(key: ApiKey) -> date:
        note = note_of(key)
        return (note.review_date if note is not None else None) or date.max

    by_change = KeyOrder(CHANGE, lambda key: last_change(key) or _NEVER, descending=True)
    of_notes = (KeyOrder(OWNER, owner), KeyOrder(REVIEW, review))
    return (*ORDERS[:CHANGE], by_change, *ORDERS[CHANGE:], *of_notes)
