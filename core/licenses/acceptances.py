"""The acceptances of license agreements that the companion stores."""

from __future__ import annotations

from sqlalchemy import Connection, select

from core.companion.tables.licenses import LICENSE_ACCEPTANCE
from core.model.api_key import AcceptedLicense


def accepted_licenses(connection: Connection) -> dict[int, AcceptedLicense]:
    """Return the acceptances by their number: the agreement, who accepted it, and when."""
    return {
        row.number: AcceptedLicense(row.title, row.sha256, row.accepted_by, row.accepted_at)
        for row in connection.execute(select(LICENSE_ACCEPTANCE))
    }
