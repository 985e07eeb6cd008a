"""The license texts that were accepted, and who accepted them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Named, String, Table, Text, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class LicenseTextColumns(TypedColumns):
    """The full text of a license that was accepted at least once."""

    sha256: Named[str] = Column(String(64), primary_key=True)
    text: Named[str] = Column(Text)


LICENSE_TEXT = Table("apisetup_license_text", METADATA, LicenseTextColumns)


class LicenseAcceptanceColumns(TypedColumns):
    """The acceptance of a license text: by whom, and when."""

    number: Named[int] = Column(NUMBER, primary_key=True)
    title: Named[str] = Column(Text)
    sha256: Named[str] = Column(String(64), ForeignKey(LICENSE_TEXT.c.sha256))
    accepted_by: Named[str] = Column(String(255))
    accepted_at: Named[datetime] = Column(DateTime)


LICENSE_ACCEPTANCE = Table("apisetup_license_acceptance", METADATA, LicenseAcceptanceColumns)
