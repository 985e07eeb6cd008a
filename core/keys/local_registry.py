"""The local registry: an authority that keeps statuses, permissions and contacts in the companion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Row, Update, delete, insert, select, update

from core.base.errors import Conflict, EditConflict, EncryptionKeyUnavailable, InvalidInput
from core.base.secret import Secret
from core.companion.tables.registry import REGISTRY_KEY
from core.keys.authority import AuthorityChange, KeyAuthority, read_after_change
from core.keys.practice_copy import (
    CopiedKey,
    add_to_copy,
    compare_copy,
    copied_key,
    copied_keys,
    exclusive_copy,
    has_copy,
    read_copy,
    remove_from_copy,
    replace_copy,
)
from core.licenses.acceptances import accepted_licenses
from core.model.api_key import (
    GONE,
    THE_KEY,
    AcceptedLicense,
    ApiKey,
    AuthorityInfo,
    KeyFields,
    KeyList,
    NewKey,
    format_fields,
)
from core.model.authority_name import AuthorityName
from core.model.key_text import distinct_masks, fingerprint, mask
from core.opendental.key_status import KeyStatus

if TYPE_CHECKING:
    from core.companion.store import Companion
    from core.model.actor import Actor
    from core.model.agreement import Acceptance
    from core.model.key_events import KeyFieldChanged, KeyPermissionsChanged, KeyRemoved, KeyStatusChanged
    from core.model.logged_event import AuditEvent
    from core.practice.practice import Practice
    from core.practice.unit_of_work import UnitOfWork

_EMBEDDED = "This computer's own registry manages the keys. Open Dental's headquarters isn't informed."
_ON_SERVER = (
    "The local registry on this computer manages the keys (--authority local). Open Dental's headquarters isn't"
    " informed: its own list and what its services accept stay as they are."
)

_SEALED = select(REGISTRY_KEY.c.fingerprint, REGISTRY_KEY.c.developer, REGISTRY_KEY.c.key_id, REGISTRY_KEY.c.sealed)
_Row: TypeAlias = Row[*tuple[Any, ...]]
_REMOVED = "Cut off: requests with the removed key, wherever this registry is consulted."


class LocalRegistry(KeyAuthority):
    """Keeps keys in the companion database and a copy of them in the practice's `apikey`."""

    def __init__(self, practice: Practice, companion: Companion) -> None:
        self._practice = practice
        self._companion = companion

    @property
    def info(self) -> AuthorityInfo:
        """The local registry as the authority."""
        return AuthorityInfo(
            name=AuthorityName.LOCAL,
            label="local registry",
            explanation=_EMBEDDED if self._companion.shared else _ON_SERVER,
            unknown_key_reason="This key is only in the practice's copy of keys, not in the local registry."
            " Adopt it to manage it here.",
        )

    def all_keys(self) -> KeyList:
        """Return the registry's keys and those that only the practice's copy has, by developer."""
        with self._companion.read() as connection:
            rows = connection.execute(select(REGISTRY_KEY)).all()
            licenses = accepted_licenses(connection)
        copy = read_copy(self._practice)
        copied = {fingerprint(row.key): row for row in copy}
        registered = {row.fingerprint for row in rows}
        # The texts aren't decrypted for this: the registry has the masks.
        plain = {identity: mask(row.key) for identity, row in copied.items()}
        masked = distinct_masks({**plain, **{row.fingerprint: row.masked for row in rows}})
        keys = [_api_key(row, masked[row.fingerprint], licenses) for row in rows]
        keys += [
            copied_key(row.key, row.developer, masked[identity])
            for identity, row in copied.items()
            if identity not in registered
        ]
        ordered = tuple(sorted(keys, key=lambda key: (key.developer.casefold(), key.fingerprint)))
        unreadable = self._companion.vault.note([row.key_id for row in rows])
        notes = self._copy_notes(copy, {row.fingerprint: row.developer for row in rows})
        return KeyList(ordered, self.info, notes=(*notes, *filter(None, [unreadable])))

    def clear_text(self, fingerprint_: str) -> Secret | None:
        """Return a key from the registry, or else from the practice's copy.

        Raises:
            EncryptionKeyUnavailable: The registry has it, but it can't be decrypted, and the copy doesn't have it.
        """
        with self._companion.read() as connection:
            row = connection.execute(_SEALED.where(REGISTRY_KEY.c.fingerprint == fingerprint_)).one_or_none()
        if row is not None:
            try:
                return Secret(self._companion.vault.open(row))
            except EncryptionKeyUnavailable:
                copied = self._from_copy(fingerprint_)
                if copied is None:
                    raise
                return copied
        return self._from_copy(fingerprint_)

    def clear_texts(self) -> tuple[str, ...]:
        """Return the keys of the registry and of the practice's copy, apart from those that can't be decrypted."""
        with self._companion.read() as connection:
            rows = connection.execute(_SEALED).all()
        return (*self._companion.vault.texts(rows).values(), *copied_keys(self._practice))

    def require_assignable(self) -> None:
        """Refuse if a new key's text can't be encrypted.

        Raises:
            EncryptionKeyUnavailable: The current encryption key isn't here.
        """
        with self._companion.read() as connection:
            self._companion.vault.require_current(connection)

    def assign(self, actor: Actor, new: NewKey, acceptance: Acceptance) -> AuthorityChange:
        """Add a key to the registry, then to the practice's copy."""
        from core.model.event_values import KeyGrant, KeyLabel
        from core.model.key_events import KeyAdded

        text, identity = new.key.reveal(), fingerprint(new.key.reveal())
        row = REGISTRY_KEY.c.fingerprint == identity
        grant = KeyGrant(new.fields.permissions, new.fields.agreement_since)
        event = KeyAdded(KeyLabel.of_text(text, new.developer), actor.user_name, grant)
        with exclusive_copy(self._practice), self._unit_of_work(actor, event) as work:
            moment = self._practice.now(work.connection)
            with self._companion.within(work) as connection:
                if connection.scalar(select(REGISTRY_KEY.c.fingerprint).where(row)) is not None:
                    raise InvalidInput("key", "This key is already in the list.")
                sealed = self._companion.vault.seal(connection, text, identity)
                self._companion.add_compensation(work, lambda over: over.execute(delete(REGISTRY_KEY).where(row)))
                connection.execute(
                    insert(REGISTRY_KEY).values(
                        fingerprint=identity,
                        masked=mask(text),
                        key_id=sealed.key_id,
                        sealed=sealed.sealed,
                        developer=new.developer,
                        status=int(KeyStatus.ENABLED),
                        date_disabled=None,
                        added=moment,
                        license_number=acceptance.number,
                        **_columns(new.fields),
                    )
                )
            add_to_copy(self._practice, work, {text: new.developer})
        return self._changed(self.info.explanation)

    def set_status(self, actor: Actor, key: ApiKey, event: KeyStatusChanged) -> AuthorityChange:
        """Set the status and the date disabled in the registry."""
        status = event.after
        row = REGISTRY_KEY.c.fingerprint == key.fingerprint
        with self._unit_of_work(actor, event) as work:
            # The time of the entry: asking for it would take three more round trips.
            moment = work.rows[0].moment
            with self._companion.within(work) as connection:
                now = connection.scalar(select(REGISTRY_KEY.c.status).where(row))
                if now != int(key.status):
                    label = _status(now).label if now is not None else GONE
                    raise EditConflict((Conflict("Key Status", key.status.label, label, status.label),))
                before = {"status": int(key.status), "date_disabled": key.date_disabled}
                undo = update(REGISTRY_KEY).where(row, REGISTRY_KEY.c.status == int(status)).values(**before)
                self._companion.add_compensation(work, lambda over: over.execute(undo))
                disabled = None if status.enabled else moment
                change = update(REGISTRY_KEY).where(row).values(status=int(status), date_disabled=disabled)
                connection.execute(change)
        return self._changed()

    can_remove = True

    def remove(self, actor: Actor, key: ApiKey, event: KeyRemoved) -> AuthorityChange:
        """Remove a key from the practice's copy, then from the registry.

        In this order a killed process leaves the key in the registry, which then says that the copy lacks it.
        """
        row = REGISTRY_KEY.c.fingerprint == key.fingerprint
        with exclusive_copy(self._practice), self._unit_of_work(actor, event) as work:
            with self._companion.within(work) as connection:
                found = connection.execute(select(REGISTRY_KEY).where(row)).one_or_none()
                values = _unchanged(key, found)._asdict()
            remove_from_copy(self._practice, work, key.fingerprint)
            work.add_compensation(lambda _connection: self._put_back(values))
            with self._companion.within(work) as connection:
                connection.execute(delete(REGISTRY_KEY).where(row))
        return self._changed(_REMOVED, self.info.explanation)

    def _put_back(self, values: Mapping[str, object]) -> None:
        """Insert a row that was removed, unless it is there."""
        if self._companion.shared:
            return
        with self._companion.write() as connection:
            is_there = REGISTRY_KEY.c.fingerprint == values["fingerprint"]
            if connection.scalar(select(REGISTRY_KEY.c.fingerprint).where(is_there)) is None:
                connection.execute(insert(REGISTRY_KEY).values(**values))

    def set_fields(
        self,
        actor: Actor,
        key: ApiKey,
        fields: KeyFields,
        events: tuple[KeyFieldChanged | KeyPermissionsChanged, ...],
    ) -> AuthorityChange:
        """Set the changed ones of contact, permissions and agreement in the registry; others may have been changed."""
        row = REGISTRY_KEY.c.fingerprint == key.fingerprint
        with self._unit_of_work(actor, *events) as work, self._companion.within(work) as connection:
            found = connection.execute(select(REGISTRY_KEY).where(row)).one_or_none()
            if found is None:
                raise EditConflict((Conflict(THE_KEY, "in the list", GONE, "changed"),))
            conflicts = _conflicts(key.fields, _fields(found), fields)
            if conflicts:
                raise EditConflict(conflicts)
            before, after = _columns(key.fields), _columns(fields)
            changed = {column: after[column] for column in after if after[column] != before[column]}
            for column, value in changed.items():
                # Each field by itself, because another program may have changed one of them since.
                is_ours = REGISTRY_KEY.c[column] == value
                undo = update(REGISTRY_KEY).where(row, is_ours).values({column: before[column]})
                self._companion.add_compensation(work, partial(_execute, undo))
            connection.execute(update(REGISTRY_KEY).where(row).values(changed))
        return self._changed()

    @property
    def can_adopt(self) -> bool:
        """True, since a key that only the copy has can be taken into the registry."""
        return True

    def reconcile_copy(self, actor: Actor) -> AuthorityChange:
        """Make the practice's copy equal to the registry: add missing keys, and remove rows that stand there twice.

        Keys that only the copy has stay, since another program may have put them there; each can be adopted.
        """
        from core.model.key_events import KeyCopyReconciled

        replace_copy(self._practice, actor, self._all_with_copy, KeyCopyReconciled)
        return self._changed()

    def _all_with_copy(self) -> dict[str, str]:
        """Return the developers' names by key, for the keys of the copy and of the registry, which wins."""
        with self._companion.read() as connection:
            rows = connection.execute(_SEALED).all()
        texts = self._companion.vault.texts(rows)
        keys = {texts[row.fingerprint]: row.developer for row in rows if row.fingerprint in texts}
        return {**copied_keys(self._practice), **keys}

    def _from_copy(self, identity: str) -> Secret | None:
        return next((Secret(key) for key in copied_keys(self._practice) if fingerprint(key) == identity), None)

    def _copy_notes(self, copy: Sequence[CopiedKey], keys: Mapping[str, str]) -> tuple[str, ...]:
        """Return a sentence for each way in which the practice's copy differs from the registry."""
        if not has_copy(self._practice):
            return ()
        found = compare_copy(copy, keys)
        notes = []
        if found.missing:
            names = ", ".join(sorted(found.missing.values(), key=str.casefold))
            notes.append(
                f"Missing from the practice's copy of keys: {names}. Open Dental's window may have emptied it."
            )
        if found.duplicates:
            notes.append("The practice's copy of keys has some keys more than once.")
        return tuple(notes)

    def consequences(self, key: ApiKey) -> tuple[str, ...]:
        """Return what a status in the registry means, one sentence each."""
        if key.status.enabled:
            return (f"{key.developer} may use this key again from now on.", self.info.explanation)
        return (
            "Cut off: requests with a disabled key, wherever this registry is consulted.",
            "Not cut off: what the developer has already received, and services that cache the key for some hours.",
            self.info.explanation,
        )

    def _unit_of_work(self, actor: Actor, *events: AuditEvent) -> AbstractContextManager[UnitOfWork]:
        return self._practice.unit_of_work(actor, *events, mode=self._companion.write_mode, once=True)

    def _changed(self, *remarks: str) -> AuthorityChange:
        with read_after_change():
            return AuthorityChange(self.all_keys(), remarks)


