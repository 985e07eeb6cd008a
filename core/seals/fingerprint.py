"""The fingerprint of a practice, by which a seal of another practice is recognized."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, func, select

from core.companion.tables.migrations import MIGRATION
from core.opendental.schema import PREFERENCE
from core.practice.practice import Practice


def practice_fingerprint(practice: Practice, connection: Connection) -> str:
    """Return the SHA-256 of what identifies a practice, in hexadecimal.

    That is the registration key, which stays the same when the database moves to another server. A practice without
    one is identified by its server and database, or, if it is a file, by the time when apisetup first opened it.
    """
    query = select(PREFERENCE.c.value_string).where(PREFERENCE.c.pref_name == "RegistrationKey")
    key = (connection.scalar(query) or "").strip()
    identity = f"registration key {key}"
    if not key and practice.engine.dialect.name == "sqlite":
        identity = f"file of {connection.scalar(select(func.min(MIGRATION.c.applied_at)))}"
    elif not key:
        identity = f"database {practice.database_identity}"
    return hashlib.sha256(f"apisetup practice\n{identity}".encode()).hexdigest()
