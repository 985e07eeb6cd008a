"""The agreements that were accepted for keys, as the companion has them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companion.tables import LicenseAcceptance
from core.model.api_key import AcceptedLicense


def accepted_licenses(session: Session) -> dict[int, AcceptedLicense]:
    """Which agreement was accepted, by whom and when, by the number of its acceptance."""
    return {
        row.number: AcceptedLicense(row.title, row.sha256, row.accepted_by, row.accepted_at)
        for row in session.scalars(select(LicenseAcceptance))
    }
