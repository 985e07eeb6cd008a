"""The differences between the other offices of the demo and the first one."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from core.companion.tables.registry import REGISTRY_KEY
from core.opendental.schema import API_KEY, PROGRAM

if TYPE_CHECKING:
    from core.companion.store import Companion

_RENAMED = ("ClearPay", "Clear Pay, Inc.")
_MISSING = 4
"""The number of developers that an office doesn't have."""


def vary_demo(companion: Companion, name: str) -> None:
    """Give a demo practice fewer keys, and something that a list of offices can show.

    Args:
        companion: The companion, which is the practice's file, too.
        name: The name of the office.
    """
    random = Random(name)  # noqa: S311 - it picks what the demo shows
    before, after = _RENAMED
    with companion.write() as connection:
        developers = connection.scalars(select(REGISTRY_KEY.c.developer).distinct().order_by(REGISTRY_KEY.c.developer))
        missing = random.sample([each for each in developers if each != before], _MISSING)
        connection.execute(delete(REGISTRY_KEY).where(REGISTRY_KEY.c.developer.in_(missing)))
        connection.execute(delete(API_KEY).where(API_KEY.c.dev_name.in_(missing)))
        if random.random() < 0.4:
            connection.execute(update(REGISTRY_KEY).where(REGISTRY_KEY.c.developer == before).values(developer=after))
            connection.execute(update(API_KEY).where(API_KEY.c.dev_name == before).values(dev_name=after))
        if random.random() < 0.3:
            connection.execute(update(PROGRAM).where(PROGRAM.c.prog_name == "FHIR").values(enabled=0))
