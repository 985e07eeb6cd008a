"""What the companion remembers of headquarters: its last list, without the keys themselves, and our own facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.base.errors import Conflict, EditConflict
from core.companion.store import Companion
from core.companion.tables import HeadquartersAnswer, HeadquartersKeyRow
from core.headquarters.responses import HeadquartersKey
from core.licenses.acceptances import accepted_licenses
from core.model.api_key import ApiKey, KeyFields, LicenseFacts, fingerprint, masks
from core.opendental.key_status import KeyStatus

_ONE = 1


@dataclass(frozen=True)
class CachedList:
    """The last list that headquarters answered."""

    asked_at: datetime
    """By the practice's clock."""
    keys: tuple[ApiKey, ...]


@dataclass(frozen=True)
class LocalKeyData:
    """What only this office knows of a key of headquarters."""

    added: datetime | None = None
    agreement_since: date | None = None
    license_number: int | None = None


class HeadquartersCache:
    """Keeps the last list, and our own facts.

    Args:
        companion: Where they are kept.
    """

    def __init__(self, companion: Companion) -> None:
        self._companion = companion

    def read(self) -> CachedList | None:
        """The last list with our own facts; None where headquarters never answered here."""
        with self._companion.read() as session:
            row = session.get(HeadquartersAnswer, _ONE)
            if row is None:
                return None
            keys = tuple(_key(each) for each in row.listed_keys)
            return CachedList(row.asked_at, _completed(session, keys))

    def completed(self, keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        """Keys of headquarters with our own facts."""
        with self._companion.read() as session:
            return _completed(session, keys)

    def replace(self, keys: tuple[ApiKey, ...], moment: datetime) -> CachedList:
        """Cache another list instead of the last one, and return it with our own data."""
        values = [_as_json(key) for key in keys]
        with self._companion.write() as session:
            session.execute(delete(HeadquartersAnswer).where(HeadquartersAnswer.number == _ONE))
            session.execute(insert(HeadquartersAnswer).values(number=_ONE, asked_at=moment, listed_keys=values))
            return CachedList(moment, _completed(session, keys))

    def record_added(self, identity: str, facts: LocalKeyData) -> None:
        """Keep what we know of a key that was added from here."""
        with self._companion.write() as session:
            _put(session, identity, facts)

    def set_agreement(self, key: ApiKey, since: date | None) -> None:
        """Set since when an agreement with the developer of a key is in place, if it still is what was shown.

        Raises:
            EditConflict: It is another by now.
        """
        with self._companion.write() as session:
            facts = _facts(session).get(key.fingerprint, LocalKeyData())
            shown = key.fields.agreement_since
            if facts.agreement_since not in (shown, since):
                words = [str(each or "none") for each in (shown, facts.agreement_since, since)]
                raise EditConflict((Conflict("Business Associate Agreement", *words),))
            _put(session, key.fingerprint, replace(facts, agreement_since=since))


def listed(keys: Iterable[HeadquartersKey]) -> tuple[ApiKey, ...]:
    """Keys as headquarters tells of them, by developer, without their text."""
    known = {fingerprint(each.key.reveal()): each for each in keys}
    masked = masks(each.key.reveal() for each in known.values())
    found = (
        ApiKey(
            fingerprint=identity,
            masked=masked[identity],
            developer=each.developer,
            status=each.status,
            fields=KeyFields(each.email, each.phone, each.permissions),
            date_disabled=each.date_disabled,
            added=None,
            license=None,
            known=True,
        )
        for identity, each in known.items()
    )
    return tuple(sorted(found, key=lambda key: (key.developer.casefold(), key.fingerprint)))


def _put(session: Session, identity: str, facts: LocalKeyData) -> None:
    session.execute(delete(HeadquartersKeyRow).where(HeadquartersKeyRow.fingerprint == identity))
    session.execute(
        insert(HeadquartersKeyRow).values(
            fingerprint=identity,
            added=facts.added,
            agreement_since=facts.agreement_since,
            license_number=facts.license_number,
        )
    )


def _facts(session: Session) -> dict[str, LocalKeyData]:
    return {
        row.fingerprint: LocalKeyData(row.added, row.agreement_since, row.license_number)
        for row in session.scalars(select(HeadquartersKeyRow))
    }


def _completed(session: Session, keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
    facts, licenses = _facts(session), accepted_licenses(session)
    return tuple(_with_facts(key, facts, licenses) for key in keys)


def _with_facts(key: ApiKey, facts: dict[str, LocalKeyData], licenses: dict[int, LicenseFacts]) -> ApiKey:
    own = facts.get(key.fingerprint)
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
    )
