"""The local registry of keys, and its encryption."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Column, Date, DateTime, ForeignKey, Named, String, Table, Text, TypedColumns

from core.companion.tables.licenses import LICENSE_ACCEPTANCE
from core.companion.tables.metadata import METADATA, NUMBER


class EncryptionColumns(TypedColumns):
    """The current encryption key of the local registry's keys. The table has at most one row, with number 1.

    Attributes:
        key_id: The ID of the key, which doesn't reveal it.
        since: The time since which it is the current one.
    """

    number: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    key_id: Named[str] = Column(String(16))
    since: Named[datetime] = Column(DateTime)


ENCRYPTION = Table("apisetup_encryption", METADATA, EncryptionColumns)


class RegistryKeyColumns(TypedColumns):
    """A key of the local registry. Times are read from the practice's clock.

    Attributes:
        fingerprint: The SHA-256 of the key's text.
        masked: The text with all but its last four characters hidden.
        key_id: The ID of the encryption key that the text needs.
        sealed: The text, encrypted by `core.companion.encryption` and bound to the fingerprint.
    """

    fingerprint: Named[str] = Column(String(64), primary_key=True)
    masked: Named[str] = Column(String(16))
    key_id: Named[str] = Column(String(16))
    sealed: Named[str] = Column(Text)
    developer: Named[str] = Column(String(255))
    email: Named[str] = Column(Text)
    phone: Named[str] = Column(Text)
    permissions: Named[list[str]] = Column(JSON)
    status: Named[int] = Column(NUMBER)
    date_disabled: Named[datetime | None] = Column(DateTime)
    agreement_since: Named[date | None] = Column(Date)
    added: Named[datetime] = Column(DateTime)
    license_number: Named[int | None] = Column(NUMBER, ForeignKey(LICENSE_ACCEPTANCE.c.number))


REGISTRY_KEY = Table("apisetup_key", METADATA, RegistryKeyColumns)