def _execute(statement: Update, connection: Connection) -> None:
    connection.execute(statement)


def _columns(fields: KeyFields) -> dict[str, object]:
    return {
        "email": fields.email,
        "phone": fields.phone,
        "permissions": list(fields.permissions),
        "agreement_since": fields.agreement_since,
    }


def _fields(row: _Row) -> KeyFields:
    return KeyFields(row.email, row.phone, tuple(row.permissions), row.agreement_since)


def _unchanged(key: ApiKey, found: _Row | None) -> _Row:
    """Return the row of a key that is to be removed, if it is what was shown.

    Raises:
        EditConflict: The key is gone, or has another status or other fields.
    """
    if found is None:
        raise EditConflict((Conflict(THE_KEY, "in the list", GONE, "removed"),))
    now = _status(found.status)
    if now is not key.status:
        raise EditConflict((Conflict("Key Status", key.status.label, now.label, "removed"),))
    was, there = format_fields(key.fields), format_fields(_fields(found))
    conflicts = tuple(Conflict(name, was[name], there[name], "removed") for name in was if was[name] != there[name])
    if conflicts:
        raise EditConflict(conflicts)
    return found


def _conflicts(read: KeyFields, now: KeyFields, wanted: KeyFields) -> tuple[Conflict, ...]:
    """Return the fields that are to be changed and that somebody else changed, each with its three values."""
    was, there, mine = format_fields(read), format_fields(now), format_fields(wanted)
    return tuple(
        Conflict(name, was[name], there[name], mine[name])
        for name in was
        if was[name] != mine[name] and was[name] != there[name]
    )


def _status(number: int) -> KeyStatus:
    """Return a stored status; a number that is no status counts as unknown, as in Open Dental."""
    return KeyStatus(number) if number in set(KeyStatus) else KeyStatus.UNKNOWN


def _api_key(row: _Row, masked: str, licenses: dict[int, AcceptedLicense]) -> ApiKey:
    return ApiKey(
        fingerprint=row.fingerprint,
        masked=masked,
        developer=row.developer,
        status=_status(row.status),
        fields=_fields(row),
        date_disabled=row.date_disabled,
        added=row.added,
        license=licenses.get(row.license_number) if row.license_number is not None else None,
        known=True,
    )
