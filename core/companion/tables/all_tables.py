"""All tables of the companion, for whoever creates, copies or lists them."""

from __future__ import annotations

from core.companion.tables import (  # noqa: F401 - each adds its tables to METADATA
    fleet,
    headquarters,
    journal,
    licenses,
    migrations,
    questions,
    registry,
    reviews,
    seals,
    sign_in_failures,
    use,
)
from core.companion.tables.metadata import METADATA

COMPANION = METADATA
"""The tables, whose names begin with `apisetup_`.

Every change to one needs a new migration in `core.companion.migrations`.
"""
