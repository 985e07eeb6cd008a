"""Headquarters' last list in the companion, without the keys in clear text, and the office's own data about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from core.base.errors import Conflict, EditConflict
from core.companion.store import Companion
from core.companion.tables.headquarters import HEADQUARTERS_ANSWER, HEADQUARTERS_KEY
from core.companion.tables.questions import QUESTION
from core.headquarters.responses import HeadquartersKey
from core.licenses.acceptances import accepted_licenses
from core.model.api_key import AcceptedLicense, ApiKey, KeyFields
from core.model.key_text import BLANK_KEY, fingerprint, masks
from core.opendental.key_status import KeyStatus

_ONE = 1


@dataclass(frozen=True)
class CachedList:
    """The last list that headquarters answered."""

    asked_at: datetime
    """The time by the practice's clock."""
    question: int
    """The number of the request that it answers."""
    keys: tuple[ApiKey, ...]


@dataclass(frozen=True)
class LocalKeyData:
    """Data about a key of headquarters that only this office has."""

    added: datetime | None = None
    agreement_since: date | None = None
    license_number: int | None = None


class HeadquartersCache:
    """Caches the last list, and keeps the office's own data.

    Args:
        companion: Where they are kept.
    """

    def __init__(self, companion: Companion) -> None:
        self._companion = companion

    def read(self) -> CachedList | None:
        """Return the last list with the office's own data; None if headquarters never answered here."""
        with self._companion.read() as connection:
            row = connection.execute(
                select(HEADQUARTERS_ANSWER).where(HEADQUARTERS_ANSWER.c.number == _ONE)
            ).one_or_none()
            if row is None:
                return None
            keys = tuple(_key(each) for each in row.listed_keys)
            return CachedList(row.asked_at, row.question, _complete_all(connection, keys))

    def next_question(self) -> int:
        """Return the number of a new request, larger than all before it by any program that shares the companion."""
        with self._companion.write() as connection:
            connection.execute(update(QUESTION).values(number=QUESTION.c.number + 1))
            return connection.scalars(select(QUESTION.c.number)).one()

    def completed(self, keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        """Return keys of headquarters completed by the office's own data."""
        with self._companion.read() as connection:
            return _complete_all(connection, keys)

    def replace(self, new: CachedList) -> bool:
        """Cache another list instead of the last one; False if that one answers a later request."""
        with self._companion.write() as connection:
            older = HEADQUARTERS_ANSWER.c.number == _ONE, HEADQUARTERS_ANSWER.c.question <= new.question
            connection.execute(delete(HEADQUARTERS_ANSWER).where(*older))
            if (
                connection.scalar(select(HEADQUARTERS_ANSWER.c.number).where(HEADQUARTERS_ANSWER.c.number == _ONE))
                is not None
            ):
                return False
            values = {"asked_at": new.asked_at, "question": new.question, "listed_keys": [*map(_as_json, new.keys)]}
            connection.execute(insert(HEADQUARTERS_ANSWER).values(number=_ONE, **values))
            return True

    def record_added(self, identity: str, data: LocalKeyData) -> None:
        """Keep the office's own data about a key that was added from here."""
        with self._companion.write() as connection:
            _put(connection, identity, data)

    def set_agreement(self, key: ApiKey, since: date | None) -> None:
        """Set the day on which a key's agreement came into force, if it still is the day that was shown.

        Raises:
            EditConflict: It's another day by now.
        """
        with self._companion.write() as connection:
            data = _local_data(connection).get(key.fingerprint, LocalKeyData())
            shown = key.fields.agreement_since
            if data.agreement_since not in (shown, since):
                words = [str(each or "none") for each in (shown, data.agreement_since, since)]
                raise EditConflict((Conflict("Business Associate Agreement", *words),))
            _put(connection, key.fingerprint, replace(data, agreement_since=since))


def listed(keys: Iterable[HeadquartersKey]) -> tuple[ApiKey, ...]:
    """Return keys as headquarters lists them, by developer, without their clear text."""
    known = {fingerprint(each.key.reveal()): each for each in keys}
    masked = masks(each.key.reveal() for each in known.values())
    found = (
        ApiKey(
            fingerprint=identity,
            masked=masked[identity] or BLANK_KEY,
            developer=each.developer,
            status=each.status,
            fields=KeyFields(each.email, each.phone, each.permissions),
            date_disabled=each.date_disabled,
            added=None,
            license=None,
            known=True,
            unusable=each.unusable,
            developer_number=each.developer_number,
        )
        for identity, each in known.items()
    )
    return tuple(sorted(found, key=lambda key: (key.developer.casefold(), key.fingerprint)))


def _put(connection: Connection, identity: str, data: LocalKeyData) -> None:
    connection.execute(delete(HEADQUARTERS_KEY).where(HEADQUARTERS_KEY.c.fingerprint == identity))
    connection.execute(
        insert(HEADQUARTERS_KEY).values(
            fingerprint=identity,
            added=data.added,
            agreement_since=data.agreement_since,
            license_number=data.license_number,
        )
    )


def _local_data(connection: Connection) -> dict[str, LocalKeyData]:
    return {
        row.fingerprint: LocalKeyData(row.added, row.agreement_since, row.license_number)
        for row in connection.execute(select(HEADQUARTERS_KEY))
    }


def _complete_all(connection: Connection, keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
    data, licenses = _local_data(connection), accepted_licenses(connection)
    return tuple(_complete(key, data, licenses) for key in keys)


def _complete(key: ApiKey, data: dict[str, LocalKeyData], licenses: dict[int, AcceptedLicense]) -> ApiKey:
    own = data.get(key.fingerprint)
    if own is None:
        return key
    accepted = licenses.get(own.license_number) if own.license_number is not None else None
    fields = replace(key.fields, agreement_since=own.agreement_since)
    return replace(key, fields=fields, added=own.added, license=accepted)


def _as_json(key: ApiKey) -> dict[str, Any]:
    return {
        "fingerprint": key.fingerprint,
        "masked": key.masked,
        "developer": key.developer,
        "status": int(key.status),
        "date_disabled": key.date_disabled.isoformat() if key.date_disabled else None,
        "email": key.fields.email,
        "phone": key.fields.phone,
        "permissions": list(key.fields.permissions),
        "unusable": key.unusable,
        "developer_number": key.developer_number,
    }


def _key(kept: dict[str, Any]) -> ApiKey:
    disabled = kept["date_disabled"]
    return ApiKey(
        fingerprint=kept["fingerprint"],
        masked=kept["masked"],
        developer=kept["developer"],
        status=KeyStatus(kept["status"]),
        fields=KeyFields(kept["email"], kept["phone"], tuple(kept["permissions"])),
        date_disabled=datetime.fromisoformat(disabled) if disabled else None,
        added=None,
        license=None,
        known=True,
        # Lists that earlier versions cached lack these fields.
        unusable=kept.get("unusable", ""),
        developer_number=kept.get("developer_number", 0),
    )
