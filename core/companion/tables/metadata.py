"""The collection that each table of the companion belongs to, and the type of its numbers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData

METADATA = MetaData()
"""The tables whose modules are imported. `core.companion.tables.all_tables` has all of them."""

NUMBER = Integer().with_variant(BigInteger(), "postgresql")
"""An integer of 64 bits, which SQLite's are anyway. PyMySQL sends numbers without a type."""
