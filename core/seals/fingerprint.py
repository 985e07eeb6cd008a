"""The fingerprint of a practice, by which a seal of another practice is recognized."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select

from core.opendental.schema import PREFERENCE
from core.practice.practice import Practice


def practice_fingerprint(practice: Practice, connection: Connection) -> str:
    """Return the SHA-256 of what identifies a practice, in hexadecimal.

    That is the registration key, which stays the same when the database moves to another server. A practice without
    one is identified by its server and database.
    """
    query = select(PREFERENCE.c.value_string).where(PREFERENCE.c.pref_name == "RegistrationKey")
    key = (connection.scalar(query) or "").strip()
    identity = f"registration key {key}" if key else f"database {practice.database_identity}"
    return hashlib.sha256(f"apisetup practice\n{identity}".encode()).hexdigest()
