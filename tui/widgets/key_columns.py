"""The columns of the list of keys."""

from __future__ import annotations

from dataclasses import replace

from tui.widgets.rows import Column

_KEY = Column("Key", 5, min_width=5, tone="dim")
_KEY_WITH_FINGERPRINT = Column("Key", 13, min_width=7, tone="dim")
_CHANGE = Column("Change", 7, min_width=7, right=True)
_CHANGE_BESIDE_FINGERPRINTS = replace(_CHANGE, from_width=60)
"""In a narrow list, telling keys apart is more important."""
COLUMNS = (
    Column("Developer", 20, min_width=10, max_width=32),
    _KEY,
    Column("Status", 13, min_width=13),
    _CHANGE,
    Column("Added", 10, min_width=10, from_width=96),
    Column("BAA since", 10, min_width=10, from_width=60),
    Column("Owner", 10, min_width=9, max_width=16, from_width=82),
    Column("Review", 10, min_width=10, from_width=82),
    Column("E-mail", 16, min_width=16, max_width=34, from_width=116),
)
_WITH_FINGERPRINT = {_KEY: _KEY_WITH_FINGERPRINT, _CHANGE: _CHANGE_BESIDE_FINGERPRINTS}
COLUMNS_WITH_FINGERPRINT = tuple(_WITH_FINGERPRINT.get(column, column) for column in COLUMNS)
STATUS, CHANGE, AGREEMENT, OWNER, REVIEW = 2, 3, 5, 6, 7
"""The places of columns."""
